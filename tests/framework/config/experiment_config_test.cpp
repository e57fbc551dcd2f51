#include "framework/config/experiment_config.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/config/yaml_reader.hpp"
#include "tests/framework/config/message_of.hpp"
#include "tests/framework/config/temporary_folder.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kModel =
    "{name: m, input: {shape: [1, 28, 28]}, layers: [{name: f1, type: dense, units: 10}]}";

// The least that an experiment must say, line by line; a line may be replaced or left out.
struct Lines {
  std::string version = "schema_version: 1\n";                 // line 1
  std::string model = "model: " + std::string(kModel) + "\n";  // line 2
  std::string data = "data: {dataset: mnist}\n";               // line 3
  std::string train = "train: {epochs: 2, batch_size: 64}\n";  // line 4
  std::string optimizer = "optimizer: {type: sgd}\n";          // line 5
  std::string rate = "learning_rate: 0.1\n";                   // line 6
  std::string rest{};                                          // line 7

  std::string text() const { return version + model + data + train + optimizer + rate + rest; }
};

ExperimentConfig parse(const Lines& lines) {
  return parse_experiment(read_yaml_text(lines.text(), "e.yaml"), "/folder/e.yaml");
}

std::string refusal(const Lines& lines) {
  return message_of([&] { parse(lines); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(experiment_config)

BOOST_AUTO_TEST_CASE(the_least_experiment_has_these_defaults) {
  const ExperimentConfig config = parse({});
  BOOST_TEST(config.name == "e");
  BOOST_TEST(config.seed == 1U);
  BOOST_TEST((config.data.datasets == std::vector<std::string>{"mnist"}));
  BOOST_TEST(config.data.path.empty());
  BOOST_TEST(config.data.validation == 5000);
  BOOST_TEST((config.data.normalize.mean == std::vector<double>{0.0}));
  BOOST_TEST((config.data.normalize.std == std::vector<double>{1.0}));
  BOOST_TEST(config.data.augment.shift == 0);
  BOOST_TEST(config.train.epochs == 2.0);
  BOOST_TEST(config.train.steps == 0);
  BOOST_TEST(config.train.micro_batch == 16);
  BOOST_TEST(config.train.clip_norm == 0.0);
  BOOST_TEST(config.train.max_runtime == 0.0);
  BOOST_TEST(config.train.step_deadline == 30.0);
  BOOST_TEST(config.loss.type == "softmax_cross_entropy");
  BOOST_TEST(config.loss.label_smoothing == 0.0);
  BOOST_TEST((config.optimizer == OptimizerSettings{}));
  BOOST_TEST((config.learning_rate == ScheduleSettings{.peak = 0.1}));
  BOOST_TEST(config.evaluate.every_epochs == 1.0);
  BOOST_TEST(config.checkpoint.rhythm.every_epochs == 1.0);
  BOOST_TEST(config.checkpoint.keep == 3);
  BOOST_TEST(config.metrics.digest_every_steps == 1);
}

BOOST_AUTO_TEST_CASE(every_key_is_read) {
  const ExperimentConfig config = parse({
      .data = "data: {dataset: [hdf5, synthetic], path: ../set.h5, validation: 100, normalize: "
              "{mean: [0.5, 0.25], std: [1, 2]}, augment: {shift: 2}, synthetic: {train: 50, test: "
              "20, channels: 3, side: 32}}\n",
      .train = "train: {steps: 10, batch_size: 100, micro_batch: 48, clip_norm: 1.5, max_runtime: "
               "2h, step_deadline: 0}\n",
      .optimizer = "optimizer: {type: adam, beta1: 0.8, beta2: 0.9, epsilon: 0.001, weight_decay: "
                   "0.01}\n",
      .rate =
          "learning_rate: {schedule: cosine, peak: 0.5, warmup_steps: 4, initial_fraction: 0.2, "
          "final_fraction: 0.01}\n",
      .rest = "name: try-2.b\nseed: 9223372036854775807\nloss: {type: softmax_cross_entropy, "
              "label_smoothing: 0.1}\nevaluate: {every_steps: 5}\ncheckpoint: {every_epochs: 0.5, "
              "keep: 0}\nmetrics: {digest_every_steps: 10}\n",
  });
  BOOST_TEST(config.name == "try-2.b");
  BOOST_TEST(config.seed == 9223372036854775807U);
  BOOST_TEST((config.data.datasets == std::vector<std::string>{"hdf5", "synthetic"}));
  BOOST_TEST(config.data.path.string() == "/set.h5");
  BOOST_TEST(config.data.validation == 100);
  BOOST_TEST((config.data.normalize.mean == std::vector<double>{0.5, 0.25}));
  BOOST_TEST((config.data.normalize.std == std::vector<double>{1, 2}));
  BOOST_TEST(config.data.augment.shift == 2);
  BOOST_TEST(config.data.synthetic.train == 50);
  BOOST_TEST(config.data.synthetic.test == 20);
  BOOST_TEST(config.data.synthetic.channels == 3);
  BOOST_TEST(config.data.synthetic.side == 32);
  BOOST_TEST(config.train.steps == 10);
  BOOST_TEST(config.train.epochs == 0.0);
  BOOST_TEST(config.train.micro_batch == 48);
  BOOST_TEST(config.train.clip_norm == 1.5);
  BOOST_TEST(config.train.max_runtime == 7200.0);
  BOOST_TEST(config.train.step_deadline == 0.0);
  BOOST_TEST((config.optimizer == OptimizerSettings{.type = OptimizerSettings::Type::adam,
                                                    .weight_decay = 0.01,
                                                    .beta1 = 0.8,
                                                    .beta2 = 0.9,
                                                    .epsilon = 0.001}));
  BOOST_TEST((config.learning_rate == ScheduleSettings{.type = ScheduleSettings::Type::cosine,
                                                       .peak = 0.5,
                                                       .warmup_steps = 4,
                                                       .initial_fraction = 0.2,
                                                       .final_fraction = 0.01}));
  BOOST_TEST(config.loss.label_smoothing == 0.1);
  BOOST_TEST(config.evaluate.every_steps == 5);
  BOOST_TEST(config.evaluate.every_epochs == 0.0);
  BOOST_TEST(config.checkpoint.rhythm.every_epochs == 0.5);
  BOOST_TEST(config.checkpoint.keep == 0);
  BOOST_TEST(config.metrics.digest_every_steps == 10);
}

BOOST_AUTO_TEST_CASE(sgd_and_the_falling_schedules_are_read) {
  const ExperimentConfig config = parse(
      {.optimizer = "optimizer: {type: sgd, momentum: 0.9, nesterov: true}\n",
       .rate = "learning_rate: {schedule: exponential, peak: 1, factor: 0.5, every_steps: 100}\n"});
  BOOST_TEST(config.optimizer.momentum == 0.9);
  BOOST_TEST(config.optimizer.nesterov);
  BOOST_TEST((config.learning_rate.type == ScheduleSettings::Type::exponential));
  BOOST_TEST(config.learning_rate.factor == 0.5);
  BOOST_TEST(config.learning_rate.every_steps == 100);
  BOOST_TEST(config.learning_rate.warmup == 0.0);
}

BOOST_AUTO_TEST_CASE(one_cycle_warms_up_over_a_tenth_unless_told_otherwise) {
  const auto warmup = [](const std::string& rest) {
    return parse({.rate = "learning_rate: {schedule: one_cycle, peak: 1" + rest + "}\n"})
        .learning_rate.warmup;
  };
  BOOST_TEST(warmup("") == 0.1);
  BOOST_TEST(warmup(", warmup: 0") == 0.0);
  BOOST_TEST(warmup(", warmup_steps: 5") == 0.0);
}

BOOST_AUTO_TEST_CASE(validation_is_5000_for_mnist_and_its_like_and_0_for_others) {
  const auto validation = [](const std::string& dataset) {
    return parse({.data = "data: {dataset: " + dataset + ", path: x}\n"}).data.validation;
  };
  BOOST_TEST(validation("[mnist, fashion_mnist]") == 5000);
  BOOST_TEST(validation("[mnist, synthetic]") == 0);
  BOOST_TEST(validation("idx") == 0);
}

BOOST_AUTO_TEST_CASE(the_default_micro_batch_is_the_largest_that_gives_four_pieces) {
  BOOST_TEST(default_micro_batch(1) == 16);
  BOOST_TEST(default_micro_batch(64) == 16);
  BOOST_TEST(default_micro_batch(96) == 16);
  BOOST_TEST(default_micro_batch(97) == 32);
  BOOST_TEST(default_micro_batch(128) == 32);
  BOOST_TEST(default_micro_batch(192) == 32);
  BOOST_TEST(default_micro_batch(193) == 64);
  BOOST_TEST(default_micro_batch(4000) == 64);
}

BOOST_AUTO_TEST_CASE(epochs_become_steps_rounded_to_the_nearest) {
  // 55,000 / 128 = 429.7: 430 steps an epoch, the last one shorter; 1.25 of them are 537.5.
  BOOST_TEST(total_steps({.epochs = 1.25, .batch_size = 128}, 55000) == 538);
  BOOST_TEST(total_steps({.epochs = 1, .batch_size = 100}, 1000) == 10);
  BOOST_TEST(total_steps({.epochs = 0.001, .batch_size = 100}, 1000) == 1);
  BOOST_TEST(total_steps({.steps = 7, .batch_size = 100}, 1000) == 7);
}

BOOST_AUTO_TEST_CASE(a_missing_key_is_named) {
  BOOST_TEST(refusal({.version = ""}) ==
             "e.yaml:1:1: schema_version is missing; it must be 1, the only one this version of "
             "lockstep knows.");
  BOOST_TEST(refusal({.model = ""}) ==
             "e.yaml:1:1: model is missing; it must be the path of a model file, or the model "
             "itself.");
  BOOST_TEST(refusal({.data = ""}) ==
             "e.yaml:1:1: data is missing; it must be a mapping such as {dataset: mnist}.");
  BOOST_TEST(refusal({.data = "data: {}\n"}) ==
             "e.yaml:3:7: data.dataset is missing; it must be one of mnist, fashion_mnist, idx, "
             "hdf5, synthetic, or a list of them.");
  BOOST_TEST(refusal({.train = ""}) ==
             "e.yaml:1:1: train is missing; it must be a mapping such as {epochs: 2, batch_size: "
             "64}.");
  BOOST_TEST(refusal({.train = "train: {batch_size: 4}\n"}) ==
             "e.yaml:4:8: train.epochs is missing; give it, or train.steps.");
  BOOST_TEST(refusal({.train = "train: {steps: 4}\n"}) ==
             "e.yaml:4:8: train.batch_size is missing; it must be a whole number from 1 to "
             "16777216.");
  BOOST_TEST(refusal({.optimizer = ""}) ==
             "e.yaml:1:1: optimizer is missing; it must be a mapping such as {type: sgd, momentum: "
             "0.9}.");
  BOOST_TEST(refusal({.optimizer = "optimizer: {momentum: 0.9}\n"}) ==
             "e.yaml:5:12: optimizer.type is missing; it must be one of sgd, adam.");
  BOOST_TEST(refusal({.rate = ""}) ==
             "e.yaml:1:1: learning_rate is missing; it must be a number, or a mapping such as "
             "{schedule: cosine, peak: 0.1}.");
  BOOST_TEST(
      refusal({.rate = "learning_rate: {schedule: step, peak: 1}\n"}) ==
      "e.yaml:6:16: learning_rate.every_steps is missing; it must be a whole number from 1 to "
      "1000000000000.");
  BOOST_TEST(refusal({.data = "data: {dataset: [mnist, idx]}\n"}) ==
             "e.yaml:3:7: data.path is missing; it says where the data set 'idx' lies, relative to "
             "the experiment file.");
}

BOOST_AUTO_TEST_CASE(durations_are_seconds_or_have_a_unit) {
  const auto seconds = [](const std::string& text) {
    return parse({.train = "train: {steps: 1, batch_size: 4, max_runtime: " + text + "}\n"})
        .train.max_runtime;
  };
  BOOST_TEST(seconds("90") == 90.0);
  BOOST_TEST(seconds("0.5") == 0.5);
  BOOST_TEST(seconds("90s") == 90.0);
  BOOST_TEST(seconds("1.5m") == 90.0);
  BOOST_TEST(seconds("'2h'") == 7200.0);
  BOOST_TEST(refusal({.train = "train: {steps: 1, batch_size: 4, max_runtime: 2d}\n"}) ==
             "e.yaml:4:47: train.max_runtime must be a time from 0 to 1e9 seconds, such as 90, "
             "90s, 30m or 2h, but is the text '2d'.");
  for (const char* text : {"-1", "1e10", "300000h", "h", "'90'", "1 h", "~", "[1]", "true"}) {
    BOOST_CHECK_THROW(seconds(text), Error);
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_key_gets_the_nearest_name) {
  BOOST_TEST(refusal({.rest = "evaluatee: {}\n"})
                 .starts_with("e.yaml:7:1: unknown key evaluatee, did you mean 'evaluate'? (keys "
                              "here: schema_version, "));
  BOOST_TEST(refusal({.train = "train: {epochs: 1, batch_size: 4, microbatch: 16}\n"}) ==
             "e.yaml:4:35: unknown key train.microbatch, did you mean 'micro_batch'? (keys here: "
             "epochs, steps, batch_size, micro_batch, clip_norm, max_runtime, step_deadline)");
  BOOST_TEST(refusal({.optimizer = "optimizer: {type: adam, beta_1: 0.9}\n"})
                 .starts_with("e.yaml:5:25: unknown key optimizer.beta_1, did you mean 'beta1'?"));
  BOOST_TEST(refusal({.optimizer = "optimiser: {type: adam}\n"}) ==
             "e.yaml:5:1: unknown key optimiser, did you mean 'optimizer'? (keys here: "
             "schema_version, name, seed, model, data, train, loss, optimizer, ...)");
  BOOST_TEST(refusal({.rest = "zzz: 1\n"}).starts_with("e.yaml:7:1: unknown key zzz; keys here: "));
}

BOOST_AUTO_TEST_CASE(a_misplaced_key_is_sent_where_it_belongs) {
  BOOST_TEST(refusal({.rest = "batch_size: 64\n"}) ==
             "e.yaml:7:1: unknown key batch_size; it belongs under train:.");
  BOOST_TEST(refusal({.rest = "shift: 1\n"}) ==
             "e.yaml:7:1: unknown key shift; it belongs under data: augment:.");
  BOOST_TEST(refusal({.optimizer = "optimizer: {type: sgd, beta1: 0.9}\n"}) ==
             "e.yaml:5:24: unknown key optimizer.beta1; it belongs under optimizer:, with type: "
             "adam.");
  BOOST_TEST(refusal({.optimizer = "optimizer: {type: sgd, lr: 0.1}\n"}) ==
             "e.yaml:5:24: unknown key optimizer.lr; it belongs at the top level of an experiment "
             "file, as learning_rate:.");
  BOOST_TEST(refusal({.train = "train: {steps: 1, batch_size: 4, seed: 3}\n"}) ==
             "e.yaml:4:34: unknown key train.seed; it belongs at the top level of an experiment "
             "file.");
  BOOST_TEST(refusal({.rate = "learning_rate: {schedule: constant, peak: 1, factor: 0.5}\n"}) ==
             "e.yaml:6:46: unknown key learning_rate.factor; it belongs under learning_rate:, with "
             "schedule: step or exponential.");
}

BOOST_AUTO_TEST_CASE(a_wrong_type_or_range_is_placed) {
  BOOST_TEST(
      refusal({.train = "train: {epochs: two, batch_size: 64}\n"}) ==
      "e.yaml:4:17: train.epochs must be a number above 0 and at most 1000000, but is the text "
      "'two'.");
  BOOST_TEST(refusal({.train = "train: {epochs: -1, batch_size: 64}\n"})
                 .starts_with("e.yaml:4:17: train.epochs must be a number above 0"));
  BOOST_TEST(refusal({.train = "train: {epochs: 1, batch_size: 0}\n"}) ==
             "e.yaml:4:32: train.batch_size must be a whole number from 1 to 16777216, but is the "
             "number 0.");
  BOOST_TEST(refusal({.train = "train: {steps: 2.5, batch_size: 64}\n"})
                 .starts_with("e.yaml:4:16: train.steps must be a whole number from 1"));
  BOOST_TEST(refusal({.train = "train: {steps: 2, batch_size: 64, micro_batch: 24}\n"}) ==
             "e.yaml:4:48: train.micro_batch must be a multiple of 16, but is 24.");
  BOOST_TEST(refusal({.train = "train: [1]\n"}) ==
             "e.yaml:4:8: train must be a mapping (lines of 'key: value'), but is the list [1].");
  BOOST_TEST(refusal({.rate = "learning_rate: .nan\n"})
                 .starts_with("e.yaml:6:16: learning_rate must be a number from 0 to 1000000, but "
                              "is the text '.nan'"));
  BOOST_TEST(
      refusal({.rate = "learning_rate: {schedule: cosin, peak: 1}\n"}) ==
      "e.yaml:6:27: learning_rate.schedule must be one of constant, step, exponential, cosine, "
      "one_cycle, but is the text 'cosin', did you mean 'cosine'?");
  BOOST_TEST(
      refusal({.rest = "loss: {label_smoothing: 1}\n"}) ==
      "e.yaml:7:25: loss.label_smoothing must be a number from 0 to below 1, but is the number "
      "1.");
  BOOST_TEST(refusal({.rest = "loss:\n"}) ==
             "e.yaml:7:1: loss must be a mapping (lines of 'key: value'), but is nothing.");
  BOOST_TEST(refusal({.rest = "seed: -1\n"}) ==
             "e.yaml:7:7: seed must be a whole number from 0 to 9223372036854775807, but is the "
             "number -1.");
  BOOST_TEST(refusal({.rate = "learning_rate: 1e400\n"}) ==
             "e.yaml:6:16: learning_rate must be a number from 0 to 1000000, but is 1e400, which "
             "is beyond the range of a double.");
  BOOST_TEST(
      refusal({.rest = "seed: 9223372036854775808\n"}).starts_with("e.yaml:7:7: seed must be"));
  BOOST_TEST(refusal({.rest = "name: a/b\n"}) ==
             "e.yaml:7:7: name must be 1 to 100 letters, digits, '_', '.' and '-', and begin with "
             "none of the last two, but is 'a/b'.");
  BOOST_TEST(refusal({.rest = "name: ..\n"}).starts_with("e.yaml:7:7: name must be 1 to 100"));
  BOOST_TEST(refusal({.version = "schema_version: 2\n"}) ==
             "e.yaml:1:17: schema_version must be 1, the only one this version of lockstep knows, "
             "but is the number 2.");
  BOOST_TEST(
      refusal({.data = "data: {dataset: [mnist, cifar]}\n"}) ==
      "e.yaml:3:25: data.dataset must be one of mnist, fashion_mnist, idx, hdf5, synthetic, or "
      "a list of them, but is the text 'cifar'.");
  BOOST_TEST(refusal({.data = "data: {dataset: fashion-mnist}\n"})
                 .ends_with("but is the text 'fashion-mnist', did you mean 'fashion_mnist'?"));
  BOOST_TEST(refusal({.data = "data: {dataset: []}\n"}) ==
             "e.yaml:3:17: data.dataset is an empty list; name at least one data set.");
  BOOST_TEST(
      refusal({.data = "data: {dataset: mnist, normalize: {std: [1, 0]}}\n"}) ==
      "e.yaml:3:45: data.normalize.std must be a number from 1e-30 to 1000000, or a list of such, "
      "but is the number 0.");
  BOOST_TEST(refusal({.data = "data: {dataset: mnist, normalize: {std: 1e-40}}\n"})
                 .starts_with("e.yaml:3:41: data.normalize.std must be a number from 1e-30"));
  BOOST_TEST(refusal({.data = "data: {dataset: [synthetic, mnist, synthetic]}\n"}) ==
             "e.yaml:3:36: data.dataset names 'synthetic' twice; the first that is present is "
             "taken, so remove one of the two.");
  BOOST_TEST(
      refusal({.optimizer = "optimizer: {type: sgd, nesterov: true}\n"}) ==
      "e.yaml:5:34: optimizer.nesterov is true, which needs a momentum above 0, such as 0.9.");
}

BOOST_AUTO_TEST_CASE(two_keys_that_exclude_each_other_are_refused) {
  BOOST_TEST(refusal({.train = "train: {epochs: 2, steps: 10, batch_size: 64}\n"}) ==
             "e.yaml:4:27: train.steps stands beside train.epochs; give only one of the two.");
  BOOST_TEST(
      refusal({.rest = "evaluate: {every_epochs: 2, every_steps: 10}\n"}) ==
      "e.yaml:7:42: evaluate.every_steps stands beside evaluate.every_epochs; give only one of "
      "the two.");
  BOOST_TEST(
      refusal({.rate = "learning_rate: {schedule: constant, peak: 1, warmup: 0.1, "
                       "warmup_steps: 3}\n"}) ==
      "e.yaml:6:73: learning_rate.warmup_steps stands beside learning_rate.warmup; give only "
      "one of the two.");
}

BOOST_AUTO_TEST_CASE(a_resolved_experiment_reads_back_as_itself) {
  const Lines variants[] = {
      {},
      {.data = "data: {dataset: [idx, synthetic], path: sub/set, normalize: {mean: [0.1, 0.2]}}\n",
       .train = "train: {steps: 10, batch_size: 100}\n",
       .optimizer = "optimizer: {type: adam, beta1: 0.85}\n",
       .rate = "learning_rate: {schedule: one_cycle, peak: 0.016}\n",
       .rest = "name: '2024'\nevaluate: {every_steps: 0}\ncheckpoint: {every_epochs: 0}\n"},
      {.rate = "learning_rate: {schedule: step, peak: 0.3, warmup_steps: 9, every_steps: 7}\n"},
      {.rate = "learning_rate: {schedule: cosine, peak: 1e-7, warmup: 0.05}\n"},
  };
  for (const Lines& lines : variants) {
    const ExperimentConfig config = parse(lines);
    const std::string text = write_yaml(to_value(config));
    const ExperimentConfig again =
        parse_experiment(read_yaml_text(text, "resolved.yaml"), "/elsewhere/resolved.yaml");
    BOOST_TEST((again == config), text);
    BOOST_TEST(write_yaml(to_value(again)) == text);
  }
}

BOOST_AUTO_TEST_CASE(a_key_or_what_encloses_it_has_a_place) {
  const ExperimentConfig config = parse({.data = "data: {dataset: mnist, validation: 7}\n"});
  BOOST_TEST(place_of(config, "data.validation") == "e.yaml:3:36: ");
  BOOST_TEST(place_of(config, "data.normalize.mean") == "e.yaml:3:7: ");
  BOOST_TEST(place_of(config, "model.layers.f1.units") == "e.yaml:2:87: ");
  BOOST_TEST(place_of(config, "loss.type") == "e.yaml:1:1: ");
  BOOST_TEST(place_of({}, "data.validation").empty());
  const TemporaryFolder folder("places");
  const auto file = folder.write("e.yaml", Lines{}.text());
  BOOST_TEST(place_of(load_experiment(file, {"data.validation=3"}), "data.validation") ==
             "override 'data.validation=3': ");
}

BOOST_AUTO_TEST_CASE(the_name_defaults_to_the_stem_of_the_file) {
  const auto name = [](const std::filesystem::path& file) {
    return parse_experiment(read_yaml_text(Lines{}.text(), "e.yaml"), file).name;
  };
  BOOST_TEST(name("runs/lenet5_mnist.yaml") == "lenet5_mnist");
  BOOST_TEST(name("my net.yaml") == "my_net");
  BOOST_TEST(name(".hidden") == "experiment");
}

BOOST_AUTO_TEST_CASE(a_model_file_is_found_relative_to_the_experiment_file) {
  const TemporaryFolder folder("models");
  folder.write("models/m.yaml", "name: m\ninput: {shape: [4]}\nlayers: [{name: a}]\n");
  const auto file =
      folder.write("experiments/e.yaml", Lines{.model = "model: ../models/m.yaml\n"}.text());
  const ExperimentConfig config = load_experiment(file);
  BOOST_TEST(config.model.find("name")->text == "m");
  BOOST_TEST(config.model.find("layers")->location.to_string() ==
             (folder.path() / "models/m.yaml").string() + ":3:9");
  BOOST_TEST(config.name == "e");
}

BOOST_AUTO_TEST_CASE(a_model_that_cannot_be_loaded_is_placed_in_the_right_file) {
  const TemporaryFolder folder("bad_models");
  const auto refusal_of = [&](const std::string& model) {
    const auto file = folder.write("e.yaml", Lines{.model = "model: " + model + "\n"}.text());
    return message_of([&] { load_experiment(file); });
  };
  const std::string here = folder.path().string();
  BOOST_TEST(refusal_of("none.yaml") ==
             here + "/e.yaml:2:8: model: cannot read '" + here +
                 "/none.yaml': there is no such file; give the path of a YAML "
                 "file.");
  BOOST_TEST(refusal_of("5") ==
             here +
                 "/e.yaml:2:8: model must be the path of a model file, relative to the experiment "
                 "file, or the model itself, but is the number 5.");
  folder.write("twice.yaml", "layers: []\nlayers: []\n");
  BOOST_TEST(refusal_of("twice.yaml").starts_with(here + "/twice.yaml:2:1: the key 'layers' is"));
  folder.write("other.yaml", "a: 1\n");
  BOOST_TEST(refusal_of("other.yaml") ==
             here + "/other.yaml:1:1: this is no model: it has no 'layers'.");
  BOOST_TEST(refusal_of("e.yaml") ==
             here +
                 "/e.yaml:1:1: this is an experiment file, where a model file is expected (one "
                 "with 'input' and 'layers').");
}

BOOST_AUTO_TEST_CASE(another_kind_of_file_is_told_from_an_experiment) {
  const TemporaryFolder folder("kinds");
  const auto model = folder.write("m.yaml", kModel);
  BOOST_TEST(message_of([&] { load_experiment(model); }) ==
             model.string() +
                 ":1:1: this is a model file, where an experiment file is expected (one "
                 "with 'model', 'data' and 'train').");
  const auto sweep = folder.write("s.yaml", "base: e.yaml\n");
  BOOST_TEST(message_of([&] {
               load_experiment(sweep);
             }).starts_with(sweep.string() + ":1:1: this is a sweep file"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

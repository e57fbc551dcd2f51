#include "framework/config/experiment_config.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/config/yaml_writer.hpp"
#include "framework/schedules/schedule.hpp"
#include "tests/framework/config/experiment_lines.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lockstep {

using namespace testing;

BOOST_AUTO_TEST_SUITE(experiment_config)

BOOST_AUTO_TEST_CASE(the_least_experiment_has_these_defaults) {
  const ExperimentConfig config = parse({});
  BOOST_TEST(config.name == "e");
  BOOST_TEST(config.seed == 1U);
  BOOST_TEST((config.data == Value::mapping({{"dataset", Value::string("mnist"), {}}})));
  BOOST_TEST(config.train.epochs == 2.0);
  BOOST_TEST(config.train.steps == 0);
  BOOST_TEST(config.train.micro_batch == 16);
  BOOST_TEST(config.train.clip_norm == 0.0);
  BOOST_TEST(config.train.max_runtime == 0.0);
  BOOST_TEST(config.train.step_deadline == 30.0);
  BOOST_TEST(write_yaml_flow(config.loss) == "{type: softmax_cross_entropy, label_smoothing: 0}");
  BOOST_TEST(write_yaml_flow(config.optimizer) ==
             "{type: sgd, momentum: 0, nesterov: false, weight_decay: 0}");
  BOOST_TEST(write_yaml_flow(config.learning_rate) ==
             "{schedule: constant, peak: 0.1, warmup: 0, initial_fraction: 0.1}");
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
  BOOST_TEST(config.data.entries.size() == 6U);
  BOOST_TEST(config.data.find("path")->text == "/set.h5");
  BOOST_TEST(config.train.steps == 10);
  BOOST_TEST(config.train.epochs == 0.0);
  BOOST_TEST(config.train.micro_batch == 48);
  BOOST_TEST(config.train.clip_norm == 1.5);
  BOOST_TEST(config.train.max_runtime == 7200.0);
  BOOST_TEST(config.train.step_deadline == 0.0);
  BOOST_TEST(write_yaml_flow(config.optimizer) ==
             "{type: adam, beta1: 0.8, beta2: 0.9, epsilon: 0.001, weight_decay: 0.01}");
  BOOST_TEST(write_yaml_flow(config.learning_rate) ==
             "{schedule: cosine, peak: 0.5, warmup_steps: 4, initial_fraction: 0.2, "
             "final_fraction: 0.01}");
  BOOST_TEST(config.loss.find("label_smoothing")->text == "0.1");
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
  BOOST_TEST(write_yaml_flow(config.optimizer) ==
             "{type: sgd, momentum: 0.9, nesterov: true, weight_decay: 0}");
  BOOST_TEST(write_yaml_flow(config.learning_rate) ==
             "{schedule: exponential, peak: 1, warmup: 0, initial_fraction: 0.1, factor: 0.5, "
             "every_steps: 100}");
}

BOOST_AUTO_TEST_CASE(one_cycle_warms_up_over_a_tenth_unless_told_otherwise) {
  const auto warmup = [](const std::string& rest) {
    const ExperimentConfig config =
        parse({.rate = "learning_rate: {schedule: one_cycle, peak: 1" + rest + "}\n"});
    return make_schedule(config.learning_rate).warmup().fraction;
  };
  BOOST_TEST(warmup("") == 0.1);
  BOOST_TEST(warmup(", warmup: 0") == 0.0);
  BOOST_TEST(warmup(", warmup_steps: 5") == 0.0);
}

BOOST_AUTO_TEST_CASE(a_path_of_data_is_relative_to_the_file_and_keeps_its_place) {
  const auto path = [](const std::string& text) {
    return *parse({.data = "data: {dataset: idx, path: " + text + "}\n"}).data.find("path");
  };
  BOOST_TEST(path("../set").text == "/set");
  BOOST_TEST(path("../set").location.to_string() == "e.yaml:3:28");
  BOOST_TEST(path("/set").text == "/set");
  BOOST_TEST(path("''").text.empty());
  BOOST_TEST(path("5").text == "5");  // no text, which who reads the section refuses
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
  // 55,000 / 128 = 429.7: 430 steps per epoch, the last one shorter; 1.25 of them are 537.5.
  BOOST_TEST(total_steps({.epochs = 1.25, .batch_size = 128}, 55000) == 538);
  BOOST_TEST(total_steps({.epochs = 1, .batch_size = 100}, 1000) == 10);
  BOOST_TEST(total_steps({.epochs = 0.001, .batch_size = 100}, 1000) == 1);
  BOOST_TEST(total_steps({.steps = 7, .batch_size = 100}, 1000) == 7);
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

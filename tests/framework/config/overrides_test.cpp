#include "framework/config/overrides.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/config/experiment_config.hpp"
#include "framework/config/yaml_reader.hpp"
#include "tests/framework/config/message_of.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kExperiment =
    "schema_version: 1\n"
    "model:\n"
    "  name: m\n"
    "  input: {shape: [1, 28, 28]}\n"
    "  layers:\n"
    "    - {name: c1, type: conv2d, filters: 6, kernel: 5}\n"
    "    - {name: output, type: dense, units: 10}\n"
    "data: {dataset: mnist}\n"
    "train: {epochs: 2, batch_size: 64}\n"
    "optimizer: {type: sgd}\n"
    "learning_rate: 0.1\n"
    "checkpoint: {every_steps: 5}\n";

ExperimentConfig with(const std::vector<std::string>& overrides) {
  const TemporaryFolder folder("overrides");
  return load_experiment(folder.write("e.yaml", kExperiment), overrides);
}

std::string override_refusal(const std::vector<std::string>& overrides) {
  return message_of([&] { with(overrides); });
}

const Value& layer(const ExperimentConfig& config, std::size_t position) {
  return config.model.find("layers")->items.at(position);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(overrides)

BOOST_AUTO_TEST_CASE(an_override_is_split_at_the_first_equals_sign) {
  const Override change = parse_override("a.b=c=d");
  BOOST_TEST((change.path == std::vector<std::string>{"a", "b"}));
  BOOST_TEST(change.key() == "a.b");
  BOOST_TEST(change.value.text == "c=d");
  BOOST_TEST(change.value.location.to_string() == "override 'a.b=c=d'");
}

BOOST_AUTO_TEST_CASE(values_replace_add_and_are_typed) {
  const ExperimentConfig config =
      with({"seed=7", "train.batch_size=100", "train.clip_norm=1", "loss.label_smoothing=0.1",
            "data.normalize={mean: 0.5, std: 0.25}", "data.dataset=[fashion_mnist, mnist]",
            "optimizer={type: adam, beta1: 0.8}", "data.augment.shift=2", "name=other"});
  BOOST_TEST(config.seed == 7U);
  BOOST_TEST(config.train.batch_size == 100);
  BOOST_TEST(config.train.clip_norm == 1.0);
  BOOST_TEST(config.loss.find("label_smoothing")->text == "0.1");
  BOOST_TEST(config.data.find("normalize")->find("std")->text == "0.25");
  BOOST_TEST(config.data.find("dataset")->items.at(0).text == "fashion_mnist");
  BOOST_TEST(config.optimizer.find("beta1")->text == "0.8");
  BOOST_TEST(config.data.find("augment")->find("shift")->text == "2");
  BOOST_TEST(config.name == "other");
}

BOOST_AUTO_TEST_CASE(the_last_of_two_overrides_holds) {
  BOOST_TEST(with({"seed=7", "seed=8"}).seed == 8U);
}

BOOST_AUTO_TEST_CASE(a_layer_is_reached_by_its_name) {
  const ExperimentConfig config =
      with({"model.layers.c1.filters=8", "model.layers.output.init.weight.type=lecun_normal"});
  BOOST_TEST(layer(config, 0).find("filters")->text == "8");
  BOOST_TEST(layer(config, 0).find("kernel")->text == "5");
  const Value& init = *layer(config, 1).find("init");
  BOOST_TEST(init.find("weight")->find("type")->text == "lecun_normal");
  BOOST_TEST(init.location.to_string() ==
             "override 'model.layers.output.init.weight.type=lecun_normal'");
}

BOOST_AUTO_TEST_CASE(setting_one_of_two_excluding_keys_removes_the_other) {
  const ExperimentConfig steps = with({"train.steps=10", "evaluate.every_steps=3"});
  BOOST_TEST(steps.train.steps == 10);
  BOOST_TEST(steps.train.epochs == 0.0);
  BOOST_TEST(steps.evaluate.every_steps == 3);
  BOOST_TEST(steps.evaluate.every_epochs == 0.0);
  const ExperimentConfig back =
      with({"train.steps=10", "train.epochs=3", "checkpoint.every_epochs=2"});
  BOOST_TEST(back.train.epochs == 3.0);
  BOOST_TEST(back.train.steps == 0);
  BOOST_TEST(back.checkpoint.rhythm.every_epochs == 2.0);
  const ExperimentConfig rate = with(
      {"learning_rate={schedule: cosine, peak: 1, warmup: 0.1}", "learning_rate.warmup_steps=5"});
  BOOST_TEST(rate.learning_rate.find("warmup_steps")->text == "5");
  BOOST_TEST(rate.learning_rate.find("warmup") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_bare_learning_rate_takes_overrides_below_it) {
  BOOST_TEST(with({"learning_rate.peak=0.05"}).learning_rate.find("peak")->text == "0.05");
  const ExperimentConfig config = with({"learning_rate.schedule=one_cycle"});
  BOOST_TEST(config.learning_rate.find("schedule")->text == "one_cycle");
  BOOST_TEST(config.learning_rate.find("peak")->text == "0.1");
  BOOST_TEST(with({"learning_rate=0.2"}).learning_rate.find("peak")->text == "0.2");
}

BOOST_AUTO_TEST_CASE(a_model_replaced_by_an_override_comes_before_overrides_of_its_layers) {
  const TemporaryFolder folder("override_model");
  folder.write("m.yaml", "layers: [{name: only, type: dense, units: 5}]\n");
  const auto file = folder.write("e.yaml", kExperiment);
  const ExperimentConfig config =
      load_experiment(file, {"model.layers.only.units=3", "model=m.yaml"});
  BOOST_TEST(layer(config, 0).find("units")->text == "3");
}

BOOST_AUTO_TEST_CASE(errors_name_the_override) {
  BOOST_TEST(override_refusal({"train.steps"}) ==
             "override 'train.steps': there is no '='; write key.path=value, such as "
             "train.steps=100.");
  BOOST_TEST(override_refusal({"train..steps=1"})
                 .starts_with("override 'train..steps=1': a part of the key is empty"));
  BOOST_TEST(override_refusal({"=1"}).starts_with("override '=1': a part of the key is empty"));
  BOOST_TEST(
      override_refusal({"train.steps=ten"}) ==
      "override 'train.steps=ten': train.steps must be a whole number from 1 to 1000000000000, "
      "but is the text 'ten'.");
  BOOST_TEST(override_refusal({"train.steps="}) ==
             "override 'train.steps=': train.steps must be a whole number from 1 to 1000000000000, "
             "but is nothing.");
  BOOST_TEST(
      override_refusal({"trian.steps=10"})
          .starts_with("override 'trian.steps=10': unknown key trian, did you mean 'train'?"));
  BOOST_TEST(override_refusal({"train.stpes=10"})
                 .starts_with(
                     "override 'train.stpes=10': unknown key train.stpes, did you mean 'steps'?"));
  BOOST_TEST(override_refusal({"batch_size=10"}) ==
             "override 'batch_size=10': unknown key batch_size; it belongs under train:.");
  BOOST_TEST(
      override_refusal({"train.batch_size.x=10"}) ==
      "override 'train.batch_size.x=10': train.batch_size is the number 64, which has nothing "
      "below it.");
  BOOST_TEST(override_refusal({"seed={a: 1, a: 2}"}) ==
             "override 'seed={a: 1, a: 2}': the key 'a' is given twice. Remove one of them.");
  BOOST_TEST(
      override_refusal({"learning_rate=cosine"}) ==
      "override 'learning_rate=cosine': learning_rate must be a number from 0 to 1000000, or "
      "a mapping such as {schedule: cosine, peak: 0.1}, but is the text 'cosine'.");
}

BOOST_AUTO_TEST_CASE(an_override_of_the_type_is_to_blame_for_what_it_leaves_behind) {
  const std::string file_says = "optimizer={type: sgd, momentum: 0.9, weight_decay: 0.1}";
  BOOST_TEST(override_refusal({file_says, "optimizer.type=adam"})
                 .starts_with("override '" + file_says + "': unknown key optimizer.momentum"));
  std::string text(kExperiment);
  text.replace(text.find("{type: sgd}"), 11, file_says.substr(file_says.find('{')));
  const TemporaryFolder folder("leftovers");
  const auto file = folder.write("e.yaml", text);
  const std::string message = message_of([&] { load_experiment(file, {"optimizer.type=adam"}); });
  BOOST_TEST(
      message.starts_with("override 'optimizer.type=adam': optimizer.type is adam now, which "
                          "has no momentum (given at " +
                          file.string() + ":10:24); "),
      message);
  BOOST_TEST(message.ends_with("replace the whole section: 'optimizer={type: adam, weight_decay: "
                               "0.1}'."),
             message);
}

BOOST_AUTO_TEST_CASE(an_unknown_layer_gets_the_nearest_name) {
  BOOST_TEST(override_refusal({"model.layers.outptu.units=3"}) ==
             "override 'model.layers.outptu.units=3': model.layers has nothing named 'outptu', did "
             "you mean 'output'? (names: c1, output)");
  BOOST_TEST(
      override_refusal({"model.layers.dense7.units=3"}) ==
      "override 'model.layers.dense7.units=3': model.layers has nothing named 'dense7'; names: "
      "c1, output.");
  BOOST_TEST(
      override_refusal({"data.dataset=[mnist]", "data.dataset.0=idx"}) ==
      "override 'data.dataset.0=idx': data.dataset is a list whose items have no names; give "
      "the whole list.");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

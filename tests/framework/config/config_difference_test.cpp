#include "framework/config/config_difference.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/config/yaml_reader.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kShortExperiment =
    "schema_version: 1\n"
    "model: {name: m, layers: [{name: c1, filters: 6, kernel: [5, 5]}, {name: f2, units: 10}]}\n"
    "data: {dataset: mnist, path: /x, validation: 5000, normalize: {mean: 0}}\n"
    "train: {epochs: 2, batch_size: 64}\n"
    "optimizer: {type: sgd}\n"
    "learning_rate: 0.1\n";

ExperimentConfig changed(const std::vector<std::string>& overrides) {
  const TemporaryFolder folder("difference");
  return load_experiment(folder.write("e.yaml", kShortExperiment), overrides);
}

std::vector<std::string> difference(const std::vector<std::string>& overrides) {
  return differing_keys(changed({}), changed(overrides));
}

using Keys = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(config_difference)

BOOST_AUTO_TEST_CASE(equal_experiments_differ_in_nothing) {
  BOOST_TEST(difference({}).empty());
  BOOST_TEST(difference({"learning_rate={schedule: constant, peak: 0.10}"}).empty());
  BOOST_TEST(difference({"model.layers.f2.units=10", "train.micro_batch=16"}).empty());
}

BOOST_AUTO_TEST_CASE(every_key_that_is_named_has_its_value) {
  const std::vector<std::string> overrides = {"model.layers.c1.filters=7", "optimizer.momentum=0.5",
                                              "train.steps=5"};
  const Value before = to_value(changed({}));
  const Value after = to_value(changed(overrides));
  BOOST_TEST(value_at(before, "model.layers.c1.filters")->text == "6");
  BOOST_TEST(value_at(after, "model.layers.c1.filters")->text == "7");
  BOOST_TEST(value_at(after, "optimizer.momentum")->text == "0.5");
  BOOST_TEST(value_at(after, "train.steps")->text == "5");
  BOOST_TEST(value_at(before, "train.steps") == nullptr);
  BOOST_TEST(value_at(before, "model.layers.c2.filters") == nullptr);
  BOOST_TEST(value_at(before, "train.step") == nullptr);
}

BOOST_AUTO_TEST_CASE(results_depend_on_all_keys_but_names_places_limits_and_rhythms) {
  for (const char* key : {"name", "data.path", "train.max_runtime", "evaluate.every_steps"}) {
    BOOST_TEST(never_changes_results(key), key);
  }
  for (const char* key : {"seed", "train.steps", "data.dataset", "model.layers", "names"}) {
    BOOST_TEST(!never_changes_results(key), key);
  }
}

BOOST_AUTO_TEST_CASE(each_key_that_differs_is_named_in_the_order_of_the_file) {
  BOOST_TEST((difference({"optimizer.momentum=0.9", "seed=2", "data.normalize.mean=0.5"}) ==
              Keys{"seed", "data.normalize.mean", "optimizer.momentum"}));
  BOOST_TEST((difference({"train.steps=5"}) == Keys{"train.epochs", "train.steps"}));
  BOOST_TEST((difference({"data.dataset=[mnist, idx]", "data.path=y", "data.validation=5000"}) ==
              Keys{"data.dataset", "data.path"}));
}

BOOST_AUTO_TEST_CASE(layers_are_compared_by_name) {
  BOOST_TEST((difference({"model.layers.c1.filters=8"}) == Keys{"model.layers.c1.filters"}));
  BOOST_TEST((difference({"model.layers.c1.kernel=[5, 3]"}) == Keys{"model.layers.c1.kernel"}));
  BOOST_TEST((difference({"model.layers.f2.bias=false"}) == Keys{"model.layers.f2.bias"}));
  BOOST_TEST((difference({"model.layers=[{name: c1, filters: 6}]"}) == Keys{"model.layers"}));
  BOOST_TEST((difference({"model.layers.c1.name=c2"}) == Keys{"model.layers"}));
}

BOOST_AUTO_TEST_CASE(what_moves_no_bit_may_change_on_resume) {
  const ExperimentConfig config = changed({});
  for (const char* key : {"evaluate.every_epochs", "evaluate.every_steps", "checkpoint.keep",
                          "checkpoint.every_steps", "train.max_runtime", "train.step_deadline"}) {
    BOOST_TEST(may_change_on_resume(config, key), key);
  }
  for (const char* key :
       {"name", "metrics.digest_every_steps", "seed", "train.batch_size", "train.micro_batch",
        "optimizer.momentum", "data.dataset", "model.name", "loss.label_smoothing"}) {
    BOOST_TEST(!may_change_on_resume(config, key), key);
  }
}

BOOST_AUTO_TEST_CASE(the_length_may_change_where_the_rate_does_not_depend_on_it) {
  for (const char* rate : {"{schedule: one_cycle, peak: 1}", "{schedule: cosine, peak: 1}",
                           "{schedule: constant, peak: 1, warmup: 0.1}"}) {
    const ExperimentConfig config = changed({std::string("learning_rate=") + rate});
    BOOST_TEST(!may_change_on_resume(config, "train.steps"), rate);
    BOOST_TEST(!may_change_on_resume(config, "train.epochs"), rate);
  }
  for (const char* rate : {"0.1", "{schedule: step, peak: 1, every_steps: 5, warmup_steps: 3}"}) {
    const ExperimentConfig config = changed({std::string("learning_rate=") + rate});
    BOOST_TEST(may_change_on_resume(config, "train.steps"), rate);
    BOOST_TEST(may_change_on_resume(config, "train.epochs"), rate);
  }
}

BOOST_AUTO_TEST_CASE(a_run_goes_on_with_other_rhythms_and_not_with_another_seed) {
  const std::string network =
      "model={name: m, input: {shape: [9]}, layers: [{name: f, type: dense, units: 3}]}";
  const ExperimentConfig recorded = changed({network});
  const ExperimentConfig wanted =
      changed({network, "seed=3", "evaluate.every_steps=2", "checkpoint.keep=9"});
  BOOST_TEST(keys_refused_on_resume(recorded, wanted) == Keys{"seed"});
  BOOST_TEST(keys_refused_on_resume(recorded, recorded).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

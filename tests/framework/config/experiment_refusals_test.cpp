// What is refused in an experiment, and how it is explained.

#include "framework/config/experiment_config.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

#include "framework/optimizers/optimizer.hpp"
#include "framework/schedules/schedule.hpp"
#include "tests/framework/config/experiment_lines.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lockstep {

using namespace testing;

namespace {

/// "adam, sgd"
template <class Type>
std::string names_of(const std::vector<Type>& types) {
  std::string names;
  for (const Type& type : types) names += (names.empty() ? "" : ", ") + std::string(type.name);
  return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(experiment_refusals)

BOOST_AUTO_TEST_CASE(a_missing_key_is_named) {
  BOOST_TEST(refusal({.version = ""}) ==
             "e.yaml:1:1: schema_version is missing; it must be 1, the only one this version of "
             "lockstep knows.");
  BOOST_TEST(refusal({.model = ""}) ==
             "e.yaml:1:1: model is missing; it must be the path of a model file, or the model "
             "itself.");
  BOOST_TEST(refusal({.data = ""}) ==
             "e.yaml:1:1: data is missing; it must be a mapping such as {dataset: mnist}.");
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
             fmt::format("e.yaml:5:12: optimizer.type is missing; it must be one of {}.",
                         names_of(all_optimizer_types())));
  BOOST_TEST(refusal({.rate = ""}) ==
             "e.yaml:1:1: learning_rate is missing; it must be a number, or a mapping such as "
             "{schedule: cosine, peak: 0.1}.");
  BOOST_TEST(
      refusal({.rate = "learning_rate: {schedule: step, peak: 1}\n"}) ==
      "e.yaml:6:16: learning_rate.every_steps is missing; it must be a whole number from 1 to "
      "1000000000000.");
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
             "schedule: exponential or step.");
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
  BOOST_TEST(refusal({.rate = "learning_rate: .nan\n"}) ==
             "e.yaml:6:16: learning_rate must be a number from 0 to 1000000, or a mapping such as "
             "{schedule: cosine, peak: 0.1}, but is the text '.nan'.");
  BOOST_TEST(refusal({.rate = "learning_rate: {schedule: cosin, peak: 1}\n"}) ==
             fmt::format("e.yaml:6:27: learning_rate.schedule must be one of {}, but is the text "
                         "'cosin', did you mean 'cosine'?",
                         names_of(all_schedule_types())));
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
      refusal({.optimizer = "optimizer: {type: sgd, nesterov: true}\n"}) ==
      "e.yaml:5:34: optimizer.nesterov is true, which needs a momentum above 0, such as 0.9.");
}

BOOST_AUTO_TEST_CASE(two_keys_that_exclude_each_other_are_refused) {
  BOOST_TEST(
      refusal({.train = "train: {epochs: 2, steps: 10, batch_size: 64}\n"}) ==
      "e.yaml:4:27: train.steps is given together with train.epochs; give only one of the two.");
  BOOST_TEST(refusal({.rest = "evaluate: {every_epochs: 2, every_steps: 10}\n"}) ==
             "e.yaml:7:42: evaluate.every_steps is given together with evaluate.every_epochs; give "
             "only one of the two.");
  BOOST_TEST(refusal({.rate = "learning_rate: {schedule: constant, peak: 1, warmup: 0.1, "
                              "warmup_steps: 3}\n"}) ==
             "e.yaml:6:73: learning_rate.warmup_steps is given together with learning_rate.warmup; "
             "give only one of the two.");
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

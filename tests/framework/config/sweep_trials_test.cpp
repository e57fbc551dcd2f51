#include "framework/config/sweep_trials.hpp"

#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/schedules/schedule.hpp"
#include "tests/framework/config/message_of.hpp"
#include "tests/framework/config/sweep_files.hpp"

namespace lockstep {
namespace {

std::vector<std::string> texts(const std::string& sweep,
                               const std::vector<std::string>& words = {}) {
  const testing::SweepFiles files;
  std::vector<std::string> found;
  for (const SweepTrial& trial : sweep_trials(load_sweep(files.sweep(sweep), words))) {
    found.push_back(to_text(trial.settings));
  }
  return found;
}

Digest identity_with(const std::vector<std::string>& overrides) {
  const testing::SweepFiles files;
  return identity_of(load_experiment(files.base(), overrides));
}

using Texts = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(sweep_trials_of)

BOOST_AUTO_TEST_CASE(a_grid_has_every_combination_the_last_parameter_fastest) {
  const std::string sweep =
      "parameters: {train.batch_size: {values: [32, 64]}, seed: {values: [1, 2, 3]}}\n";
  BOOST_TEST((texts(sweep) == Texts{"train.batch_size=32, seed=1", "train.batch_size=32, seed=2",
                                    "train.batch_size=32, seed=3", "train.batch_size=64, seed=1",
                                    "train.batch_size=64, seed=2", "train.batch_size=64, seed=3"}));
  BOOST_TEST((texts(sweep + "run_cap: 2\n") ==
              Texts{"train.batch_size=32, seed=1", "train.batch_size=32, seed=2"}));
}

BOOST_AUTO_TEST_CASE(a_cap_takes_the_first_of_however_large_a_grid) {
  const std::string ten = "{values: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]}";
  const std::string grid = "parameters: {optimizer.momentum: " + ten +
                           ", learning_rate.peak: " + ten + ", loss.label_smoothing: " + ten +
                           ", optimizer.weight_decay: " + ten + ", seed: {values: [1, 2]}}\n";
  const Texts capped = texts(grid + "run_cap: 3\n");
  BOOST_TEST(capped.at(2) ==
             "optimizer.momentum=0.1, learning_rate.peak=0.1, loss.label_smoothing=0.1, "
             "optimizer.weight_decay=0.2, seed=1");
  BOOST_TEST(message_of([&] { texts(grid); }).find("more than 10000 trials") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_parameter_may_go_with_another) {
  const std::string both =
      "parameters: {train.batch_size: {values: [32, 64]}, learning_rate.peak: {values: [0.1, 0.2], "
      "with: train.batch_size}, seed: {values: [1, 2]}}\n";
  BOOST_TEST((texts(both) == Texts{"train.batch_size=32, learning_rate.peak=0.1, seed=1",
                                   "train.batch_size=32, learning_rate.peak=0.1, seed=2",
                                   "train.batch_size=64, learning_rate.peak=0.2, seed=1",
                                   "train.batch_size=64, learning_rate.peak=0.2, seed=2"}));
  for (const std::string& text : texts("method: random\nrun_cap: 20\n" + both)) {
    BOOST_TEST((text.find("size=32, learning_rate.peak=0.1") != std::string::npos ||
                text.find("size=64, learning_rate.peak=0.2") != std::string::npos));
  }
  for (const char* word : {"train.batch_size=16,32,64", "train.batch_size=16"}) {
    const std::string message = message_of([&] { texts(both, {word}); });
    BOOST_TEST(message.find("learning_rate.peak.with must name a parameter") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_trial_is_the_base_with_overrides_and_its_settings) {
  const testing::SweepFiles files;
  const auto file = files.sweep(
      "overrides: {train.steps: 9, learning_rate.peak: 0.3}\n"
      "parameters: {model.layers.f1.units: {values: [8]}, learning_rate.peak: {values: [0.2]}}\n"
      "repeat: 2\n");
  const std::vector<SweepTrial> trials = sweep_trials(load_sweep(file));
  BOOST_TEST(trials.size() == 2U);
  const ExperimentConfig& config = trials.at(1).config;
  BOOST_TEST((config.train.steps == 9 && config.train.epochs == 0));
  BOOST_TEST(config.model.find("layers")->items.at(0).find("units")->text == "8");
  BOOST_TEST(config.learning_rate.find("peak")->text == "0.2");
  BOOST_TEST(config.seed == 5U);  // the base's 4, and one more
  BOOST_TEST(to_text(trials.at(1).settings) ==
             "model.layers.f1.units=8, learning_rate.peak=0.2, seed=5");
}

BOOST_AUTO_TEST_CASE(repeats_need_seeds_that_exist) {
  const std::string values = "parameters: {train.steps: {values: [9]}}\nrepeat: 2\n";
  const std::string largest = "overrides: {seed: 9223372036854775807}\n";
  BOOST_TEST(message_of([&] { texts(largest + values); })
                 .starts_with("repeat: 2 takes the seeds from 9223372036854775807 on, but the "
                              "largest seed is 9223372036854775807; begin with a smaller one."));
  BOOST_TEST(texts("overrides: {seed: 9223372036854775806}\n" + values).back() ==
             "train.steps=9, seed=9223372036854775807");
}

BOOST_AUTO_TEST_CASE(a_section_that_varies_keeps_what_is_said_about_its_keys) {
  const testing::SweepFiles files;
  const auto file = files.sweep(
      "overrides: {optimizer.weight_decay: 0.5}\n"
      "parameters: {optimizer: {values: [{type: sgd}, {type: adam}]}}\n");
  for (const SweepTrial& trial : sweep_trials(load_sweep(file))) {
    BOOST_TEST(to_value(trial.config).find("optimizer")->find("weight_decay")->text == "0.5");
  }
}

BOOST_AUTO_TEST_CASE(draws_stay_when_trials_and_parameters_are_added) {
  const std::string rate =
      "  learning_rate.peak: {min: 0.001, max: 0.1, distribution: log_uniform}\n";
  const Texts few = texts("method: random\nrun_cap: 3\nparameters:\n" + rate);
  const Texts many = texts("method: random\nrun_cap: 40\nparameters:\n" + rate);
  const Texts wide = texts("method: random\nrun_cap: 3\nparameters:\n" + rate +
                           "  seed: {min: 1, max: 9, distribution: int_uniform}\n");
  const Texts other = texts("method: random\nrun_cap: 3\nseed: 2\nparameters:\n" + rate);
  BOOST_TEST((Texts(many.begin(), many.begin() + 3) == few));
  for (std::size_t i = 0; i < few.size(); ++i) {
    BOOST_TEST(wide.at(i).starts_with(few.at(i) + ", seed="));
    BOOST_TEST(other.at(i) != few.at(i));
  }
  BOOST_TEST(std::set<std::string>(many.begin(), many.end()).size() == 40U);
}

BOOST_AUTO_TEST_CASE(draws_keep_to_their_ranges_and_reach_all_of_them) {
  const testing::SweepFiles files;
  const auto file = files.sweep(
      "method: random\nrun_cap: 200\nparameters:\n"
      "  learning_rate.peak: {min: 0.001, max: 0.1, distribution: log_uniform}\n"
      "  loss.label_smoothing: {min: 0.1, max: 0.5}\n"
      "  seed: {min: 3, max: 5, distribution: int_uniform}\n"
      "  train.batch_size: {values: [16, 32]}\n");
  int low_rates = 0;
  std::set<std::uint64_t> seeds;
  std::set<Index> batches;
  for (const SweepTrial& trial : sweep_trials(load_sweep(file))) {
    const double rate = make_schedule(trial.config.learning_rate).peak();
    BOOST_TEST((rate >= 0.001 && rate <= 0.1));
    const auto smoothing = parse_real(trial.config.loss.find("label_smoothing")->text);
    BOOST_TEST((smoothing >= 0.1 && smoothing <= 0.5));
    low_rates += rate < 0.01 ? 1 : 0;
    seeds.insert(trial.config.seed);
    batches.insert(trial.config.train.batch_size);
  }
  BOOST_TEST((low_rates > 70 && low_rates < 130));  // half; four standard deviations are 28
  BOOST_TEST((seeds == std::set<std::uint64_t>{3, 4, 5}));
  BOOST_TEST((batches == std::set<Index>{16, 32}));
}

BOOST_AUTO_TEST_CASE(a_refused_trial_is_named_before_any_is_returned) {
  const testing::SweepFiles files;
  const auto message = [&](const std::string& rest) {
    return message_of([&] { sweep_trials(load_sweep(files.sweep(rest))); });
  };
  const std::string file = (files.folder().path() / "s.yaml").string();
  const std::string unknown = message("parameters:\n  optimizer.momentun: {values: [0.9]}\n");
  BOOST_TEST(unknown.starts_with(file + ":4:3: unknown key optimizer.momentun, did you mean"));
  const std::string value = message("parameters:\n  optimizer.momentum: {values: [0.9, 2]}\n");
  BOOST_TEST(value.starts_with(file + ":4:38: optimizer.momentum must be"));
  BOOST_TEST(value.ends_with("(trial 2 of 2: optimizer.momentum=2)"));
  BOOST_TEST(message("parameters:\n  model.layers.f9.units: {values: [1]}\n")
                 .starts_with(file + ":4:3: "));
  BOOST_TEST(
      message("overrides: {train.steps: x}\n").starts_with(file + ":3:26: train.steps must"));
  BOOST_TEST(
      message("parameters: {model.layers.f1.unit: {values: [1]}}\n").find("did you mean 'units'") !=
      std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_identity_leaves_out_what_cannot_change_results) {
  const Digest plain = identity_with({});
  for (const char* same : {"name=other", "model.name=other", "checkpoint.every_steps=3",
                           "checkpoint.keep=9", "evaluate.every_epochs=5", "train.max_runtime=9",
                           "train.step_deadline=9", "train.epochs=2.0", "learning_rate=0.10"}) {
    BOOST_TEST((identity_with({same}) == plain), same);
  }
  for (const char* other : {"seed=5", "train.epochs=3", "train.micro_batch=32", "data.validation=0",
                            "model.layers.f1.name=f0", "data.dataset=fashion_mnist"}) {
    BOOST_TEST((identity_with({other}) != plain), other);
  }
}

BOOST_AUTO_TEST_CASE(a_path_that_is_varied_is_part_of_the_identity) {
  const testing::SweepFiles files;
  const auto at = [&](const std::string& path, const std::vector<TrialSetting>& kept) {
    const auto config = load_experiment(files.base(), {"data.dataset=idx", "data.path=" + path});
    return identity_of(config, kept);
  };
  const std::vector<TrialSetting> kept = {{"data.path", Value::string("a")}};
  BOOST_TEST((at("a", {}) == at("b", {})));
  BOOST_TEST((at("a", kept) != at("b", kept)));
}

BOOST_AUTO_TEST_CASE(a_name_tells_values_by_the_ends_of_keys_that_differ) {
  const Digest identity{.high = 0x0123456789abcdef, .low = 0};
  const auto name = [&](const std::vector<TrialSetting>& settings) {
    return trial_name(settings, identity);
  };
  BOOST_TEST(name({}) == "0123456789ab");
  BOOST_TEST(name({{"optimizer.momentum", Value::real(0.9)}, {"seed", Value::integer(2)}}) ==
             "momentum=0.9_seed=2_0123456789ab");
  BOOST_TEST(name({{"model.layers.c1.filters", Value::integer(6)},
                   {"model.layers.c3.filters", Value::integer(9)}}) ==
             "c1.filters=6_c3.filters=9_0123456789ab");
  BOOST_TEST(name({{"model", Value::string("../models/lenet5.yaml")}}) ==
             "model=lenet5.yaml_0123456789ab");
  BOOST_TEST(name({{"data.dataset", Value::sequence({Value::string("a"), Value::string("b")})}}) ==
             "dataset=a-b_0123456789ab");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

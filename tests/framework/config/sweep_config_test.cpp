#include "framework/config/sweep_config.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/config/yaml_writer.hpp"
#include "tests/framework/config/message_of.hpp"
#include "tests/framework/config/sweep_files.hpp"

namespace lockstep {
namespace {

std::string sweep_refusal(const std::string& sweep, const std::vector<std::string>& words = {}) {
  const testing::SweepFiles files;
  const std::string file = files.sweep(sweep).string();
  std::string message = message_of([&] { load_sweep(file, words); });
  if (message.starts_with(file)) message.replace(0, file.size(), "s.yaml");
  return message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sweep_config)

BOOST_AUTO_TEST_CASE(every_key_is_read_and_written_back) {
  const testing::SweepFiles files;
  const auto file = files.sweep(
      "name: tried\n"
      "method: random\n"
      "metric: {name: test_loss}\n"
      "overrides: {train.steps: 7, optimizer: {type: sgd, momentum: 0.5}}\n"
      "parameters:\n"
      "  learning_rate.peak: {min: 0.001, max: 0.1, distribution: log_uniform}\n"
      "  model.layers.f1.units: {values: [10, 12]}\n"
      "run_cap: 9\nrepeat: 3\nseed: 5\nranks_per_trial: 4\n");
  const SweepConfig config = load_sweep(file);
  BOOST_TEST(config.name == "tried");
  BOOST_TEST(config.base == files.base());
  BOOST_TEST((config.method == SweepMethod::random));
  BOOST_TEST(config.metric.name == "test_loss");
  BOOST_TEST(!config.metric.maximize);
  BOOST_TEST(config.overrides.at(1).key() == "optimizer");
  BOOST_TEST(config.parameters.at(0).range->max == 0.1);
  BOOST_TEST(config.parameters.at(1).values.at(1).text == "12");
  BOOST_TEST((config.run_cap == 9 && config.repeat == 3 && config.seed == 5U));
  BOOST_TEST(config.ranks_per_trial == 4);
  const auto elsewhere = files.folder().write("other/again.yaml", write_yaml(to_value(config)));
  BOOST_TEST((to_value(load_sweep(elsewhere)) == to_value(config)));
}

BOOST_AUTO_TEST_CASE(halving_draws_where_a_parameter_has_a_range) {
  const testing::SweepFiles files;
  const std::string halving = "method: halving\nhalving: {factor: 4}\nrun_cap: 9\n";
  const SweepConfig combined =
      load_sweep(files.sweep(halving + "parameters: {seed: {values: [1]}}\n"));
  BOOST_TEST((combined.halving.factor == 4 && combined.halving.rungs == 2));
  BOOST_TEST(!draws_trials(combined));
  const SweepConfig drawn =
      load_sweep(files.sweep(halving + "parameters: {learning_rate.peak: {min: 0.1, max: 1}}\n"));
  BOOST_TEST(draws_trials(drawn));
  const auto again = files.folder().write("again.yaml", write_yaml(to_value(drawn)));
  BOOST_TEST((to_value(load_sweep(again)) == to_value(drawn)));
}

BOOST_AUTO_TEST_CASE(mistakes_are_told_with_line_and_column) {
  BOOST_TEST(sweep_refusal("methd: grid\n")
                 .starts_with("s.yaml:3:1: unknown key methd, did you mean "
                              "'method'?"));
  BOOST_TEST(sweep_refusal("method: grit\n").find("s.yaml:3:9: method") == 0U);
  BOOST_TEST(sweep_refusal("metric: {name: accuracy}\n").find("s.yaml:3:16: metric.name") == 0U);
  BOOST_TEST(sweep_refusal("metric: {name: test_loss, gaol: minimize}\n").find("s.yaml:3:27: ") ==
             0U);
  BOOST_TEST(sweep_refusal("parameters: {seed: {values: 3}}\n").find("s.yaml:3:29: ") == 0U);
  BOOST_TEST(sweep_refusal("parameters: {seed: {values: []}}\n").find("at least one value") !=
             std::string::npos);
  BOOST_TEST(
      sweep_refusal("parameters: {seed: {values: [1], min: 2}}\n").find("parameters.seed.min") !=
      std::string::npos);
  BOOST_TEST(sweep_refusal("parameters: {seed: {min: 1, max: 2}}\n").find("method: random") !=
             std::string::npos);
  BOOST_TEST(sweep_refusal("ranks_per_trial: 0\n").find("s.yaml:3:18: ranks_per_trial") == 0U);
  BOOST_TEST(sweep_refusal("method: random\n").find("run_cap is missing") != std::string::npos);
  BOOST_TEST(sweep_refusal("repeat: 2\nparameters: {seed: {values: [1, 2]}}\n").find("repeat: 2") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(ranges_are_checked) {
  const auto with = [](const std::string& range) {
    return sweep_refusal("method: random\nrun_cap: 1\nparameters: {seed: " + range + "}\n");
  };
  BOOST_TEST(with("{min: 1, max: 2}") == "no error");
  BOOST_TEST(with("{min: 3, max: 2}").find("at least min") != std::string::npos);
  BOOST_TEST(with("{min: 0, max: 2, distribution: log_uniform}").find("above 0") !=
             std::string::npos);
  BOOST_TEST(with("{min: 0.5, max: 2, distribution: int_uniform}").find("whole numbers") !=
             std::string::npos);
  BOOST_TEST(with("{min: 0, distribution: uniform}").find("max is missing") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(commas_part_values_outside_brackets_and_quotes) {
  using Texts = std::vector<std::string>;
  BOOST_TEST((split_values("a,b", "w") == Texts{"a", "b"}));
  BOOST_TEST((split_values("[1,2],{a: 3, b: [4,5]}", "w") == Texts{"[1,2]", "{a: 3, b: [4,5]}"}));
  BOOST_TEST((split_values("'x,y',\"z,'\"", "w") == Texts{"'x,y'", "\"z,'\""}));
  BOOST_TEST((split_values("", "w") == Texts{""}));
  BOOST_TEST(message_of([] { split_values("1,,2", "w"); }).starts_with("w: a value"));
  BOOST_TEST(message_of([] { split_values("1,", "w"); }).starts_with("w: a value"));
}

BOOST_AUTO_TEST_CASE(words_of_the_command_line_make_and_replace_parameters) {
  const testing::SweepFiles files;
  const SweepConfig bare = load_sweep(files.base(), {"seed=1,2,3", "train.steps=5"});
  BOOST_TEST(bare.name == "tiny");
  BOOST_TEST(bare.parameters.size() == 1U);
  BOOST_TEST(bare.parameters.at(0).values.size() == 3U);
  BOOST_TEST(bare.overrides.at(0).key() == "train.steps");
  const auto file =
      files.sweep("parameters: {seed: {values: [1, 2]}, train.steps: {values: [3]}}\n");
  const SweepConfig changed = load_sweep(file, {"seed=7,8,9", "train.steps=4"});
  BOOST_TEST(changed.parameters.size() == 1U);
  BOOST_TEST(changed.parameters.at(0).values.at(0).text == "7");
  BOOST_TEST(changed.overrides.at(0).value.text == "4");
  BOOST_TEST(message_of([&] { load_sweep(files.base(), {"seed"}); }).find("there is no '='") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

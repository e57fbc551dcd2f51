#include "experiments/check/lint.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "tests/support/networks.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep {
namespace {

using Level = FindingLevel;

// 1,000 samples in batches of 100 for two epochs: 20 steps.
struct LintBench {
  Graph graph{parse_graph_spec(
      testing::model_value({1, 2, 3}, {{"flat", "flatten"}, {"f", "dense", {{"units", "5"}}}}))};
  testing::TestDataset data{1000, {1, 2, 3}, 5};
  ExperimentConfig config{};
  int workers = 2;

  LintBench() {
    config.train.epochs = 2;
    config.train.batch_size = 100;
    config.train.micro_batch = 32;
    config.optimizer = testing::parse_settings({{"type", "sgd"}});
    config.learning_rate = testing::parse_settings({{"schedule", "constant"}, {"peak", "0.1"}});
  }
  CheckFindings lint() const { return lint_findings({config, graph, data, workers}); }
};

void check_one(const CheckFindings& findings, const std::string& id, Level level,
               const std::string& change) {
  BOOST_REQUIRE(findings.size() == 1);
  BOOST_TEST(findings[0].id == id);
  BOOST_TEST((findings[0].level == level));
  BOOST_TEST((findings[0].changes.empty() ? "" : findings[0].changes[0].text()) == change);
  BOOST_TEST(findings[0].message.back() == '.');
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_lint)

BOOST_AUTO_TEST_CASE(settings_that_fit_one_another_raise_nothing) {
  BOOST_TEST(LintBench().lint().empty());
}

BOOST_AUTO_TEST_CASE(warm_up_must_end_within_the_run) {
  LintBench bench;
  bench.config.learning_rate.set("warmup_steps", Value::integer(19));
  BOOST_TEST(bench.lint().empty());
  bench.config.learning_rate.set("warmup_steps", Value::integer(20));
  check_one(bench.lint(), "warmup_without_end", Level::change, "learning_rate.warmup=0.1");
}

BOOST_AUTO_TEST_CASE(a_step_schedule_must_step) {
  LintBench bench;
  bench.config.learning_rate = testing::parse_settings(
      {{"schedule", "step"}, {"peak", "0.1"}, {"warmup_steps", "5"}, {"every_steps", "14"}});
  BOOST_TEST(bench.lint().empty());
  bench.config.learning_rate.set("every_steps", Value::integer(15));
  check_one(bench.lint(), "schedule_never_fires", Level::change, "learning_rate.every_steps=5");
}

BOOST_AUTO_TEST_CASE(a_batch_must_not_be_more_than_there_is) {
  LintBench bench;
  bench.config.train.batch_size = 1000;
  BOOST_TEST(bench.lint().empty());
  bench.config.train.batch_size = 1001;
  check_one(bench.lint(), "batch_larger_than_data", Level::change, "train.batch_size=64");
}

BOOST_AUTO_TEST_CASE(adam_must_not_forget_squares_before_gradients) {
  LintBench bench;
  bench.config.optimizer = testing::parse_settings(
      {{"type", "adam"}, {"beta1", "0.9"}, {"beta2", "0.66"}});  // 0.81 < 0.8124
  BOOST_TEST(bench.lint().empty());
  bench.config.optimizer.set("beta2", Value::real(0.65));  // 0.8062
  check_one(bench.lint(), "adam_memory", Level::change, "optimizer.beta2=0.999");
  bench.config.optimizer.set("type", Value::string("sgd"));
  BOOST_TEST(bench.lint().empty());
}

BOOST_AUTO_TEST_CASE(fewer_micro_batches_than_threads_are_worth_a_note) {
  LintBench bench;
  bench.workers = 4;
  BOOST_TEST(bench.lint().empty());
  bench.workers = 5;
  check_one(bench.lint(), "idle_workers", Level::note, "train.micro_batch=16");
  bench.config.train.micro_batch = 16;  // cannot be smaller
  bench.workers = 100;
  BOOST_TEST(bench.lint().empty());
}

BOOST_AUTO_TEST_CASE(rhythms_longer_than_the_run_are_worth_a_note) {
  LintBench bench;
  bench.config.evaluate = {.every_steps = 20};
  bench.config.checkpoint.rhythm = {.every_epochs = 2};
  BOOST_TEST(bench.lint().empty());
  bench.config.evaluate = {.every_steps = 21};
  check_one(bench.lint(), "evaluate_never_due", Level::note, "");
  bench.config.evaluate = {};  // never: asked for
  bench.config.checkpoint.rhythm = {.every_epochs = 2.5};
  check_one(bench.lint(), "checkpoint_never_due", Level::note, "");
}

BOOST_AUTO_TEST_CASE(outputs_and_classes_that_nothing_belongs_to_are_worth_a_note) {
  LintBench bench;
  bench.data = testing::TestDataset(1000, {1, 2, 3}, 4);
  check_one(bench.lint(), "unused_outputs", Level::note, "");
  bench.data = testing::TestDataset(4, {1, 2, 3}, 5);  // labels 0, 2, 4, 2
  bench.config.train.batch_size = 4;
  bench.config.train.micro_batch = 16;
  check_one(bench.lint(), "missing_classes", Level::note, "");
  BOOST_TEST(bench.lint()[0].message.find(": 1, 3.") != std::string::npos, bench.lint()[0].message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

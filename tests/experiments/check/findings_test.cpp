#include "experiments/check/findings.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/support/networks.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep {
namespace {

using Level = FindingLevel;
using testing::TestLayer;

const std::vector<TestLayer> kLayers{
    {"flat", "flatten"}, {"f1", "dense", {{"units", "8"}}},
    {"r1", "relu"},      {"f2", "dense", {{"units", "8"}, {"weight_scale", "0.5"}}},
    {"r2", "relu"},      {"out", "dense", {{"units", "10"}}}};

// A network whose figures are as they should be, for tests to spoil.
struct Bench {
  Graph graph{parse_graph_spec(testing::model_value({1, 4, 4}, kLayers))};
  ExperimentConfig config{};
  CheckFacts facts{.graph = graph, .config = config};

  Bench() {
    config.learning_rate = testing::parse_settings({{"schedule", "constant"}, {"peak", "0.5"}});
    facts.network.loss = 2.4;
    facts.network.input_rms = 1;
    facts.network.input_mean = {0};
    facts.network.input_std = {1};
    for (const GraphNode& node : graph.nodes()) {
      LayerFigures layer{.layer = node.name,
                         .type = node.type,
                         .input_spread = 1,
                         .output_spread = 1,
                         .output_rms = 1};
      if (node.type == "relu") layer.dead_share = 0.1;
      if (!node.parameters.empty()) {
        layer.weight_rms = std::sqrt(2.0 / static_cast<double>(node.parameters[0].fan_in));
        layer.bias_mean = 0;
      }
      facts.network.layers.push_back(layer);
    }
    facts.chance = 0.1;
    facts.guessing_loss = std::log(10.0);
    facts.nearest_mean = 0.8;
    facts.nearest_samples = 1000;
    facts.batch_size = 64;
    facts.trial = trial(0.9);
  }

  static TrialResult trial(double accuracy) {
    return {.steps = 100, .first_loss = 2.4, .loss = 0.5, .accuracy = accuracy};
  }
  LayerFigures& layer(std::string_view name) {
    return *std::ranges::find(facts.network.layers, name, &LayerFigures::layer);
  }
};

std::vector<std::string> advice_of(const CheckFinding& finding) {
  std::vector<std::string> texts;
  for (const AdvisedChange& change : finding.changes) texts.push_back(change.text());
  return texts;
}

void check_one(const CheckFindings& findings, const std::string& id, const std::string& where) {
  BOOST_REQUIRE(findings.size() == 1);
  BOOST_TEST(findings[0].id == id);
  BOOST_TEST(findings[0].where == where);
  BOOST_TEST((findings[0].level == Level::change));
  BOOST_TEST(findings[0].message.back() == '.');
}

void check_advice(const CheckFinding& finding, const std::vector<std::string>& expected) {
  const std::vector<std::string> found = advice_of(finding);
  BOOST_TEST(found == expected, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_findings)

BOOST_AUTO_TEST_CASE(nothing_is_found_where_all_is_well) {
  const Bench bench;
  BOOST_TEST(initial_findings(bench.facts).empty());
  BOOST_TEST(trial_findings(bench.facts, {}).empty());
}

BOOST_AUTO_TEST_CASE(inputs_are_normalized_anew_on_top_of_what_the_experiment_does) {
  Bench bench;
  Value normalize = Value::mapping();
  normalize.set("mean", Value::real(0.5));
  normalize.set("std", Value::real(0.01));
  bench.config.data = Value::mapping({{"normalize", normalize, {}}});
  bench.facts.network.input_rms = 40;
  bench.facts.network.input_mean = {-30, 10};
  bench.facts.network.input_std = {25, 0};
  const CheckFindings findings = initial_findings(bench.facts);
  check_one(findings, "unscaled_input", "data.normalize");
  // 0.5 - 0.01 * 30, 0.5 + 0.01 * 10; 0.01 * 25, and a channel without any deviation.
  check_advice(findings[0], {"data.normalize={mean: [0.2, 0.6], std: [0.25, 1]}"});
}

BOOST_AUTO_TEST_CASE(inputs_that_are_not_finite_are_not_normalized) {
  Bench bench;
  bench.facts.network.input_rms = std::nan("");
  const CheckFindings findings = initial_findings(bench.facts);
  check_one(findings, "not_finite_input", "data");
  BOOST_TEST(findings[0].changes.empty());
}

BOOST_AUTO_TEST_CASE(equal_units_matter_before_the_last_layer_only) {
  Bench bench;
  bench.layer("out").has_equal_units = true;
  BOOST_TEST(initial_findings(bench.facts).empty());
  bench.layer("f2").has_equal_units = true;
  const CheckFindings findings = initial_findings(bench.facts);
  check_one(findings, "equal_units", "f2");
  check_advice(findings[0], {"model.layers.f2.weight_scale=1"});  // it is he_normal already
}

BOOST_AUTO_TEST_CASE(dead_rectifiers_come_from_the_first_that_died_and_its_bias) {
  Bench bench;
  bench.layer("r1").dead_share = 1;
  bench.layer("r2").dead_share = 1;
  bench.layer("f1").bias_mean = -2.5;
  const CheckFindings findings = initial_findings(bench.facts);
  BOOST_REQUIRE(findings.size() == 2);
  BOOST_TEST(findings[0].where == "r1");
  check_advice(findings[0], {"model.layers.f1.init.bias={type: constant, value: 0}"});
  BOOST_TEST((findings[1].level == Level::consequence));
  BOOST_TEST(findings[1].changes.empty());
}

BOOST_AUTO_TEST_CASE(every_dead_rectifier_with_a_bias_of_its_own_is_a_cause) {
  Bench bench;
  bench.layer("r1").dead_share = 1;
  bench.layer("r2").dead_share = 1;
  bench.layer("f1").bias_mean = -10;
  bench.layer("f2").bias_mean = -10;
  bench.layer("f2").output_spread = 0;
  const CheckFindings findings = initial_findings(bench.facts);
  BOOST_REQUIRE(findings.size() == 2);
  BOOST_TEST((findings[1].level == Level::change));
  check_advice(findings[1], {"model.layers.f2.init.bias={type: constant, value: 0}"});
}

BOOST_AUTO_TEST_CASE(advice_for_dead_rectifiers_is_never_what_is_set_already) {
  Bench bench;
  bench.layer("r2").dead_share = 0.95;
  check_advice(initial_findings(bench.facts).front(), {"model.layers.f2.weight_scale=1"});
  bench.layer("r1").dead_share = 0.95;  // behind he_normal without scale and bias
  check_advice(initial_findings(bench.facts).front(), {"seed=2"});
  bench.facts.network.input_mean = {3};
  check_advice(initial_findings(bench.facts).front(), {"data.normalize={mean: 3, std: 1}"});
}

BOOST_AUTO_TEST_CASE(saturating_weights_are_a_cause_in_every_layer_that_has_them) {
  Bench bench;
  bench.layer("r1").saturated_share = 0.9;
  bench.layer("r2").saturated_share = 0.9;
  bench.layer("f1").weight_rms *= 9;
  const CheckFindings one = initial_findings(bench.facts);
  BOOST_REQUIRE(one.size() == 2);
  BOOST_TEST((one[1].level == Level::consequence));
  bench.layer("f2").weight_rms *= 9;
  BOOST_TEST((initial_findings(bench.facts)[1].level == Level::change));
}

BOOST_AUTO_TEST_CASE(images_without_any_difference_are_not_normalized) {
  Bench bench;
  bench.facts.network.input_rms = 0;
  bench.facts.network.input_std = {0};
  const CheckFindings findings = initial_findings(bench.facts);
  check_one(findings, "constant_input", "data");
  BOOST_TEST(findings[0].changes.empty());
}

BOOST_AUTO_TEST_CASE(saturation_is_a_matter_of_the_weights_before_it) {
  Bench bench;
  bench.layer("r2").saturated_share = 0.7;
  const CheckFindings findings = initial_findings(bench.facts);
  check_one(findings, "saturated", "r2");
  check_advice(findings[0], {"model.layers.f2.init.weight={type: glorot_normal}",
                             "model.layers.f2.weight_scale=1"});
}

BOOST_AUTO_TEST_CASE(a_vanishing_signal_is_followed_from_the_input_until_enough_arrives) {
  Bench bench;
  bench.layer("f1").weight_rms *= 0.02;
  bench.layer("f2").weight_rms *= 0.02;
  bench.layer("out").weight_rms *= 0.02;
  bench.layer("out").output_spread = 2e-4;
  BOOST_TEST(initial_findings(bench.facts).empty());
  bench.layer("out").output_spread = 2e-7;  // 1e-5 after f1, 5e-4 after f2 as well
  const CheckFindings findings = initial_findings(bench.facts);
  BOOST_REQUIRE(findings.size() == 2);
  BOOST_TEST(findings[0].id == "signal_vanishes");
  BOOST_TEST(findings[0].where == "f1");
  BOOST_TEST(findings[1].where == "f2");
  BOOST_TEST(findings[0].message.find("sqrt(2 / 16 inputs) = 0.3536") != std::string::npos,
             findings[0].message);
}

BOOST_AUTO_TEST_CASE(an_exploding_signal_names_the_weights_that_are_too_large) {
  Bench bench;
  bench.layer("f2").weight_rms *= 50;
  bench.layer("out").output_rms = 50;
  bench.facts.network.loss = 60;
  const CheckFindings findings = initial_findings(bench.facts);
  check_one(findings, "signal_explodes", "f2");
  BOOST_TEST(findings[0].threshold == std::log(10.0));
}

BOOST_AUTO_TEST_CASE(large_outputs_of_large_inputs_are_the_inputs_matter) {
  Bench bench;
  bench.facts.network.input_rms = 100;
  bench.facts.network.input_std = {100};
  bench.layer("f1").weight_rms *= 4;
  bench.layer("out").output_rms = 100;
  check_one(initial_findings(bench.facts), "unscaled_input", "data.normalize");
}

BOOST_AUTO_TEST_CASE(of_wrong_gradients_the_one_nearest_to_the_output_is_the_cause) {
  Bench bench;
  bench.facts.gradients = {{.layer = "f1", .tensor = "weight", .norm = 2, .slope = 1},
                           {.layer = "f2", .tensor = "bias", .norm = 2, .slope = -2},
                           {.layer = "out", .tensor = "weight", .norm = 2, .slope = 1.9}};
  const CheckFindings findings = initial_findings(bench.facts);
  BOOST_REQUIRE(findings.size() == 2);
  BOOST_TEST(findings[0].id == "wrong_gradient");
  BOOST_TEST(findings[0].where == "f2");
  BOOST_TEST(findings[0].measured == 2);
  BOOST_TEST((findings[1].level == Level::consequence));
  BOOST_TEST(findings[1].where == "f1");
  bench.layer("out").output_rms = 50;  // differences of such a loss tell nothing
  BOOST_TEST(initial_findings(bench.facts).empty());
}

BOOST_AUTO_TEST_CASE(a_failed_trial_follows_from_what_was_found_before) {
  Bench bench;
  bench.layer("f2").has_equal_units = true;
  bench.facts.trial = Bench::trial(0.1);
  const CheckFindings findings = trial_findings(bench.facts, initial_findings(bench.facts));
  BOOST_REQUIRE(findings.size() == 1);
  BOOST_TEST(findings[0].id == "no_learning");
  BOOST_TEST((findings[0].level == Level::consequence));
}

BOOST_AUTO_TEST_CASE(the_rate_is_blamed_where_another_one_learns) {
  Bench bench;
  bench.facts.trial = {.steps = 3, .is_finite = false};
  bench.facts.broken_layer = "f2";
  bench.facts.rates = {{.peak = 0.05, .result = Bench::trial(0.7)},
                       {.peak = 0.005, .result = Bench::trial(0.9)},
                       {.peak = 5, .result = {.steps = 1, .is_finite = false}}};
  const CheckFindings findings = trial_findings(bench.facts, {});
  BOOST_REQUIRE(findings.size() == 3);
  BOOST_TEST(findings[0].id == "rate_too_high");
  check_advice(findings[0], {"learning_rate.peak=0.005"});
  BOOST_TEST(findings[1].id == "not_finite");
  BOOST_TEST(findings[1].where == "f2");
  BOOST_TEST(findings[1].measured == 4);
  BOOST_TEST((findings[1].level == Level::consequence));
  bench.facts.rates = {{.peak = 50, .result = Bench::trial(0.7)}};
  BOOST_TEST(trial_findings(bench.facts, {})[0].id == "rate_too_low");
}

BOOST_AUTO_TEST_CASE(labels_are_blamed_where_images_do_not_tell_them_either) {
  Bench bench;
  bench.facts.trial = Bench::trial(0.11);
  bench.facts.nearest_mean = 0.13;  // four deviations above 0.1 are 0.138
  const CheckFindings findings = trial_findings(bench.facts, {});
  BOOST_REQUIRE(findings.size() == 2);
  BOOST_TEST(findings[0].id == "shuffled_labels");
  BOOST_TEST(findings[0].changes.empty());
  bench.facts.nearest_mean = 0.15;
  BOOST_TEST(trial_findings(bench.facts, {})[0].id == "no_learning");
}

BOOST_AUTO_TEST_CASE(learning_is_half_the_way_to_the_nearest_class_mean) {
  Bench bench;
  BOOST_TEST(bench.facts.learns(Bench::trial(0.46)));
  BOOST_TEST(!bench.facts.learns(Bench::trial(0.44)));
  bench.facts.nearest_mean = 0.1;  // knows nothing: four deviations of 1,600 samples, 0.13
  BOOST_TEST(bench.facts.learns(Bench::trial(0.14)));
  BOOST_TEST(!bench.facts.learns(Bench::trial(0.12)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

#include "framework/training/diagnosis/learning_monitor.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <utility>
#include <vector>

namespace lockstep {
namespace {

// What it says, and after which steps, when each step's loss is `loss`.
std::vector<std::pair<Index, double>> said(LearningMonitor monitor, double loss, Index first = 1) {
  std::vector<std::pair<Index, double>> all;
  for (Index step = first; step <= 400; ++step) {
    const auto mean = monitor.on_step({.step = step, .loss = loss});
    if (mean) all.emplace_back(step, *mean);
  }
  return all;
}

constexpr double kHardly = 2.2;  // a loss near that of guessing among 10 classes, 2.3026
constexpr double kWell = 0.4;

// A layer with weights, its rectifier, and the output, all in good order.
std::vector<LayerRecord> healthy_layers() {
  return {{.layer = "c1", .gradient_rms = 0.1, .weight_rms = 1, .update_ratio = 1e-3},
          {.layer = "relu1", .dead_share = 0.3},
          {.layer = "out", .gradient_rms = 0.1, .weight_rms = 1, .update_ratio = 1e-3}};
}

// What a monitor says of layers after 300 steps with a loss, and of the same again.
std::vector<LayerWarning> warnings(const std::vector<LayerRecord>& layers, double loss = kHardly,
                                   double last_rate = 0.1) {
  LearningMonitor monitor(std::log(10.0), 0);
  for (Index step = 1; step <= 300; ++step) {
    monitor.on_step({.step = step, .loss = loss, .learning_rate = step < 300 ? 0.1 : last_rate});
  }
  std::vector<LayerWarning> all;
  for (int time = 0; time < 2; ++time) {
    if (const auto warning = monitor.on_evaluation({.step = 300, .layers = layers})) {
      all.push_back(*warning);
    }
  }
  return all;
}

void check_warning(const std::vector<LayerRecord>& layers, LayerProblem problem,
                   const std::string& layer, double measured) {
  const std::vector<LayerWarning> found = warnings(layers);
  BOOST_REQUIRE(found.size() == 1);
  BOOST_CHECK(found[0].problem == problem);
  BOOST_TEST(found[0].layer == layer);
  BOOST_TEST(found[0].measured == measured);
  BOOST_TEST(found[0].step == 300);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learning_monitor)

BOOST_AUTO_TEST_CASE(a_loss_that_stays_where_guessing_is_is_told_once) {
  const auto found = said(LearningMonitor(std::log(10.0), 0), 2.3125);  // 25 of them add up exactly
  BOOST_REQUIRE(found.size() == 1);
  BOOST_TEST(found[0].first == 100);
  BOOST_TEST(found[0].second == 2.3125);
  BOOST_TEST(LearningMonitor(std::log(10.0), 0).guessing_loss() == std::log(10.0));
}

BOOST_AUTO_TEST_CASE(a_loss_that_has_fallen_is_not) {
  BOOST_TEST(said(LearningMonitor(std::log(10.0), 0), 0.97 * std::log(10.0)).empty());
  BOOST_TEST(said(LearningMonitor(std::log(100.0), 0), 2.3125).empty());
}

BOOST_AUTO_TEST_CASE(a_long_warm_up_is_waited_for) {
  BOOST_TEST(said(LearningMonitor(std::log(10.0), 200), 3).at(0).first == 225);
}

BOOST_AUTO_TEST_CASE(a_resumed_training_is_judged_only_where_it_saw_all_the_steps) {
  BOOST_TEST(said(LearningMonitor(std::log(10.0), 0), 3, 76).size() == 1);
  BOOST_TEST(said(LearningMonitor(std::log(10.0), 0), 3, 77).empty());
}

BOOST_AUTO_TEST_CASE(healthy_layers_are_not_spoken_of) {
  BOOST_TEST(warnings(healthy_layers()).empty());
}

BOOST_AUTO_TEST_CASE(each_problem_of_a_layer_is_told_once) {
  auto layers = healthy_layers();
  layers[1].dead_share = 0.9;
  check_warning(layers, LayerProblem::dead_relus, "relu1", 0.9);
  layers[1] = {.layer = "tanh1", .saturated_share = 0.5};
  check_warning(layers, LayerProblem::saturated, "tanh1", 0.5);
  layers = healthy_layers();
  layers[2].update_ratio = 0.6;
  check_warning(layers, LayerProblem::update_too_large, "out", 0.6);
  layers[2].update_ratio = 1e-7;
  check_warning(layers, LayerProblem::update_too_small, "out", 1e-7);
}

BOOST_AUTO_TEST_CASE(what_explains_the_others_is_told_alone) {
  auto layers = healthy_layers();
  layers[0].has_equal_units = true;
  layers[1].dead_share = 1;
  layers[2].update_ratio = 0.6;
  check_warning(layers, LayerProblem::equal_units, "c1", 1);
}

BOOST_AUTO_TEST_CASE(units_of_the_output_layer_may_be_equal) {
  auto layers = healthy_layers();
  layers[2].has_equal_units = true;
  BOOST_TEST(warnings(layers).empty());
}

BOOST_AUTO_TEST_CASE(a_network_that_has_learned_is_warned_of_equal_units_only) {
  auto layers = healthy_layers();
  layers[1].dead_share = 1;
  layers[2].update_ratio = 0.6;
  BOOST_TEST(warnings(layers, kWell).empty());
  layers[0].has_equal_units = true;
  BOOST_TEST(warnings(layers, kWell).size() == 1);
}

BOOST_AUTO_TEST_CASE(small_updates_are_no_mistake_where_the_schedule_or_the_gradient_makes_them) {
  auto layers = healthy_layers();
  layers[0].update_ratio = 1e-7;
  BOOST_TEST(warnings(layers, kHardly, 0.1).size() == 1);
  BOOST_TEST(warnings(layers, kHardly, 0.001).empty());
  layers[0].gradient_rms = 0;
  BOOST_TEST(warnings(layers, kHardly, 0.1).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include "framework/core/random.hpp"
#include "tests/framework/layers/layer_run.hpp"
#include "tests/framework/layers/make_layer.hpp"

namespace lockstep {
namespace {

using namespace testing;

/// The output for inputs of 1: 1 / (1 - rate) where an element is kept, else 0.
LaneTensor run_on_ones(const Layer& layer, const PassContext& pass,
                       const std::vector<Index>& samples, std::size_t features) {
  LayerRun run(layer, {Shape{static_cast<Index>(features)}}, {.blocks = samples.size() / kLanes});
  run.inputs[0].fill(1.0F);
  run.pass = pass;
  run.samples = samples;
  run.forward();
  return std::move(run.output);
}

std::vector<Index> samples_from(Index first, std::size_t count) {
  std::vector<Index> samples;
  for (std::size_t n = 0; n < count; ++n) samples.push_back(first + static_cast<Index>(n));
  return samples;
}

std::vector<float> lane_of(const LaneTensor& tensor, std::size_t lane) {
  std::vector<float> values;
  for (std::size_t f = 0; f < tensor.features(); ++f) values.push_back(tensor.at(f, lane));
  return values;
}

const PassContext kTraining{.training = true, .seed = 5, .epoch = 2, .samples = {}};

BOOST_AUTO_TEST_SUITE(dropout)

BOOST_AUTO_TEST_CASE(an_elements_fate_is_the_draw_of_its_documented_key) {
  const auto layer = make_layer("dropout", {{"rate", "0.4"}});
  auto samples = samples_from(0, kLanes);
  samples[3] = (Index{7} << 32) + 9;
  const LaneTensor output = run_on_ones(*layer, kTraining, samples, 11);
  const RandomStream stream(5, {"dropout", "tried"});
  for (std::size_t e = 0; e < 11; ++e) {
    const RandomWords words = stream.words(static_cast<std::uint32_t>(e / 4), 9, 7, 2);
    const bool kept = double{uniform_unit(words[e % 4])} >= 0.4;
    BOOST_TEST(output.at(e, 3) == (kept ? static_cast<float>(1.0 / 0.6) : 0.0F));
  }
}

BOOST_AUTO_TEST_CASE(a_samples_fate_does_not_depend_on_its_lane_or_its_neighbours) {
  const auto layer = make_layer("dropout", {{"rate", "0.5"}});
  const LaneTensor first = run_on_ones(*layer, kTraining, samples_from(100, 32), 50);
  const LaneTensor second = run_on_ones(*layer, kTraining, samples_from(90, 48), 50);
  for (std::size_t n = 0; n < 32; ++n) {
    BOOST_TEST(first_difference(lane_of(first, n), lane_of(second, n + 10)) == kSame);
  }
}

BOOST_AUTO_TEST_CASE(seeds_epochs_samples_and_layers_have_fates_of_their_own) {
  const auto layer = make_layer("dropout", {{"rate", "0.5"}});
  const auto samples = samples_from(0, kLanes);
  const std::vector<float> base = run_on_ones(*layer, kTraining, samples, 64).values();
  PassContext other = kTraining;
  other.seed = 6;
  BOOST_TEST(first_difference(run_on_ones(*layer, other, samples, 64).values(), base) != kSame);
  other = kTraining;
  other.epoch = 3;
  BOOST_TEST(first_difference(run_on_ones(*layer, other, samples, 64).values(), base) != kSame);
  const Value settings = parse_settings({{"rate", "0.5"}});
  SettingsReader reader(settings, "layers.other");
  const auto renamed = find_layer_type("dropout").create("other", reader);
  BOOST_TEST(first_difference(run_on_ones(*renamed, kTraining, samples, 64).values(), base) !=
             kSame);
}

BOOST_AUTO_TEST_CASE(the_share_of_dropped_elements_is_the_rate) {
  const auto layer = make_layer("dropout", {{"rate", "0.3"}});
  const LaneTensor output = run_on_ones(*layer, kTraining, samples_from(0, 160), 1000);
  double dropped = 0;
  for (const float value : output.values()) dropped += value == 0.0F ? 1.0 : 0.0;
  // 160,000 draws: five standard deviations of the share are 0.0057.
  BOOST_TEST(std::abs(dropped / 160'000.0 - 0.3) < 0.0057);
}

BOOST_AUTO_TEST_CASE(outside_training_it_changes_nothing) {
  const auto layer = make_layer("dropout", {{"rate", "0.9"}});
  PassContext inference = kTraining;
  inference.training = false;
  const LaneTensor output = run_on_ones(*layer, inference, samples_from(0, kLanes), 40);
  for (const float value : output.values()) BOOST_TEST(value == 1.0F);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

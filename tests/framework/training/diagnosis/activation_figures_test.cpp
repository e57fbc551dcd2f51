#include "framework/training/diagnosis/activation_figures.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>

namespace lockstep {
namespace {

constexpr std::size_t kFeatures = 4;
constexpr std::size_t kBlocks = 2;

// Feature f of sample n is value[f][n % 3], and 1000 in the lanes behind the samples.
struct Batch {
  alignas(64) std::array<float, kFeatures * kBlocks * kLanes> memory{};
  std::size_t samples;

  Batch(std::size_t count, const std::array<std::array<float, 3>, kFeatures>& values)
      : samples(count) {
    const LaneView view = blocked_view(memory.data(), kFeatures, kBlocks);
    for (std::size_t f = 0; f < kFeatures; ++f) {
      for (std::size_t n = 0; n < kBlocks * kLanes; ++n) {
        view.at(f, n / kLanes)[n % kLanes] = n < samples ? values.at(f).at(n % 3) : 1000;
      }
    }
  }
  ActivationFigures figures(std::string_view type, std::size_t units = 1) const {
    return activation_figures({.values = blocked_view(memory.data(), kFeatures, kBlocks),
                               .samples = samples,
                               .type = type,
                               .units = units});
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(activation_figures_of_a_batch)

BOOST_AUTO_TEST_CASE(means_and_zeros_are_those_of_the_samples_alone) {
  for (const std::size_t samples : {3U, 18U, 21U}) {  // within a block, and beyond it
    const ActivationFigures found =
        Batch(samples, {{{1, 2, 3}, {0, 0, 6}, {-1, -1, -1}, {0, 0, 0}}}).figures("conv2d");
    BOOST_TEST(found.mean == 0.75);  // (6 + 6 - 3 + 0) / 12
    BOOST_TEST(found.rms == std::sqrt((14.0 + 36 + 3) / 12));
    BOOST_TEST(found.zero_share == 5.0 / 12);
    // Variances 2/3, 8, 0 and 0.
    BOOST_TEST(found.spread == std::sqrt((2.0 / 3 + 8) / 4), boost::test_tools::tolerance(1e-12));
  }
}

BOOST_AUTO_TEST_CASE(a_unit_is_dead_where_all_its_features_are_zero_for_all_samples) {
  const Batch batch(21, {{{0, 0, 0}, {0, 0, 0}, {0, 0, 1}, {0, 0, 0}}});
  BOOST_TEST(batch.figures("relu", 4).dead_share == 0.75);
  BOOST_TEST(batch.figures("relu", 2).dead_share == 0.5);
  BOOST_TEST(std::isnan(batch.figures("conv2d", 4).dead_share));
}

BOOST_AUTO_TEST_CASE(outputs_within_2_percent_of_a_bound_are_saturated) {
  const Batch batch(18,
                    {{{0.97F, 0.99F, -0.99F}, {1.69F, -1.69F, 1.67F}, {0.01F, 0.5F, 0.03F}, {}}});
  BOOST_TEST(batch.figures("tanh").saturated_share == 5.0 / 12);
  BOOST_TEST(batch.figures("scaled_tanh").saturated_share == 2.0 / 12);
  BOOST_TEST(batch.figures("sigmoid").saturated_share == 9.0 / 12);
  BOOST_TEST(std::isnan(batch.figures("relu").saturated_share));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

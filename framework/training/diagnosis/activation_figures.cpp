#include "framework/training/diagnosis/activation_figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace lockstep {
namespace {

struct Range {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

// The outputs of a squashing function that are more than 2 % away from its bounds.
Range steep_range(std::string_view type) {
  constexpr float kBoundOfScaledTanh = 1.7159F;  // LeCun et al. 1998, appendix A
  constexpr float kSteep = 0.98F;
  if (type == "tanh") return {-kSteep, kSteep};
  if (type == "scaled_tanh") return {-kSteep * kBoundOfScaledTanh, kSteep * kBoundOfScaledTanh};
  if (type == "sigmoid") return {1 - kSteep, kSteep};
  return {};
}

// The sums of one feature.
struct FeatureSums {
  double sum = 0;
  double squares = 0;
  double zeros = 0;
  double outside = 0;
};

// One sum per lane, so that a block takes a few vector operations.
class LaneSums {
 public:
  explicit LaneSums(const Range& range) : range_(range) {}

  void add(const float* lanes) { add(lanes, kLanes); }
  void add(const float* lanes, std::size_t count) {
    for (std::size_t lane = 0; lane < count; ++lane) {
      const auto x = static_cast<double>(lanes[lane]);
      sum_[lane] += x;
      squares_[lane] += x * x;
      zeros_[lane] += lanes[lane] == 0 ? 1 : 0;
      outside_[lane] += lanes[lane] < range_.low || lanes[lane] > range_.high ? 1 : 0;
    }
  }
  FeatureSums total() const {
    return {total(sum_), total(squares_), total(zeros_), total(outside_)};
  }

 private:
  using Lanes = std::array<double, kLanes>;

  Range range_;
  Lanes sum_{};
  Lanes squares_{};
  Lanes zeros_{};
  Lanes outside_{};

  static double total(const Lanes& lanes) {
    return std::accumulate(lanes.begin(), lanes.end(), 0.0);
  }
};

FeatureSums sums_of(const ActivationBatch& batch, std::size_t feature, const Range& range) {
  LaneSums sums(range);
  const std::size_t whole = batch.samples / kLanes;
  for (std::size_t b = 0; b < whole; ++b) sums.add(batch.values.at(feature, b));
  const std::size_t rest = batch.samples % kLanes;
  if (rest != 0) sums.add(batch.values.at(feature, whole), rest);
  return sums.total();
}

double variance_of(const FeatureSums& sums, double samples) {
  const double mean = sums.sum / samples;
  return std::max(0.0, sums.squares / samples - mean * mean);
}

}  // namespace

ActivationFigures activation_figures(const ActivationBatch& batch) {
  const Range range = steep_range(batch.type);
  const auto samples = static_cast<double>(batch.samples);
  const std::size_t unit_size = batch.values.features / batch.units;
  FeatureSums all;
  double variance = 0;
  double unit_squares = 0;
  double dead = 0;
  for (std::size_t f = 0; f < batch.values.features; ++f) {
    const FeatureSums sums = sums_of(batch, f, range);
    all.sum += sums.sum;
    all.squares += sums.squares;
    all.zeros += sums.zeros;
    all.outside += sums.outside;
    variance += variance_of(sums, samples);
    unit_squares += sums.squares;
    if ((f + 1) % unit_size != 0) continue;
    dead += unit_squares > 0 ? 0 : 1;
    unit_squares = 0;
  }
  const auto features = static_cast<double>(batch.values.features);
  const double count = features * samples;
  ActivationFigures figures{.rms = std::sqrt(all.squares / count),
                            .mean = all.sum / count,
                            .spread = std::sqrt(variance / features),
                            .zero_share = all.zeros / count};
  if (batch.type == "relu") figures.dead_share = dead / static_cast<double>(batch.units);
  if (std::isfinite(range.low)) figures.saturated_share = all.outside / count;
  return figures;
}

}  // namespace lockstep

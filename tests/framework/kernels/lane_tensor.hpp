#pragma once

// What kernel and layer tests share: activations that own their memory, in either layout, and
// comparisons of bits.

#include <bit>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/core/lane_view.hpp"
#include "framework/kernels/isa.hpp"

namespace lockstep::testing {

enum class Layout { blocked, whole };
inline constexpr Layout kLayouts[] = {Layout::blocked, Layout::whole};

inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Numbers in [-1, 1), a pure function of the seed.
inline std::vector<float> random_values(std::size_t count, std::uint32_t seed) {
  std::mt19937 engine(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(engine() >> 8U) * 0x1p-23F - 1.0F;
  return values;
}

/// An activation (features x blocks x 16 lanes) with its memory, NaN at first.
class LaneTensor {
 public:
  LaneTensor(std::size_t features, std::size_t blocks, Layout layout)
      : memory_(features * blocks * kLanes), layout_(layout), features_(features), blocks_(blocks) {
    fill(kNan);
  }

  /// The same numbers for the same features, lanes and seed in either layout.
  static LaneTensor random(std::size_t features, std::size_t blocks, Layout layout,
                           std::uint32_t seed) {
    LaneTensor tensor(features, blocks, layout);
    const std::vector<float> values = random_values(features * blocks * kLanes, seed);
    for (std::size_t f = 0; f < features; ++f) {
      for (std::size_t lane = 0; lane < blocks * kLanes; ++lane) {
        tensor.at(f, lane) = values[lane * features + f];
      }
    }
    return tensor;
  }

  std::size_t features() const { return features_; }
  std::size_t lanes() const { return blocks_ * kLanes; }

  LaneView view() { return make_view<float>(memory_.span().data()); }
  ConstLaneView view() const { return make_view<const float>(memory_.span().data()); }

  float& at(std::size_t feature, std::size_t lane) {
    return view().at(feature, lane / kLanes)[lane % kLanes];
  }
  float at(std::size_t feature, std::size_t lane) const {
    return view().at(feature, lane / kLanes)[lane % kLanes];
  }

  void fill(float value) {
    for (float& element : memory_.span()) element = value;
  }

  /// All elements, features outermost, whatever the layout.
  std::vector<float> values() const {
    std::vector<float> all;
    for (std::size_t f = 0; f < features_; ++f) {
      for (std::size_t lane = 0; lane < lanes(); ++lane) all.push_back(at(f, lane));
    }
    return all;
  }

  /// All features of one lane.
  std::vector<float> lane(std::size_t lane) const {
    std::vector<float> values;
    for (std::size_t f = 0; f < features_; ++f) values.push_back(at(f, lane));
    return values;
  }

 private:
  template <class T>
  BasicLaneView<T> make_view(T* data) const {
    return layout_ == Layout::blocked ? blocked_view(data, features_, blocks_)
                                      : whole_view(data, features_, blocks_);
  }

  AlignedBuffer<float> memory_;
  Layout layout_;
  std::size_t features_;
  std::size_t blocks_;
};

inline constexpr std::size_t kSame = static_cast<std::size_t>(-1);

/// The first place where two lists of numbers differ in a bit; kSame if there is none.
inline std::size_t first_difference(std::span<const float> left, std::span<const float> right) {
  if (left.size() != right.size()) return 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(left[i]) != std::bit_cast<std::uint32_t>(right[i])) return i;
  }
  return kSame;
}

/// Runs a check once with each instruction set that this machine has, named in the messages.
inline void for_each_isa(const std::function<void()>& check) {
  const std::vector<std::string> isas = available_isas();
  for (const std::string& isa : isas) {
    BOOST_TEST_CONTEXT("instruction set " << isa) {
      force_isa(isa);
      check();
    }
  }
  force_isa(isas.front());
}

}  // namespace lockstep::testing

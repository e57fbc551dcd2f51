#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace lockstep {

/// Counts and positions of samples, elements and steps, and the extents of shapes.
using Index = std::int64_t;

/// The product of positive factors.
/// @throws Error (usage) beyond 2^48. No machine holds or computes that much, and sums of such
///         products still fit an Index.
Index checked_product(std::span<const Index> factors);

/// The extents of one sample's activation, (C, H, W) or (F), or of a parameter, OIHW, OI or O.
///
/// Row-major: the last extent varies fastest. Extents are positive.
class Shape {
 public:
  static constexpr std::size_t kMaxRank = 4;

  Shape() = default;
  Shape(std::initializer_list<Index> extents);
  explicit Shape(std::span<const Index> extents);

  std::size_t rank() const { return rank_; }
  Index operator[](std::size_t axis) const { return extents_[axis]; }
  std::span<const Index> extents() const { return {extents_.data(), rank_}; }

  /// Number of elements; 1 for rank 0. @throws Error (usage) beyond 2^48
  Index size() const;

  /// "6x24x24"
  std::string to_string() const;

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<Index, kMaxRank> extents_{};
  std::size_t rank_ = 0;
};

}  // namespace lockstep

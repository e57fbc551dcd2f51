#include "framework/core/shape.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lockstep {

Shape::Shape(std::initializer_list<Index> extents)
    : Shape(std::span<const Index>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const Index> extents) : rank_(extents.size()) {
  assert(extents.size() <= kMaxRank);
  assert(std::all_of(extents.begin(), extents.end(), [](Index extent) { return extent > 0; }));
  std::copy(extents.begin(), extents.end(), extents_.begin());
}

Index Shape::size() const {
  Index product = 1;
  for (const Index extent : extents()) product *= extent;
  return product;
}

std::string Shape::to_string() const { return fmt::format("{}", fmt::join(extents(), "x")); }

}  // namespace lockstep

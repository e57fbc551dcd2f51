#include "framework/core/shape.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "framework/core/error.hpp"

namespace lockstep {

Index checked_product(std::span<const Index> factors) {
  constexpr Index kLimit = Index{1} << 48;
  Index product = 1;
  for (const Index factor : factors) {
    if (factor > kLimit / product) {
      throw Error(errors::kTooLarge,
                  fmt::format("{} is more than 2^48, which is beyond any machine; make the layer "
                              "smaller.",
                              fmt::join(factors, " * ")));
    }
    product *= factor;
  }
  return product;
}

Shape::Shape(std::initializer_list<Index> extents)
    : Shape(std::span<const Index>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const Index> extents) : rank_(extents.size()) {
  assert(extents.size() <= kMaxRank);
  assert(std::all_of(extents.begin(), extents.end(), [](Index extent) { return extent > 0; }));
  std::copy(extents.begin(), extents.end(), extents_.begin());
}

Index Shape::size() const { return checked_product(extents()); }

std::string Shape::to_string() const { return fmt::format("{}", fmt::join(extents(), "x")); }

}  // namespace lockstep

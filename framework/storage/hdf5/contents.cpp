#include "framework/storage/hdf5/contents.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <functional>
#include <numeric>

#include "framework/core/error.hpp"

namespace lockstep {

std::string_view to_string(Hdf5Element element) {
  constexpr std::array<std::string_view, 12> kNames = {
      "int8",  "uint8",  "int16",   "uint16",  "int32", "uint32",
      "int64", "uint64", "float32", "float64", "text",  "unsupported"};
  return kNames[static_cast<std::size_t>(element)];
}

std::string to_string(const Hdf5Extents& extents) {
  return fmt::format("({})", fmt::join(extents, ", "));
}

namespace hdf5 {

void refuse(const Where& where, const std::string& reason) {
  throw Error(errors::kDamagedFile, fmt::format("{}: {} {}.", where.file, where.object, reason));
}

std::size_t count_of(const Hdf5Extents& extents) {
  return static_cast<std::size_t>(
      std::accumulate(extents.begin(), extents.end(), Index{1}, std::multiplies<>()));
}

std::size_t bytes_of(Hdf5Element element) {
  constexpr std::array<std::size_t, 10> kBytes = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
  return kBytes.at(static_cast<std::size_t>(element));
}

void require_element(bool right, Hdf5Element found, std::string_view expected, const Where& where) {
  if (right) return;
  refuse(where, fmt::format("holds {} values, expected {}", to_string(found), expected));
}

}  // namespace hdf5
}  // namespace lockstep

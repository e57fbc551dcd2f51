#include "data/images/image_set.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <utility>

namespace lockstep {
namespace {

[[maybe_unused]] std::size_t pixel_count(const Pixels& pixels) {
  return std::visit([](const auto& values) { return values.size(); }, pixels);
}

/// The pixels, owned or not.
template <class Pixel>
std::span<const Pixel> values_of(const Pixels& pixels) {
  if (const auto* const own = std::get_if<std::vector<Pixel>>(&pixels)) return *own;
  return *std::get_if<std::span<const Pixel>>(&pixels);
}

/// Little-endian, whatever the machine.
void update_with_number(DigestStream& stream, std::uint64_t number) {
  std::array<std::byte, 8> bytes{};
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(number & 0xffU);
    number >>= 8U;
  }
  stream.update(bytes);
}

}  // namespace

ImageSet::ImageSet(ImageSetParts parts) : parts_(std::move(parts)) {
  assert(parts_.sample_shape.rank() == 3);
  assert(pixel_count(parts_.pixels) ==
         parts_.labels.size() * static_cast<std::size_t>(parts_.sample_shape.size()));
  assert(std::all_of(parts_.labels.begin(), parts_.labels.end(),
                     [&](Label label) { return label < parts_.classes; }));
  if (!parts_.digest) parts_.digest = digest_of_content();
}

std::span<const std::uint8_t> ImageSet::bytes() const {
  assert(has_bytes());
  return values_of<std::uint8_t>(parts_.pixels);
}

std::span<const float> ImageSet::floats() const {
  assert(!has_bytes());
  return values_of<float>(parts_.pixels);
}

ImageSet ImageSet::with_classes(Index classes) && {
  assert(classes >= parts_.classes);
  parts_.classes = classes;
  return std::move(*this);
}

Digest ImageSet::digest_of_content() const {
  DigestStream stream;
  update_with_number(stream, has_bytes() ? 1 : 4);  // bytes per pixel
  update_with_number(stream, static_cast<std::uint64_t>(size()));
  for (const Index extent : sample_shape().extents()) {
    update_with_number(stream, static_cast<std::uint64_t>(extent));
  }
  stream.update(std::as_bytes(labels()));
  stream.update(has_bytes() ? std::as_bytes(bytes()) : std::as_bytes(floats()));
  return stream.finish();
}

Index classes_of(std::span<const Label> labels) {
  constexpr Index kDigits = 10;
  const auto largest = std::max_element(labels.begin(), labels.end());
  return largest == labels.end() ? kDigits : std::max<Index>(kDigits, Index{*largest} + 1);
}

}  // namespace lockstep

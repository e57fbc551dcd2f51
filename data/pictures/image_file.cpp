#include "data/pictures/image_file.hpp"

#include <fmt/format.h>
#include <stb_image.h>
#include <stb_image_write.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "data/formats/inflating_reader.hpp"
#include "data/pictures/pgm.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/files/descriptor.hpp"

namespace lockstep {
namespace {

constexpr std::int64_t kLargestFile = std::int64_t{64} << 20;
constexpr std::array<std::uint8_t, 8> kPngSignature = {0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a};
constexpr std::array<std::uint8_t, 3> kJpegSignature = {0xff, 0xd8, 0xff};

using Bytes = std::span<const std::uint8_t>;

bool begins_with(Bytes content, Bytes signature) {
  return content.size() >= signature.size() &&
         std::equal(signature.begin(), signature.end(), content.begin());
}

[[noreturn]] void refuse(const std::filesystem::path& path, std::string_view sentence) {
  throw Error(errors::kPicture, fmt::format("{}: {}", path.string(), sentence));
}

/// A red, green or blue value with its alpha, laid over white paper.
std::uint32_t over_white(std::uint32_t value, std::uint32_t alpha) {
  return (value * alpha + 255 * (255 - alpha) + 127) / 255;
}

PixelImage from_rgba(Bytes rgba, PixelImage image) {
  const std::size_t plane = rgba.size() / 4;
  image.pixels.resize(plane * static_cast<std::size_t>(image.channels));
  for (std::size_t i = 0; i < plane; ++i) {
    const Bytes pixel = rgba.subspan(4 * i, 4);
    const std::uint32_t red = over_white(pixel[0], pixel[3]);
    const std::uint32_t green = over_white(pixel[1], pixel[3]);
    const std::uint32_t blue = over_white(pixel[2], pixel[3]);
    if (image.channels == 1) {
      image.pixels[i] = static_cast<std::uint8_t>((77 * red + 150 * green + 29 * blue) >> 8U);
    } else {
      image.pixels[i] = static_cast<std::uint8_t>(red);
      image.pixels[plane + i] = static_cast<std::uint8_t>(green);
      image.pixels[2 * plane + i] = static_cast<std::uint8_t>(blue);
    }
  }
  return image;
}

std::size_t big_endian(Bytes bytes) {
  std::size_t value = 0;
  for (const std::uint8_t byte : bytes.first(4)) value = value << 8U | byte;
  return value;
}

/// Whether a PNG's pixels inflate to no more than its header says: the decoder would follow them to
/// any size. A chunk is its length, 4 letters, its content and a checksum.
bool pixels_match_header(Bytes png, std::size_t rows, std::size_t columns) {
  constexpr std::size_t kMostBytesPerPixel = 8;
  constexpr std::size_t kFrame = 12;  // of a chunk, around its content
  constexpr std::string_view kPixels = "IDAT";
  std::vector<Bytes> pieces;
  Bytes rest = png.subspan(kPngSignature.size());
  while (rest.size() >= kFrame) {
    const std::size_t length = std::min(big_endian(rest), rest.size() - kFrame);
    if (std::equal(kPixels.begin(), kPixels.end(), rest.begin() + 4)) {
      pieces.push_back(rest.subspan(8, length));
    }
    rest = rest.subspan(length + kFrame);
  }
  // Interlaced pictures have up to twice as many rows, each with a byte in front.
  return inflates_within(pieces, rows * (columns * kMostBytesPerPixel + 2) + columns + 16);
}

/// Only PNG and JPEG files come here: the decoder's other formats are never tried.
PixelImage decode(const std::filesystem::path& path, Bytes content, Index channels) {
  const int size = static_cast<int>(content.size());
  int columns = 0;
  int rows = 0;
  int stored_channels = 0;
  if (stbi_info_from_memory(content.data(), size, &columns, &rows, &stored_channels) == 0) {
    refuse(path,
           fmt::format("expected a whole picture, found a damaged header ({}); save it again.",
                       stbi_failure_reason()));
  }
  if (columns < 1 || rows < 1 || columns > kLargestExtent || rows > kLargestExtent) {
    refuse(path, fmt::format("expected at most {} rows and columns, found {} x {}; scale it down.",
                             kLargestExtent, rows, columns));
  }
  if (begins_with(content, kPngSignature) &&
      !pixels_match_header(content, static_cast<std::size_t>(rows),
                           static_cast<std::size_t>(columns))) {
    refuse(path,
           "expected the number of pixels that its header says, found another; save it again.");
  }
  constexpr int kRedGreenBlueAlpha = 4;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> rgba(
      stbi_load_from_memory(content.data(), size, &columns, &rows, &stored_channels,
                            kRedGreenBlueAlpha),
      &stbi_image_free);
  if (rgba == nullptr) {
    refuse(path, fmt::format("expected a whole picture, found a damaged one ({}); save it again.",
                             stbi_failure_reason()));
  }
  const std::size_t bytes = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) *
                            static_cast<std::size_t>(kRedGreenBlueAlpha);
  return from_rgba(Bytes(rgba.get(), bytes),
                   {.channels = channels, .rows = rows, .columns = columns, .pixels = {}});
}

PixelImage repeated(const PixelImage& grey, Index channels) {
  PixelImage image{channels, grey.rows, grey.columns, {}};
  for (Index c = 0; c < channels; ++c) {
    image.pixels.insert(image.pixels.end(), grey.pixels.begin(), grey.pixels.end());
  }
  return image;
}

}  // namespace

PixelImage read_image_file(const std::filesystem::path& path, Index channels) {
  if (channels != 1 && channels != 3) {
    throw Error(errors::kPictureShape,
                fmt::format("{}: expected a model for 1 (grey) or 3 (colour) channels, found {}; "
                            "pictures cannot be made into its input.",
                            path.string(), channels));
  }
  const std::vector<std::byte> file = read_whole_file(path, kLargestFile);
  const Bytes content(reinterpret_cast<const std::uint8_t*>(file.data()), file.size());
  if (is_pgm(content)) return repeated(read_pgm(path, content), channels);
  if (begins_with(content, kPngSignature) || begins_with(content, kJpegSignature)) {
    return decode(path, content, channels);
  }
  refuse(path, fmt::format("expected a PNG, JPEG or PGM picture, found {}; convert it first.",
                           content.empty() ? "an empty file" : "something else"));
}

std::vector<std::uint8_t> encode_png(const PixelImage& image) {
  const auto plane = static_cast<std::size_t>(image.rows * image.columns);
  const auto channels = static_cast<std::size_t>(image.channels);
  std::vector<std::uint8_t> interleaved(image.pixels.size());
  for (std::size_t i = 0; i < interleaved.size(); ++i) {
    interleaved[i] = image.pixels[i % channels * plane + i / channels];
  }
  std::vector<std::uint8_t> file;
  const auto append = [](void* context, void* data, int size) {
    const auto* const bytes = static_cast<const std::uint8_t*>(data);
    auto& to = *static_cast<std::vector<std::uint8_t>*>(context);
    to.insert(to.end(), bytes, bytes + size);
  };
  const int columns = static_cast<int>(image.columns);
  const int all_channels = static_cast<int>(image.channels);
  stbi_write_png_to_func(append, &file, columns, static_cast<int>(image.rows), all_channels,
                         interleaved.data(), columns * all_channels);
  return file;
}

}  // namespace lockstep

#include "data/pictures/pgm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "data/pictures/image_file.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

bool is_blank(std::uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }
bool is_digit(std::uint8_t byte) { return byte >= '0' && byte <= '9'; }

/// Reads the numbers of a PGM file, one after the other.
class PgmReader {
 public:
  PgmReader(const std::filesystem::path& path, std::span<const std::uint8_t> content)
      : path_(path), content_(content) {}

  /// A decimal number after blanks and comments ("# ..." to the end of its line).
  Index number(std::string_view what, Index lowest, Index highest) {
    skip_blanks();
    if (at_ == content_.size()) refuse(what, "the end of the file");
    if (!is_digit(content_[at_])) refuse(what, fmt::format("the byte {}", content_[at_]));
    Index value = 0;
    while (at_ < content_.size() && is_digit(content_[at_])) {
      value = 10 * value + (content_[at_++] - '0');
      if (value > highest) refuse(what, fmt::format("a number above {}", highest));
    }
    if (value < lowest) refuse(what, fmt::format("{}", value));
    return value;
  }

  Index binary(std::string_view what, std::size_t bytes, Index highest) {
    Index value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      if (at_ == content_.size()) refuse(what, "the end of the file");
      value = 256 * value + content_[at_++];
    }
    if (value > highest) refuse(what, fmt::format("a number above {}", highest));
    return value;
  }

  /// Goes to the raster of `bytes` bytes, one blank after the header, which must reach to the end
  /// of the file. Programs on Windows write two blanks, CR LF.
  void raster(std::size_t bytes) {
    const std::size_t left = content_.size() - at_;
    if (left > 0 && !is_blank(content_[at_]))
      refuse("a blank", fmt::format("the byte {}", content_[at_]));
    const bool two = left == bytes + 2 && content_[at_] == '\r' && content_[at_ + 1] == '\n';
    at_ = std::min(at_ + (two ? 2 : 1), content_.size());
    if (content_.size() - at_ > bytes) {
      at_ += bytes;
      refuse("the end", fmt::format("{} more bytes", content_.size() - at_));
    }
  }

 private:
  void skip_blanks() {
    while (at_ < content_.size() && (is_blank(content_[at_]) || content_[at_] == '#')) {
      if (content_[at_] == '#') {
        while (at_ < content_.size() && content_[at_] != '\n') ++at_;
      } else {
        ++at_;
      }
    }
  }

  [[noreturn]] void refuse(std::string_view expected, std::string_view found) const {
    throw Error(errors::kPicture,
                fmt::format("{}: expected {} of a PGM image at byte {}, found {}; the file is "
                            "damaged, save it again.",
                            path_.string(), expected, at_, found));
  }

  const std::filesystem::path& path_;
  std::span<const std::uint8_t> content_;
  std::size_t at_ = 2;  // behind "P2" or "P5"
};

}  // namespace

bool is_pgm(std::span<const std::uint8_t> content) {
  return content.size() >= 3 && content[0] == 'P' && (content[1] == '2' || content[1] == '5') &&
         (is_blank(content[2]) || content[2] == '#');
}

PixelImage read_pgm(const std::filesystem::path& path, std::span<const std::uint8_t> content) {
  PgmReader reader(path, content);
  const bool ascii = content[1] == '2';
  PixelImage image{.channels = 1, .rows = 0, .columns = 0, .pixels = {}};
  image.columns = reader.number("a width", 1, kLargestExtent);
  image.rows = reader.number("a height", 1, kLargestExtent);
  const Index maximum = reader.number("a largest value", 1, 65535);
  const std::size_t bytes = maximum > 255 ? 2 : 1;
  const Index size = image.rows * image.columns;
  if (!ascii) reader.raster(static_cast<std::size_t>(size) * bytes);
  for (Index i = 0; i < size; ++i) {
    const Index value =
        ascii ? reader.number("a pixel", 0, maximum) : reader.binary("a pixel", bytes, maximum);
    image.pixels.push_back(static_cast<std::uint8_t>((value * 255 + maximum / 2) / maximum));
  }
  return image;
}

}  // namespace lockstep

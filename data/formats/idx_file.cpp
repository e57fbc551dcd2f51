#include "data/formats/idx_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "data/formats/inflating_reader.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/files/atomic_file.hpp"

namespace lockstep {
namespace {

constexpr std::uint32_t kImageMagic = 0x00000803;
constexpr std::uint32_t kLabelMagic = 0x00000801;
constexpr std::size_t kPiece = 1 << 20;  // content is taken in pieces of this many bytes

/// What a file is expected to be.
struct Expected {
  std::uint32_t magic;
  std::string_view noun;
  std::string_view other_noun;  // what it is easily mistaken for
  std::uint32_t other_magic;
  std::size_t dimensions;

  std::size_t header_bytes() const { return 4 + 4 * dimensions; }
};

constexpr Expected kImages{kImageMagic, "images", "labels", kLabelMagic, 3};
constexpr Expected kLabels{kLabelMagic, "labels", "images", kImageMagic, 1};

struct Header {
  std::array<std::uint64_t, 3> extents{1, 1, 1};
  std::uint64_t content = 0;  // bytes that follow
};

[[noreturn]] void refuse(const std::filesystem::path& path, std::string_view sentence) {
  throw Error(errors::kDamagedData, fmt::format("{}: {}", path.string(), sentence));
}

std::uint32_t big_endian(std::span<const std::uint8_t> bytes) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : bytes.first(4)) value = (value << 8U) | byte;
  return value;
}

void check_magic(const std::filesystem::path& path, std::uint32_t magic, const Expected& expected) {
  if (magic == expected.magic) return;
  if (magic == expected.other_magic) {
    refuse(path, fmt::format("expected IDX {0}, found IDX {1}; give the file of {0} (are the two "
                             "swapped?).",
                             expected.noun, expected.other_noun));
  }
  refuse(path, fmt::format("expected IDX {} (beginning with the bytes {:08x}), found {:08x}; give "
                           "an IDX file of bytes, raw or gzipped.",
                           expected.noun, expected.magic, magic));
}

std::uint64_t product_of(const std::filesystem::path& path,
                         std::span<const std::uint64_t> extents) {
  std::uint64_t product = 1;
  for (const std::uint64_t extent : extents) {
    if (extent == 0) {
      refuse(path, fmt::format("expected sizes of at least 1, found {} in its header; the file is "
                               "empty or damaged, fetch it again.",
                               fmt::join(extents, " x ")));
    }
    if (product > static_cast<std::uint64_t>(std::numeric_limits<Index>::max()) / extent) {
      refuse(path, fmt::format("expected a size that can be counted, found {} in its header; the "
                               "file is damaged, fetch it again.",
                               fmt::join(extents, " x ")));
    }
    product *= extent;
  }
  return product;
}

Header read_header(InflatingReader& reader, const Expected& expected) {
  std::array<std::uint8_t, 16> bytes{};
  const std::size_t wanted = expected.header_bytes();
  const std::size_t got = reader.read(std::span(bytes).first(wanted));
  // The first four bytes of a short file still tell whether it is of the other kind.
  if (got >= 4) check_magic(reader.path(), big_endian(bytes), expected);
  if (got < wanted) {
    refuse(
        reader.path(),
        fmt::format("expected an IDX header of {} bytes, found {}; the file is {}, fetch it again.",
                    wanted, got, got == 0 ? "empty" : "cut short"));
  }
  Header header;
  const auto extents = std::span(header.extents).first(expected.dimensions);
  for (std::size_t d = 0; d < extents.size(); ++d) {
    extents[d] = big_endian(std::span(bytes).subspan(4 + 4 * d));
  }
  header.content = product_of(reader.path(), extents);
  return header;
}

/// Refuses a claim that the file cannot keep, before any memory is allocated for it.
void check_claim(const InflatingReader& reader, const Header& header, std::size_t header_bytes) {
  const std::uint64_t claimed = header.content + header_bytes;
  const std::uint64_t possible = reader.largest_content();
  if (reader.gzipped() ? claimed <= possible : claimed == possible) return;
  if (reader.gzipped()) {
    refuse(reader.path(), fmt::format("expected {} bytes as its header says, found a gzip file of "
                                      "{} bytes, which cannot hold that many; fetch it again.",
                                      claimed, reader.file_size()));
  }
  refuse(reader.path(),
         fmt::format("expected {} bytes as its header says, found {}, {}; fetch it again.", claimed,
                     possible, possible < claimed ? "the end is missing" : "it is too long"));
}

std::vector<std::uint8_t> read_content(InflatingReader& reader, std::uint64_t size) {
  std::vector<std::uint8_t> content;
  try {
    content.reserve(size);
  } catch (const std::exception&) {  // bad_alloc or length_error
    refuse(reader.path(),
           fmt::format("expected a size that fits into memory, found {} bytes in its "
                       "header; use a machine with more memory or a smaller file.",
                       size));
  }
  while (content.size() < size) {
    const std::size_t before = content.size();
    const std::size_t piece = std::min<std::uint64_t>(kPiece, size - before);
    content.resize(before + piece);
    const std::size_t got = reader.read(std::span(content).last(piece));
    if (got < piece) {
      refuse(
          reader.path(),
          fmt::format(
              "expected {} bytes after its header, found {}; the end is missing, fetch it again.",
              size, before + got));
    }
  }
  std::array<std::uint8_t, 1> beyond{};
  if (reader.read(beyond) != 0) {
    refuse(
        reader.path(),
        fmt::format(
            "expected {} bytes after its header, found more; the file is damaged, fetch it again.",
            size));
  }
  return content;
}

struct Contents {
  Header header;
  std::vector<std::uint8_t> bytes;
};

Contents read_idx(const std::filesystem::path& path, const Expected& expected) {
  InflatingReader reader(path);
  const Header header = read_header(reader, expected);
  check_claim(reader, header, expected.header_bytes());
  return {header, read_content(reader, header.content)};
}

void check_labels(const IdxSetRequest& request, std::span<const std::uint8_t> labels,
                  Index classes) {
  const auto bad = std::find_if(labels.begin(), labels.end(),
                                [&](std::uint8_t label) { return label >= classes; });
  if (bad == labels.end()) return;
  refuse(request.labels, fmt::format("expected labels below {}, found {} at sample {}; the file is "
                                     "damaged or not {}'s, fetch it again.",
                                     classes, *bad, bad - labels.begin(), request.name));
}

void write_idx(const std::filesystem::path& path, std::uint32_t magic,
               std::initializer_list<Index> extents, std::span<const std::uint8_t> content) {
  std::string text;
  const auto add = [&text](std::uint32_t number) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) text += static_cast<char>(number >> shift);
  };
  add(magic);
  for (const Index extent : extents) add(static_cast<std::uint32_t>(extent));
  text.append(content.begin(), content.end());
  write_text_file(path, text);
}

}  // namespace

IdxImages read_idx_images(const std::filesystem::path& path) {
  Contents contents = read_idx(path, kImages);
  const auto& extents = contents.header.extents;
  return {static_cast<Index>(extents[0]), static_cast<Index>(extents[1]),
          static_cast<Index>(extents[2]), std::move(contents.bytes)};
}

std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path) {
  return read_idx(path, kLabels).bytes;
}

bool is_idx_file(const std::filesystem::path& path) {
  InflatingReader reader(path);
  std::array<std::uint8_t, 4> bytes{};
  try {
    if (reader.read(bytes) != bytes.size()) return false;
    const std::uint32_t magic = big_endian(bytes);
    return magic == kImageMagic || magic == kLabelMagic;
  } catch (const Error&) {
    return false;  // a damaged gzip file is no IDX file
  }
}

ImageSet read_idx_set(const IdxSetRequest& request) {
  // Labels first: they are small, and most mistakes show there.
  std::vector<std::uint8_t> labels = read_idx_labels(request.labels);
  IdxImages images = read_idx_images(request.images);
  if (static_cast<Index>(labels.size()) != images.count) {
    refuse(request.labels,
           fmt::format("expected {} labels, one for each image of {}, found {}; the "
                       "two files do not belong together.",
                       images.count, request.images.string(), labels.size()));
  }
  const Index classes = request.classes.value_or(classes_of(labels));
  check_labels(request, labels, classes);
  return ImageSet({.name = request.name,
                   .origin = request.images.parent_path().string(),
                   .sample_shape = {1, images.rows, images.columns},
                   .pixels = std::move(images.pixels),
                   .labels = std::move(labels),
                   .classes = classes});
}

void write_idx_files(const ImageSet& set, const std::filesystem::path& images,
                     const std::filesystem::path& labels) {
  const Shape& shape = set.sample_shape();
  write_idx(images, kImageMagic, {set.size(), shape[1], shape[2]}, set.bytes());
  write_idx(labels, kLabelMagic, {set.size()}, set.labels());
}

}  // namespace lockstep

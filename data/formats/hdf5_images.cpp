#include "data/formats/hdf5_images.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "framework/core/error.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"

namespace lockstep {
namespace {

/// One data set of a file, for messages.
struct Object {
  const Hdf5Reader& file;
  std::string path;

  [[noreturn]] void refuse(std::string_view sentence) const {
    throw Error(errors::kDamagedData, fmt::format("{}: {}: {}", file.name(), path, sentence));
  }
};

std::string inside(const std::string& group, std::string_view name) {
  return fmt::format("{}/{}", group == "/" ? "" : group, name);
}

bool has_part(const Hdf5Reader& file, const std::string& group) {
  return file.node(inside(group, "images")) != Hdf5Node::missing;
}

std::optional<Hdf5Part> file_if_there(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  return Hdf5Part{.file = file, .group = "/"};
}

Hdf5Parts find_in_file(const std::filesystem::path& path) {
  const Hdf5Reader file(path);
  Hdf5Parts parts;
  if (has_part(file, "/train")) parts.train = Hdf5Part{.file = path, .group = "/train"};
  if (has_part(file, "/test")) parts.test = Hdf5Part{.file = path, .group = "/test"};
  if (parts.train || parts.test) return parts;
  if (!has_part(file, "/")) {
    throw Error(errors::kDamagedData,
                fmt::format("{}: expected /images and /labels, or groups /train and /test with "
                            "them, found {}; name the data sets so.",
                            path.string(), fmt::join(file.children("/"), ", ")));
  }
  parts.train = Hdf5Part{.file = path, .group = "/"};
  parts.one_for_all = true;
  return parts;
}

/// (N, C, H, W), with C = 1 inserted if the file has no channel axis.
Hdf5Extents image_extents(const Object& images) {
  Hdf5Extents extents = images.file.extents(images.path);
  const bool empty = std::any_of(extents.begin(), extents.end(), [](Index n) { return n < 1; });
  if ((extents.size() != 3 && extents.size() != 4) || empty) {
    images.refuse(fmt::format("expected extents (N, C, H, W) or (N, H, W), found {}; store it so.",
                              to_string(extents)));
  }
  if (extents.size() == 3) extents.insert(extents.begin() + 1, 1);
  return extents;
}

Pixels read_pixels(const Object& images) {
  const Hdf5Element element = images.file.element(images.path);
  if (element == Hdf5Element::uint8) return images.file.read_bytes(images.path);
  if (element != Hdf5Element::float32) {
    images.refuse(
        fmt::format("expected uint8 (0 to 255) or float32 (0 to 1), found {}; convert it.",
                    to_string(element)));
  }
  std::vector<float> pixels = images.file.read_floats(images.path);
  const auto bad =
      std::find_if(pixels.begin(), pixels.end(), [](float pixel) { return !std::isfinite(pixel); });
  if (bad != pixels.end()) {
    images.refuse(fmt::format("expected finite values, found {} at element {}; repair the file.",
                              *bad, bad - pixels.begin()));
  }
  return pixels;
}

std::vector<std::uint8_t> read_labels(const Object& labels, Index count) {
  const Hdf5Extents extents = labels.file.extents(labels.path);
  if (extents != Hdf5Extents{count}) {
    labels.refuse(
        fmt::format("expected extents ({}), one label for each image, found {}; the two do "
                    "not belong together.",
                    count, to_string(extents)));
  }
  const std::vector<std::int64_t> numbers = labels.file.read_integers(labels.path);
  const auto bad = std::find_if(numbers.begin(), numbers.end(),
                                [](std::int64_t label) { return label < 0 || label > 255; });
  if (bad != numbers.end()) {
    labels.refuse(
        fmt::format("expected labels from 0 to 255, found {} at sample {}; number the "
                    "classes from 0.",
                    *bad, bad - numbers.begin()));
  }
  std::vector<std::uint8_t> bytes(numbers.size());
  std::transform(numbers.begin(), numbers.end(), bytes.begin(),
                 [](std::int64_t label) { return static_cast<std::uint8_t>(label); });
  return bytes;
}

}  // namespace

Hdf5Parts find_hdf5_parts(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return {.train = file_if_there(path / "train.h5"),
            .test = file_if_there(path / "test.h5"),
            .one_for_all = false};
  }
  if (!std::filesystem::exists(path, ignored)) return {};
  return find_in_file(path);
}

ImageSet read_hdf5_part(const Hdf5Part& part) {
  const Hdf5Reader file(part.file);
  const Object images{.file = file, .path = inside(part.group, "images")};
  const Object labels{.file = file, .path = inside(part.group, "labels")};
  const Hdf5Extents extents = image_extents(images);
  // Labels first: they are small, and most mistakes show there.
  std::vector<std::uint8_t> truth = read_labels(labels, extents[0]);
  const Index classes = classes_of(truth);
  return ImageSet({.name = "hdf5",
                   .origin = part.file.string(),
                   .sample_shape = {extents[1], extents[2], extents[3]},
                   .pixels = read_pixels(images),
                   .labels = std::move(truth),
                   .classes = classes});
}

}  // namespace lockstep

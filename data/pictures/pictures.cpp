#include "data/pictures/pictures.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

#include "data/formats/idx_file.hpp"
#include "data/pictures/image_file.hpp"
#include "data/pictures/pixel_image.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

/// Collects pictures of one shape.
class Collector {
 public:
  explicit Collector(const PicturesRequest& request) : request_(request) {}

  void add(PixelImage image, std::string name) {
    if (request_.invert) image = inverted(std::move(image));
    image = fit_into(std::move(image), request_.shape[1], request_.shape[2]);
    pixels_.insert(pixels_.end(), image.pixels.begin(), image.pixels.end());
    names_.push_back(std::move(name));
  }

  void add_idx(const std::filesystem::path& file) {
    if (request_.shape[0] != 1) {
      throw Error(errors::kPictureShape,
                  fmt::format("{}: expected a model for grey images, as IDX files hold, found one "
                              "for {}; give PNG or JPEG files.",
                              file.string(), request_.shape.to_string()));
    }
    const IdxImages images = read_idx_images(file);
    const Index size = images.rows * images.columns;
    for (Index i = 0; i < images.count; ++i) {
      const auto first = images.pixels.begin() + i * size;
      add({1, images.rows, images.columns, {first, first + size}},
          fmt::format("{}#{}", file.string(), i));
    }
  }

  Pictures finish() && {
    std::vector<std::uint8_t> labels(names_.size());
    return {.images = ImageSet({.name = "pictures",
                                .origin = "files",
                                .sample_shape = request_.shape,
                                .pixels = std::move(pixels_),
                                .labels = std::move(labels),
                                .classes = 1}),
            .names = std::move(names_)};
  }

 private:
  const PicturesRequest& request_;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::string> names_;
};

}  // namespace

Pictures read_pictures(const PicturesRequest& request) {
  if (request.shape.rank() != 3) {
    throw Error(errors::kPictureShape,
                fmt::format("input.shape: expected a model for (channels, rows, columns) images, "
                            "found {}; pictures cannot be made into its input.",
                            request.shape.to_string()));
  }
  Collector collector(request);
  for (const std::filesystem::path& file : request.files) {
    if (is_idx_file(file)) {
      collector.add_idx(file);
    } else {
      collector.add(read_image_file(file, request.shape[0]), file.string());
    }
  }
  return std::move(collector).finish();
}

}  // namespace lockstep

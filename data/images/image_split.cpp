#include "data/images/image_split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string_view>
#include <utility>

#include "framework/core/error.hpp"
#include "framework/kernels/pixels_to_lanes.hpp"

namespace lockstep {
namespace {

/// Memory for one lane's piece when augmentation changes it.
constexpr std::size_t kPieceBytes = Resampler::kMostColumns * sizeof(float);

/// All pixels of an image (C, H, W), at most `most` at a time.
template <class Body>
void for_each_piece(const Shape& shape, Index most, const Body& body) {
  const Index rows = std::max<Index>(1, most / shape[2]);
  const Index columns = std::min(shape[2], most);
  for (Index c = 0; c < shape[0]; ++c) {
    for (Index y = 0; y < shape[1]; y += rows) {
      for (Index x = 0; x < shape[2]; x += columns) {
        body(Piece{.channel = c,
                   .first_row = y,
                   .end_row = std::min(y + rows, shape[1]),
                   .first_column = x,
                   .end_column = std::min(x + columns, shape[2])});
      }
    }
  }
}

void check_list(const std::vector<double>& values, std::string_view name, Index channels) {
  const auto count = static_cast<Index>(values.size());
  if (count != 1 && count != channels) {
    const std::string key = fmt::format("data.normalize.{}", name);
    const std::string one_each =
        channels == 1 ? "" : fmt::format(", or {} (one for each channel)", channels);
    throw SettingError(errors::kDataSetting, key,
                       fmt::format("{}: expected 1 number{}, since the images have {} channel{}, "
                                   "but found {}; give that many.",
                                   key, one_each, channels, channels == 1 ? "" : "s", count));
  }
}

double nth(const std::vector<double>& values, std::size_t channel) {
  return values.size() == 1 ? values.front() : values[channel];
}

void check_normalization(const Preprocessing& preprocessing, Index channels) {
  check_list(preprocessing.mean, "mean", channels);
  check_list(preprocessing.standard_deviation, "std", channels);
  for (const double mean : preprocessing.mean) {
    if (!std::isfinite(mean)) {
      throw SettingError(errors::kDataSetting, "data.normalize.mean",
                         fmt::format("data.normalize.mean: expected a finite number, "
                                     "found {}; 0.1307 is usual for MNIST.",
                                     mean));
    }
  }
  for (const double deviation : preprocessing.standard_deviation) {
    if (!std::isfinite(deviation) || deviation <= 0) {
      throw SettingError(errors::kDataSetting, "data.normalize.std",
                         fmt::format("data.normalize.std: expected a number above 0, "
                                     "found {}; 0.3081 is usual for MNIST.",
                                     deviation));
    }
  }
}

/// Requests all images before the first is read: they are scattered in memory, and this turns many
/// waits into one.
void prefetch(std::span<const std::byte> image) {
  constexpr std::size_t kCacheLine = 64;
  for (std::size_t i = 0; i < image.size(); i += kCacheLine) __builtin_prefetch(&image[i]);
}

}  // namespace

ImageSplit::ImageSplit(const ImageSet& images, Range range, const Preprocessing& preprocessing)
    : ImageSplit(images, range, preprocessing, make_augmentations(preprocessing.augment)) {}

ImageSplit::ImageSplit(const ImageSet& images, Range range, const Preprocessing& preprocessing,
                       Augmentations augmentations)
    : images_(&images), range_(range), resampler_(std::move(augmentations), images.sample_shape()) {
  assert(range.first >= 0 && range.count >= 0 && range.first + range.count <= images.size());
  check_normalization(preprocessing, images.sample_shape()[0]);
  const double scale = images.has_bytes() ? 255.0 : 1.0;
  channels_.resize(static_cast<std::size_t>(images.sample_shape()[0]));
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    const double mean = nth(preprocessing.mean, c);
    const double deviation = nth(preprocessing.standard_deviation, c);
    ChannelMap& map = channels_[c];
    map.a = static_cast<float>(1.0 / (scale * deviation));
    map.b = static_cast<float>(-mean / deviation);
  }
}

std::span<const Label> ImageSplit::labels() const {
  return images_->labels().subspan(static_cast<std::size_t>(range_.first),
                                   static_cast<std::size_t>(range_.count));
}

std::array<std::size_t, kLanes> ImageSplit::first_pixels(const GatherRequest& request,
                                                         std::size_t block) const {
  const auto size = static_cast<std::size_t>(images_->sample_shape().size());
  std::array<std::size_t, kLanes> first{};
  for (std::size_t l = 0; l < kLanes; ++l) {
    const Index position = request.samples[block * kLanes + l];
    assert(position >= 0 && position < range_.count);
    first[l] = static_cast<std::size_t>(range_.first + position) * size;
  }
  return first;
}

/// Puts one piece after the other into the lanes of a block.
/// @param most  pixels of a piece
/// @param pieces_of_lane  returns a lane's pixels of a piece, in the memory that it is given or
///                        where they lie
template <class Pixel, class PiecesOfLane>
void ImageSplit::fill(const Block& block, std::size_t most,
                      const PiecesOfLane& pieces_of_lane) const {
  // One cache line more than a piece, so that the same pixel of all lanes does not fall into one
  // cache set.
  constexpr std::size_t kLane = (kPieceBytes + 64) / sizeof(Pixel);
  std::array<Pixel, kLane * kLanes> memory;  // NOLINT(*-member-init): written before read
  for_each_piece(images_->sample_shape(), static_cast<Index>(most), [&](const Piece& piece) {
    const Shape& shape = images_->sample_shape();
    const Index first = (piece.channel * shape[1] + piece.first_row) * shape[2];
    const ChannelMap& map = channels_[static_cast<std::size_t>(piece.channel)];
    PixelsToLanes<Pixel> arguments{
        .images = {},
        .pixels = piece.pixels(),
        .factor = map.a,
        .offset = map.b,
        .output = block.view.at(static_cast<std::size_t>(first + piece.first_column), block.number),
        .stride = block.view.feature_stride};
    for (std::size_t l = 0; l < kLanes; ++l) {
      arguments.images[l] = pieces_of_lane(l, piece, memory.data() + l * kLane);
    }
    pixels_to_lanes(arguments);
  });
}

template <class Pixel>
void ImageSplit::gather_block(std::span<const Pixel> pixels, const GatherRequest& request,
                              const Block& block) const {
  const Shape& shape = images_->sample_shape();
  const auto columns = static_cast<std::size_t>(shape[2]);
  const auto plane = static_cast<std::size_t>(shape[1]) * columns;
  const std::array<std::size_t, kLanes> first = first_pixels(request, block.number);
  const auto channel = [&](std::size_t lane, const Piece& piece) {
    return pixels.data() + first[lane] + static_cast<std::size_t>(piece.channel) * plane;
  };
  BlockDraws draws;
  if (request.augment) resampler_.draw(request, block.number, draws);
  if (draws.kind == BlockDraws::Kind::still) {
    return fill<Pixel>(block, plane, [&](std::size_t l, const Piece& piece, Pixel* /*memory*/) {
      return channel(l, piece);
    });
  }
  constexpr std::size_t kMost = kPieceBytes / sizeof(Pixel);
  if (draws.kind == BlockDraws::Kind::moved && columns <= kMost) {
    return fill<Pixel>(block, kMost, [&](std::size_t l, const Piece& piece, Pixel* memory) {
      resampler_.move(channel(l, piece), draws.moves[l], piece, memory);
      return memory;
    });
  }
  fill<float>(block, Resampler::kMostColumns,
              [&](std::size_t l, const Piece& piece, float* memory) {
                resampler_.resample(channel(l, piece), draws.numbers[l], piece, memory);
                return memory;
              });
}

template <class Pixel>
void ImageSplit::gather_from(std::span<const Pixel> pixels, const GatherRequest& request,
                             LaneView view) const {
  const auto size = static_cast<std::size_t>(images_->sample_shape().size());
  for (const Index position : request.samples) {
    const std::size_t first = static_cast<std::size_t>(range_.first + position) * size;
    prefetch(std::as_bytes(pixels.subspan(first, size)));
  }
  for (std::size_t b = 0; b < view.blocks; ++b) gather_block(pixels, request, {view, b});
}

void ImageSplit::gather(const GatherRequest& request, LaneView block) const {
  assert(request.samples.size() == block.lanes());
  assert(block.features == static_cast<std::size_t>(images_->sample_shape().size()));
  if (images_->has_bytes()) return gather_from(images_->bytes(), request, block);
  gather_from(images_->floats(), request, block);
}

}  // namespace lockstep

#include "data/images/image_split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string_view>

#include "framework/core/error.hpp"
#include "framework/kernels/bytes_to_lanes.hpp"

namespace lockstep {
namespace {

void check_list(const std::vector<double>& values, std::string_view name, Index channels) {
  const auto count = static_cast<Index>(values.size());
  if (count != 1 && count != channels) {
    const std::string key = fmt::format("data.normalize.{}", name);
    const std::string one_each =
        channels == 1 ? "" : fmt::format(", or {} (one for each channel)", channels);
    throw SettingError(ErrorKind::usage, key,
                       fmt::format("{}: expected 1 number{}, since the images have {} channel{}, "
                                   "but found {}; give as many.",
                                   key, one_each, channels, channels == 1 ? "" : "s", count));
  }
}

double nth(const std::vector<double>& values, std::size_t channel) {
  return values.size() == 1 ? values.front() : values[channel];
}

}  // namespace

void check_preprocessing(const Preprocessing& preprocessing, const Shape& sample_shape) {
  check_list(preprocessing.mean, "mean", sample_shape[0]);
  check_list(preprocessing.standard_deviation, "std", sample_shape[0]);
  for (const double mean : preprocessing.mean) {
    if (!std::isfinite(mean)) {
      throw SettingError(ErrorKind::usage, "data.normalize.mean",
                         fmt::format("data.normalize.mean: expected a finite number, "
                                     "found {}; 0.1307 is usual for MNIST.",
                                     mean));
    }
  }
  for (const double deviation : preprocessing.standard_deviation) {
    if (!std::isfinite(deviation) || deviation <= 0) {
      throw SettingError(ErrorKind::usage, "data.normalize.std",
                         fmt::format("data.normalize.std: expected a number above 0, "
                                     "found {}; 0.3081 is usual for MNIST.",
                                     deviation));
    }
  }
  const Index smallest = std::min(sample_shape[1], sample_shape[2]);
  if (preprocessing.shift < 0 || preprocessing.shift >= smallest) {
    throw SettingError(
        ErrorKind::usage, "data.augment.shift",
        fmt::format("data.augment.shift: expected 0 to {} for images of {}, found {}; a "
                    "larger shift would move whole images out of sight.",
                    smallest - 1, sample_shape.to_string(), preprocessing.shift));
  }
}

float ImageSplit::ChannelMap::operator()(float pixel) const { return std::fma(pixel, a, b); }

ImageSplit::ImageSplit(const ImageSet& images, Range range, const Preprocessing& preprocessing)
    : images_(&images), range_(range), shift_(preprocessing.shift) {
  assert(range.first >= 0 && range.count >= 0 && range.first + range.count <= images.size());
  check_preprocessing(preprocessing, images.sample_shape());
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

std::span<const std::uint8_t> ImageSplit::labels() const {
  return images_->labels().subspan(static_cast<std::size_t>(range_.first),
                                   static_cast<std::size_t>(range_.count));
}

ImageSplit::Move ImageSplit::draw_move(const RandomStream& stream, Index position,
                                       std::uint32_t epoch) const {
  constexpr std::uint32_t kFirstDraw = 0;
  const auto index = static_cast<std::uint64_t>(position);
  const auto words = stream.words(kFirstDraw, static_cast<std::uint32_t>(index),
                                  static_cast<std::uint32_t>(index >> 32U), epoch);
  const auto choices = static_cast<std::uint64_t>(2 * shift_ + 1);
  return {.down = static_cast<Index>(bounded(words[0], words[1], choices)) - shift_,
          .right = static_cast<Index>(bounded(words[2], words[3], choices)) - shift_};
}

template <class Pixel>
void ImageSplit::fill_lane(const Fill<Pixel>& fill) const {
  const Shape& shape = images_->sample_shape();
  const Index rows = shape[1];
  const Index columns = shape[2];
  // Target columns [begin, end) of a row show source columns [begin - right, end - right).
  const Index begin = std::max<Index>(0, fill.move.right);
  const Index end = std::min(columns, columns + fill.move.right);
  const Pixel* plane = fill.sample;
  std::size_t at = 0;
  for (const ChannelMap& map : channels_) {
    const float black = map(0.0F);
    for (Index y = 0; y < rows; ++y) {
      const Index source_row = y - fill.move.down;
      const bool inside = source_row >= 0 && source_row < rows;
      const Index first = inside ? begin : columns;
      const Index last = inside ? end : columns;
      const Pixel* source = plane + (inside ? source_row : 0) * columns;
      Index x = 0;
      for (; x < first; ++x, at += fill.stride) fill.lane[at] = black;
      for (; x < last; ++x, at += fill.stride)
        fill.lane[at] = map(static_cast<float>(source[x - fill.move.right]));
      for (; x < columns; ++x, at += fill.stride) fill.lane[at] = black;
    }
    plane += rows * columns;
  }
}

namespace {

/// Bytes of a piece of a plane that is moved at a time.
constexpr std::size_t kPiece = 4096;

/// Rows [first, end) of a plane as they are after a move, black where nothing came in.
struct MovedRows {
  const std::uint8_t* plane;  // (rows, columns)
  Index rows;
  Index columns;
  Index down;
  Index right;

  void copy(Index first, Index end, std::uint8_t* to) const {
    const Index begin_inside = std::clamp(down, first, end);
    const Index end_inside = std::clamp(rows + down, begin_inside, end);
    const auto at = [&](Index y, Index x) { return to + (y - first) * columns + x; };
    std::fill(at(first, 0), at(begin_inside, 0), std::uint8_t{0});
    std::fill(at(end_inside, 0), at(end, 0), std::uint8_t{0});
    if (begin_inside == end_inside) return;
    // All at once: what comes in from a row's other side is painted over.
    const Index left = std::max<Index>(0, right);
    const Index behind = std::max<Index>(0, -right);
    const Index count = (end_inside - begin_inside) * columns - left - behind;
    const std::uint8_t* from = plane + (begin_inside - down) * columns + left - right;
    std::copy_n(from, count, at(begin_inside, left));
    for (Index y = begin_inside; y < end_inside; ++y) {
      std::fill_n(at(y, 0), left, std::uint8_t{0});
      std::fill_n(at(y, columns - behind), behind, std::uint8_t{0});
    }
  }
};

}  // namespace

ImageSplit::BlockSamples ImageSplit::block_samples(const GatherRequest& request,
                                                   std::size_t block) const {
  const auto size = static_cast<std::size_t>(images_->sample_shape().size());
  const RandomStream stream(request.seed, {"augment"});
  BlockSamples samples{};
  for (std::size_t l = 0; l < kLanes; ++l) {
    const Index position = request.samples[block * kLanes + l];
    assert(position >= 0 && position < range_.count);
    samples.first_pixels[l] = static_cast<std::size_t>(range_.first + position) * size;
    if (request.augment && shift_ > 0) {
      samples.moves[l] = draw_move(stream, position, request.epoch);
      samples.any_moves = true;
    }
  }
  return samples;
}

/// Asks for all images before the first is read: they lie anywhere, and many waits become one.
void ImageSplit::prefetch(const GatherRequest& request) const {
  constexpr std::size_t kCacheLine = 64;
  const auto size = static_cast<std::size_t>(images_->sample_shape().size());
  for (const Index position : request.samples) {
    const std::size_t first = static_cast<std::size_t>(range_.first + position) * size;
    const std::span<const std::uint8_t> image = images_->bytes().subspan(first, size);
    for (std::size_t i = 0; i < size; i += kCacheLine) __builtin_prefetch(&image[i]);
  }
}

void ImageSplit::gather_bytes(const BlockSamples& samples, std::size_t block, LaneView view) const {
  const Shape& shape = images_->sample_shape();
  const auto plane = static_cast<std::size_t>(shape[1] * shape[2]);
  const Index rows_at_a_time = samples.any_moves ? static_cast<Index>(kPiece) / shape[2] : shape[1];
  std::array<std::uint8_t, kLanes * kPiece> moved;  // NOLINT(*-member-init): written before read
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    for (Index y = 0; y < shape[1]; y += rows_at_a_time) {
      const Index end = std::min(y + rows_at_a_time, shape[1]);
      const std::size_t first = c * plane + static_cast<std::size_t>(y * shape[2]);
      BytesToLanes piece{.images = {},
                         .pixels = static_cast<std::size_t>((end - y) * shape[2]),
                         .factor = channels_[c].a,
                         .offset = channels_[c].b,
                         .output = view.at(first, block),
                         .stride = view.feature_stride};
      for (std::size_t l = 0; l < kLanes; ++l) {
        const std::uint8_t* const of_image = images_->bytes().data() + samples.first_pixels[l];
        piece.images[l] = samples.any_moves ? moved.data() + l * kPiece : of_image + first;
        if (!samples.any_moves) continue;
        const auto [down, right] = samples.moves[l];
        MovedRows{of_image + c * plane, shape[1], shape[2], down, right}.copy(
            y, end, moved.data() + l * kPiece);
      }
      bytes_to_lanes(piece);
    }
  }
}

template <class Pixel>
void ImageSplit::gather_from(std::span<const Pixel> pixels, const GatherRequest& request,
                             LaneView block) const {
  for (std::size_t b = 0; b < block.blocks; ++b) {
    const BlockSamples samples = block_samples(request, b);
    for (std::size_t l = 0; l < kLanes; ++l) {
      fill_lane<Pixel>({.sample = pixels.data() + samples.first_pixels[l],
                        .lane = block.at(0, b) + l,
                        .stride = block.feature_stride,
                        .move = samples.moves[l]});
    }
  }
}

void ImageSplit::gather(const GatherRequest& request, LaneView block) const {
  assert(request.samples.size() == block.lanes());
  assert(block.features == static_cast<std::size_t>(images_->sample_shape().size()));
  if (!images_->has_bytes()) return gather_from(images_->floats(), request, block);
  if (images_->sample_shape()[2] > static_cast<Index>(kPiece)) {
    return gather_from(images_->bytes(), request, block);
  }
  prefetch(request);
  for (std::size_t b = 0; b < block.blocks; ++b) {
    gather_bytes(block_samples(request, b), b, block);
  }
}

}  // namespace lockstep

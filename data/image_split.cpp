#include "data/image_split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string_view>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

void check_list(const std::vector<double>& values, std::string_view name, Index channels) {
  const auto count = static_cast<Index>(values.size());
  if (count != 1 && count != channels) {
    throw Error(ErrorKind::usage,
                fmt::format("data.normalize.{}: expected 1 number or {}, one a channel of the "
                            "images, found {}; give as many.",
                            name, channels, count));
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
      throw Error(ErrorKind::usage, fmt::format("data.normalize.mean: expected a finite number, "
                                                "found {}; 0.1307 is usual for MNIST.",
                                                mean));
    }
  }
  for (const double deviation : preprocessing.standard_deviation) {
    if (!std::isfinite(deviation) || deviation <= 0) {
      throw Error(ErrorKind::usage, fmt::format("data.normalize.std: expected a number above 0, "
                                                "found {}; 0.3081 is usual for MNIST.",
                                                deviation));
    }
  }
  const Index smallest = std::min(sample_shape[1], sample_shape[2]);
  if (preprocessing.shift < 0 || preprocessing.shift >= smallest) {
    throw Error(ErrorKind::usage,
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
    for (std::size_t byte = 0; byte < map.of_byte.size(); ++byte) {
      map.of_byte[byte] = std::fma(static_cast<float>(byte), map.a, map.b);
    }
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
    const float black = map(Pixel{0});
    for (Index y = 0; y < rows; ++y) {
      const Index source_row = y - fill.move.down;
      const bool inside = source_row >= 0 && source_row < rows;
      const Index first = inside ? begin : columns;
      const Index last = inside ? end : columns;
      const Pixel* source = plane + (inside ? source_row : 0) * columns;
      Index x = 0;
      for (; x < first; ++x, at += fill.stride) fill.lane[at] = black;
      for (; x < last; ++x, at += fill.stride) fill.lane[at] = map(source[x - fill.move.right]);
      for (; x < columns; ++x, at += fill.stride) fill.lane[at] = black;
    }
    plane += rows * columns;
  }
}

template <class Pixel>
void ImageSplit::gather_from(std::span<const Pixel> pixels, const GatherRequest& request,
                             LaneView block) const {
  const auto size = static_cast<std::size_t>(images_->sample_shape().size());
  const RandomStream stream(request.seed, {"augment"});
  const bool moves = request.augment && shift_ > 0;
  for (std::size_t i = 0; i < block.lanes(); ++i) {
    const Index position = request.samples[i];
    assert(position >= 0 && position < range_.count);
    const auto sample = static_cast<std::size_t>(range_.first + position);
    fill_lane<Pixel>({.sample = pixels.data() + sample * size,
                      .lane = block.at(0, i / kLanes) + i % kLanes,
                      .stride = block.feature_stride,
                      .move = moves ? draw_move(stream, position, request.epoch) : Move{}});
  }
}

void ImageSplit::gather(const GatherRequest& request, LaneView block) const {
  assert(request.samples.size() == block.lanes());
  assert(block.features == static_cast<std::size_t>(images_->sample_shape().size()));
  if (images_->has_bytes()) {
    gather_from(images_->bytes(), request, block);
  } else {
    gather_from(images_->floats(), request, block);
  }
}

}  // namespace lockstep

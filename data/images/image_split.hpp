#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/images/image_set.hpp"
#include "framework/core/random.hpp"
#include "framework/training/step/dataset.hpp"

namespace lockstep {

/// What happens to a pixel between memory and the network.
struct Preprocessing {
  // Taken after pixels are scaled to 0..1; one number for all channels or one each.
  std::vector<double> mean = {0.0};
  std::vector<double> standard_deviation = {1.0};
  Index shift = 0;  ///< augmentation: the largest move of an image, in pixels, along each axis
};

/// Checks the numbers against a sample's shape.
/// @throws Error (usage): a list of the wrong length, a deviation not above 0, a shift that could
///         move the whole image out of sight
void check_preprocessing(const Preprocessing& preprocessing, const Shape& sample_shape);

/// A contiguous range of an ImageSet as a Dataset; borrows the images.
///
/// A sample's position is counted from the start of the range. A value is fma(p, a, b) with
/// a = float(1 / (255 std)) for bytes and float(1 / std) for floats, b = float(-mean / std).
///
/// With augmentation an image moves down by dy and right by dx, both uniform in [-shift, shift],
/// keyed by (seed, epoch, position); pixels that come from outside are black (p = 0).
class ImageSplit : public Dataset {
 public:
  struct Range {
    Index first = 0;
    Index count = 0;
  };

  /// @param images  outlives the split and does not move in memory
  /// @throws Error (usage) as `check_preprocessing`
  ImageSplit(const ImageSet& images, Range range, const Preprocessing& preprocessing);

  Index size() const override { return range_.count; }
  Shape sample_shape() const override { return images_->sample_shape(); }
  Index classes() const override { return images_->classes(); }
  std::span<const std::uint8_t> labels() const override;
  void gather(const GatherRequest& request, LaneView block) const override;

  const ImageSet& images() const { return *images_; }
  Range range() const { return range_; }

 private:
  /// fma(p, a, b) of one channel.
  struct ChannelMap {
    float a = 1;
    float b = 0;

    float operator()(float pixel) const;
  };

  struct Move {
    Index down = 0;
    Index right = 0;
  };

  /// One sample on its way into one lane.
  template <class Pixel>
  struct Fill {
    const Pixel* sample;  // (C, H, W)
    float* lane;          // (C * H * W) floats, `stride` apart
    std::size_t stride;
    Move move;
  };

  /// The 16 samples of a block.
  struct BlockSamples {
    std::array<std::size_t, kLanes> first_pixels;
    std::array<Move, kLanes> moves;
    bool any_moves;
  };

  BlockSamples block_samples(const GatherRequest& request, std::size_t block) const;
  void prefetch(const GatherRequest& request) const;
  void gather_bytes(const BlockSamples& samples, std::size_t block, LaneView view) const;
  template <class Pixel>
  void gather_from(std::span<const Pixel> pixels, const GatherRequest& request,
                   LaneView block) const;
  template <class Pixel>
  void fill_lane(const Fill<Pixel>& fill) const;
  Move draw_move(const RandomStream& stream, Index position, std::uint32_t epoch) const;

  const ImageSet* images_;
  Range range_;
  Index shift_;
  std::vector<ChannelMap> channels_;
};

}  // namespace lockstep

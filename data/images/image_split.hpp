#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/augmentations/augmentation.hpp"
#include "data/images/image_set.hpp"
#include "data/images/resampler.hpp"
#include "framework/core/settings.hpp"
#include "framework/training/step/dataset.hpp"

namespace lockstep {

/// What happens to a pixel between memory and the network.
struct Preprocessing {
  // Applied after pixels are scaled to 0..1. One number for all channels, or one per channel.
  std::vector<double> mean = {0.0};
  std::vector<double> standard_deviation = {1.0};
  Value augment = Value::mapping();  ///< as in `data.augment`; acts in training only
};

/// A contiguous range of an ImageSet as a Dataset; borrows the images.
///
/// A sample's position is counted from the start of the range. A value is fma(p, a, b), with a =
/// float(1 / (255 std)) for bytes, a = float(1 / std) for floats, and b = float(-mean / std). If
/// the request wants it, augmentation has changed the pixel p, keyed by (seed, epoch, position).
/// What comes in from outside the image is black (p = 0).
class ImageSplit : public Dataset {
 public:
  struct Range {
    Index first = 0;
    Index count = 0;
  };

  /// @param images  outlives the split and does not move in memory
  /// @throws SettingError (usage) for a list of the wrong length, for a deviation that is not above
  ///         0, and as `Augmentation::check`
  ImageSplit(const ImageSet& images, Range range, const Preprocessing& preprocessing);
  /// The same with these augmentations instead of `preprocessing.augment`.
  ImageSplit(const ImageSet& images, Range range, const Preprocessing& preprocessing,
             Augmentations augmentations);

  Index size() const override { return range_.count; }
  Shape sample_shape() const override { return images_->sample_shape(); }
  Index classes() const override { return images_->classes(); }
  std::span<const Label> labels() const override;
  void gather(const GatherRequest& request, LaneView block) const override;

  const ImageSet& images() const { return *images_; }
  Range range() const { return range_; }

 private:
  /// fma(p, a, b) of one channel.
  struct ChannelMap {
    float a = 1;
    float b = 0;
  };

  /// One block of 16 lanes of a view.
  struct Block {
    LaneView view;
    std::size_t number;
  };

  const ImageSet* images_;
  Range range_;
  Resampler resampler_;
  std::vector<ChannelMap> channels_;

  std::array<std::size_t, kLanes> first_pixels(const GatherRequest& request,
                                               std::size_t block) const;
  template <class Pixel>
  void gather_from(std::span<const Pixel> pixels, const GatherRequest& request,
                   LaneView view) const;
  template <class Pixel>
  void gather_block(std::span<const Pixel> pixels, const GatherRequest& request,
                    const Block& block) const;
  template <class Pixel, class PiecesOfLane>
  void fill(const Block& block, std::size_t most, const PiecesOfLane& pieces_of_lane) const;
};

}  // namespace lockstep

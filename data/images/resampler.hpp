#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "data/augmentations/augmentation.hpp"
#include "framework/core/lane_view.hpp"
#include "framework/core/shape.hpp"
#include "framework/training/step/dataset.hpp"

namespace lockstep {

/// What was drawn for the 16 samples of a block.
struct BlockDraws {
  enum class Kind {
    still,      ///< nothing changes
    moved,      ///< every image moves by whole pixels, and nothing else changes
    resampled,  ///< anything
  };
  Kind kind = Kind::still;
  std::array<WholeMove, kLanes> moves;  ///< by all augmentations together; where all are moved
  std::array<std::array<float, Augmentation::kMostNumbers>, kLanes> numbers;
};

/// A rectangle of one channel that is made in one go: whole rows, or a part of one row.
struct Piece {
  Index channel = 0;
  Index first_row = 0;
  Index end_row = 0;
  Index first_column = 0;
  Index end_column = 0;

  Index columns() const { return end_column - first_column; }
  std::size_t pixels() const { return static_cast<std::size_t>((end_row - first_row) * columns()); }
};

/// All augmentations as one resampling of images (C, H, W).
///
/// Threading contract: const members may be called from many threads at once; they allocate
/// nothing.
class Resampler {
 public:
  /// The most columns of a piece that is resampled.
  static constexpr std::size_t kMostColumns = 1024;

  /// @throws SettingError (usage) as `Augmentation::check`
  Resampler(Augmentations augmentations, const Shape& shape);

  /// Draws what happens to the samples of a block.
  void draw(const GatherRequest& request, std::size_t block, BlockDraws& draws) const;

  /// A piece after a move; whole rows only. Black where nothing came in.
  /// @param channel  (H, W)
  template <class Pixel>
  void move(const Pixel* channel, const WholeMove& by, const Piece& piece, Pixel* to) const;

  /// A piece after all augmentations. If they amount to a move, the bits are those of `move`.
  /// @param numbers  what was drawn for this sample
  template <class Pixel>
  void resample(const Pixel* channel, std::span<const float> numbers, const Piece& piece,
                float* to) const;

 private:
  Augmentations augmentations_;
  Shape shape_;
  std::vector<std::size_t> begins_ = {0};  // of each one's numbers; one more for the end

  /// The numbers of one augmentation.
  template <class Number>
  std::span<Number> of(std::size_t augmentation, std::span<Number> numbers) const {
    const std::size_t begin = begins_[augmentation];
    return numbers.subspan(begin, begins_[augmentation + 1] - begin);
  }
};

}  // namespace lockstep

#include "data/images/resampler.hpp"

#include <algorithm>
#include <cassert>
#include <type_traits>
#include <utility>

namespace lockstep {
namespace {

/// One channel, (rows, columns).
template <class Pixel>
struct Plane {
  const Pixel* pixels;
  Index rows;
  Index columns;

  float at(Index y, Index x) const {
    const bool inside = y >= 0 && y < rows && x >= 0 && x < columns;
    return inside ? static_cast<float>(pixels[y * columns + x]) : 0.0F;
  }

  /// Linear interpolation between the four nearest pixels: first along rows, then down.
  float value_at(float y, float x) const {
    const bool inside = y > -1 && y < static_cast<float>(rows) &&  //
                        x > -1 && x < static_cast<float>(columns);
    if (!inside) return 0.0F;
    const Index top = floor_of(y);
    const Index left = floor_of(x);
    const float right = x - static_cast<float>(left);
    const auto along_row = [&](Index row) {
      const float first = at(row, left);
      return first + right * (at(row, left + 1) - first);
    };
    const float upper = along_row(top);
    return upper + (y - static_cast<float>(top)) * (along_row(top + 1) - upper);
  }

  static Index floor_of(float value) {
    const auto whole = static_cast<Index>(value);
    return static_cast<float>(whole) > value ? whole - 1 : whole;
  }
};

}  // namespace

Resampler::Resampler(Augmentations augmentations, const Shape& shape)
    : augmentations_(std::move(augmentations)), shape_(shape) {
  for (const auto& augmentation : augmentations_) {
    augmentation->check(shape);
    begins_.push_back(begins_.back() + augmentation->numbers(shape));
  }
  assert(begins_.back() <= Augmentation::kMostNumbers);
}

void Resampler::draw(const GatherRequest& request, std::size_t block, BlockDraws& draws) const {
  if (augmentations_.empty()) return;
  draws.kind = BlockDraws::Kind::moved;
  draws.moves.fill({});
  for (std::size_t i = 0; i < augmentations_.size(); ++i) {
    const Augmentation& augmentation = *augmentations_[i];
    const RandomStream stream = augmentation.stream(request.seed);
    for (std::size_t l = 0; l < kLanes; ++l) {
      const std::span<float> numbers = of(i, std::span<float>(draws.numbers[l]));
      const Index position = request.samples[block * kLanes + l];
      augmentation.draw({stream, position, request.epoch}, shape_, numbers);
      if (const auto move = augmentation.whole_move(numbers)) {
        draws.moves[l].down += move->down;
        draws.moves[l].right += move->right;
      } else {
        draws.kind = BlockDraws::Kind::resampled;
      }
    }
  }
}

template <class Pixel>
void Resampler::move(const Pixel* channel, const WholeMove& by, const Piece& piece,
                     Pixel* to) const {
  const Index columns = shape_[2];
  const auto [down, right] = by;
  const Index begin = std::clamp(down, piece.first_row, piece.end_row);
  const Index end = std::clamp(shape_[1] + down, begin, piece.end_row);
  const auto at = [&](Index y, Index x) { return to + (y - piece.first_row) * columns + x; };
  std::fill(at(piece.first_row, 0), at(begin, 0), Pixel{0});
  std::fill(at(end, 0), at(piece.end_row, 0), Pixel{0});
  if (begin == end) return;
  // All rows at once. What comes in from a row's other side is painted over.
  const Index left = std::clamp<Index>(right, 0, columns);
  const Index behind = std::clamp<Index>(-right, 0, columns);
  const Index count = std::max<Index>(0, (end - begin) * columns - left - behind);
  std::copy_n(channel + (begin - down) * columns + behind, count, at(begin, left));
  for (Index y = begin; y < end; ++y) {
    std::fill_n(at(y, 0), left, Pixel{0});
    std::fill_n(at(y, columns - behind), behind, Pixel{0});
  }
}

template <class Pixel>
void Resampler::resample(const Pixel* channel, std::span<const float> numbers, const Piece& piece,
                         float* to) const {
  const Plane<Pixel> plane{channel, shape_[1], shape_[2]};
  const auto columns = static_cast<std::size_t>(piece.columns());
  assert(columns <= kMostColumns);
  std::array<float, kMostColumns> y;  // NOLINT(*-member-init): written before read
  std::array<float, kMostColumns> x;  // NOLINT(*-member-init)
  const ImagePoints points{.y = std::span(y).first(columns), .x = std::span(x).first(columns)};
  float* value = to;
  for (Index row = piece.first_row; row < piece.end_row; ++row) {
    for (std::size_t i = 0; i < columns; ++i) {
      y[i] = static_cast<float>(row);
      x[i] = static_cast<float>(piece.first_column + static_cast<Index>(i));
    }
    for (std::size_t k = augmentations_.size(); k-- > 0;) {
      augmentations_[k]->source(of(k, numbers), points);
    }
    for (std::size_t i = 0; i < columns; ++i) *value++ = plane.value_at(y[i], x[i]);
  }
  constexpr float kWhite = std::is_same_v<Pixel, float> ? 1.0F : 255.0F;
  for (std::size_t k = 0; k < augmentations_.size(); ++k) {
    augmentations_[k]->shade(of(k, numbers), kWhite, std::span(to, piece.pixels()));
  }
}

template void Resampler::move(const std::uint8_t*, const WholeMove&, const Piece&,
                              std::uint8_t*) const;
template void Resampler::move(const float*, const WholeMove&, const Piece&, float*) const;
template void Resampler::resample(const std::uint8_t*, std::span<const float>, const Piece&,
                                  float*) const;
template void Resampler::resample(const float*, std::span<const float>, const Piece&, float*) const;

}  // namespace lockstep

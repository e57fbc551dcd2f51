#include "framework/kernels/pixels_to_lanes.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/pixels_to_lanes.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next one needs to come after.
#include <hwy/highway.h>

#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// 16 bytes, whatever the target.
using Bytes = std::uint8_t __attribute__((vector_size(16)));

HWY_INLINE Bytes interleave_low(Bytes a, Bytes b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

HWY_INLINE Bytes interleave_high(Bytes a, Bytes b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                 31);
}

/// Transposes 16 x 16 bytes in four rounds, each of which interleaves rows 8 apart.
HWY_INLINE void transpose(Bytes (&rows)[kLanes]) {
  for (int round = 0; round < 4; ++round) {
    Bytes next[kLanes];
    for (std::size_t r = 0; r < kLanes / 2; ++r) {
      next[2 * r] = interleave_low(rows[r], rows[r + kLanes / 2]);
      next[2 * r + 1] = interleave_high(rows[r], rows[r + kLanes / 2]);
    }
    std::copy_n(next, kLanes, rows);
  }
}

HWY_INLINE V to_float(const std::uint8_t* bytes) {
  const hn::Rebind<std::uint8_t, D> of_bytes;
  const hn::RebindToSigned<D> of_words;
  return hn::ConvertTo(D(), hn::PromoteTo(of_words, hn::LoadU(of_bytes, bytes)));
}

/// Copies up to 16 pixels from `first` on.
template <bool kAll>
HWY_INLINE void convert_pixels(const PixelsToLanes<std::uint8_t>& arguments, std::size_t first) {
  const std::size_t count = kAll ? kLanes : arguments.pixels - first;
  Bytes rows[kLanes];
  for (std::size_t l = 0; l < kLanes; ++l) {
    if constexpr (!kAll) rows[l] = Bytes{};
    std::memcpy(&rows[l], arguments.images[l] + first, count);
  }
  transpose(rows);
  HWY_ALIGN std::uint8_t pixels[kLanes][kLanes];
  std::memcpy(pixels, rows, sizeof(rows));
  const V factor = hn::Set(D(), arguments.factor);
  const V offset = hn::Set(D(), arguments.offset);
  float* to = arguments.output + first * arguments.stride;
  for (std::size_t p = 0; p < count; ++p, to += arguments.stride) {
    for (std::size_t l = 0; l < kLanes; l += kWidth) {
      hn::Store(fused(to_float(pixels[p] + l), factor, offset), D(), to + l);
    }
  }
}

void convert_bytes(const PixelsToLanes<std::uint8_t>& arguments) {
  std::size_t first = 0;
  for (; first + kLanes <= arguments.pixels; first += kLanes) {
    convert_pixels<true>(arguments, first);
  }
  if (first < arguments.pixels) convert_pixels<false>(arguments, first);
}

void convert_floats(const PixelsToLanes<float>& arguments) {
  const V factor = hn::Set(D(), arguments.factor);
  const V offset = hn::Set(D(), arguments.offset);
  HWY_ALIGN float pixel[kLanes];
  float* to = arguments.output;
  for (std::size_t p = 0; p < arguments.pixels; ++p, to += arguments.stride) {
    for (std::size_t l = 0; l < kLanes; ++l) pixel[l] = arguments.images[l][p];
    for (std::size_t l = 0; l < kLanes; l += kWidth) {
      hn::Store(fused(hn::Load(D(), pixel + l), factor, offset), D(), to + l);
    }
  }
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(convert_bytes);
HWY_EXPORT(convert_floats);

void pixels_to_lanes(const PixelsToLanes<std::uint8_t>& arguments) {
  assert(is_lane_aligned(arguments.output) && arguments.stride % kLanes == 0);
  HWY_DYNAMIC_DISPATCH(convert_bytes)(arguments);
}

void pixels_to_lanes(const PixelsToLanes<float>& arguments) {
  assert(is_lane_aligned(arguments.output) && arguments.stride % kLanes == 0);
  HWY_DYNAMIC_DISPATCH(convert_floats)(arguments);
}

}  // namespace lockstep

#endif  // HWY_ONCE

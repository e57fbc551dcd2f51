// Tiles of features by vectors of lanes, for the forward pass of a dense layer and for the gradient
// of its input. Highway's re-inclusion pattern, hence the guard.

#if defined(LOCKSTEP_KERNELS_DENSE_TILES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LOCKSTEP_KERNELS_DENSE_TILES_INL
#undef LOCKSTEP_KERNELS_DENSE_TILES_INL
#else
#define LOCKSTEP_KERNELS_DENSE_TILES_INL
#endif

#include <hwy/highway.h>

#include <cstddef>

#include "framework/core/share.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {

/// Vectors in a tile. The other side of a tile is features. kManyRegisters holds 24 accumulators.
inline constexpr std::size_t kDenseVectors = kManyRegisters ? 4 : 2;

template <std::size_t kTileVectors>
inline constexpr std::size_t kDenseFeatures = kManyRegisters&& kTileVectors <= 2 ? 12 : 6;

/// Floats from the first lane to vector `vector` of the lanes.
HWY_INLINE std::size_t lane_offset(std::size_t block_stride, std::size_t vector) {
  return vector / kParts * block_stride + vector % kParts * kWidth;
}

/// The vectors of lanes from `vector` on, of any two views.
template <std::size_t kTileVectors>
struct LaneOffsets {
  LaneOffsets(std::size_t block_stride, std::size_t vector) {
    for (std::size_t v = 0; v < kTileVectors; ++v) at[v] = lane_offset(block_stride, vector + v);
  }
  std::size_t at[kTileVectors];
};

/// Runs tiles of Tile<4>, Tile<2> and Tile<1> over all vectors of the lanes and all features.
template <template <std::size_t> class Tile, class Arguments>
HWY_INLINE void for_lanes(const Arguments& arguments, std::size_t blocks, IndexRange features) {
  const std::size_t vectors = blocks * kParts;
  std::size_t vector = 0;
  if constexpr (kDenseVectors >= 4) {
    for (; vector + 4 <= vectors; vector += 4) {
      for_tiles<kDenseFeatures<4>>(features, Tile<4>{arguments, vector});
    }
  }
  for (; vector + 2 <= vectors; vector += 2) {
    for_tiles<kDenseFeatures<2>>(features, Tile<2>{arguments, vector});
  }
  for (; vector < vectors; ++vector) {
    for_tiles<kDenseFeatures<1>>(features, Tile<1>{arguments, vector});
  }
}

}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the re-inclusion guard

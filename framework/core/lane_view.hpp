#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace lockstep {

/// Samples that are computed side by side: the innermost dimension of every activation.
inline constexpr std::size_t kLanes = 16;

/// A view of one activation of a micro-batch: features x blocks x 16 lanes, borrowed.
///
/// Lane l of block b is sample 16 b + l of the micro-batch. Each group of 16 lanes is contiguous
/// and 64-byte aligned. Two layouts are in use, and every kernel accepts both:
/// - blocked: (block, feature, 16), feature_stride 16; convolutions and pooling work a block at a
///   time, (C, H, W, 16);
/// - whole: (feature, m), feature_stride m, block_stride 16; dense layers work all m lanes at once.
/// A feature index is row-major over the sample's shape: (c * H + y) * W + x.
template <class T>
struct BasicLaneView {
  T* data = nullptr;
  std::size_t features = 0;
  std::size_t blocks = 0;
  std::size_t feature_stride = 0;  ///< floats from one feature to the next
  std::size_t block_stride = 0;    ///< floats from one block of 16 lanes to the next

  /// The 16 lanes of a feature in a block.
  T* at(std::size_t feature, std::size_t block) const {
    assert(feature < features && block < blocks);
    return data + feature * feature_stride + block * block_stride;
  }

  std::size_t lanes() const { return blocks * kLanes; }
  explicit operator bool() const { return data != nullptr; }

  /// A view that may write is also a view that only reads.
  operator BasicLaneView<const T>() const  // NOLINT(google-explicit-constructor)
      requires(!std::is_const_v<T>) {
    return {data, features, blocks, feature_stride, block_stride};
  }
};

using LaneView = BasicLaneView<float>;
using ConstLaneView = BasicLaneView<const float>;

/// Whether lanes that begin here may be loaded as one vector.
inline bool is_lane_aligned(const void* data) {
  return reinterpret_cast<std::uintptr_t>(data) % (kLanes * sizeof(float)) == 0;
}

/// (block, feature, 16) over contiguous memory of features x blocks x 16 floats.
template <class T>
BasicLaneView<T> blocked_view(T* data, std::size_t features, std::size_t blocks) {
  assert(is_lane_aligned(data));
  return {data, features, blocks, kLanes, features * kLanes};
}

/// Whether a view is laid out (block, feature, 16), or has no data.
template <class T>
bool is_blocked(const BasicLaneView<T>& view) {
  return !view || view.feature_stride == kLanes;
}

/// (feature, m) over contiguous memory of features x m floats, m = 16 x blocks.
template <class T>
BasicLaneView<T> whole_view(T* data, std::size_t features, std::size_t blocks) {
  assert(is_lane_aligned(data));
  return {data, features, blocks, blocks * kLanes, kLanes};
}

}  // namespace lockstep

#include "framework/graph/memory_reuse.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace lockstep {
namespace {

bool used_together(const LiveStretch& left, const LiveStretch& right) {
  return left.first_step <= right.last_step && right.first_step <= left.last_step;
}

// The first gap that is wide enough beside the stretches placed so far, which are sorted by offset.
std::size_t first_free(const LiveStretch& stretch, const std::vector<const LiveStretch*>& placed) {
  std::size_t offset = 0;
  for (const LiveStretch* other : placed) {
    if (!used_together(stretch, *other)) continue;
    if (offset + stretch.floats <= other->offset) break;
    offset = std::max(offset, other->offset + other->floats);
  }
  return offset;
}

}  // namespace

std::size_t place_stretches(std::span<LiveStretch> stretches) {
  std::vector<LiveStretch*> by_size;
  for (LiveStretch& stretch : stretches) by_size.push_back(&stretch);
  std::ranges::stable_sort(by_size, std::greater<>(), &LiveStretch::floats);
  std::vector<const LiveStretch*> placed;
  std::size_t total = 0;
  for (LiveStretch* stretch : by_size) {
    stretch->offset = first_free(*stretch, placed);
    total = std::max(total, stretch->offset + stretch->floats);
    placed.insert(std::ranges::upper_bound(placed, stretch->offset, {}, &LiveStretch::offset),
                  stretch);
  }
  return total;
}

}  // namespace lockstep

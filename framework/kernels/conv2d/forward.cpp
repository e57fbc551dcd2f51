#include "framework/kernels/conv2d/forward.hpp"

#include <cassert>

namespace lockstep {

Extent2d Conv2dGeometry::positions() const {
  const Extent2d all = input.output();
  if (epilogue.pooling == Pooling::none) return all;
  return {.rows = all.rows / 2 * 2, .columns = all.columns / 2 * 2};
}

Extent2d Conv2dGeometry::output() const {
  const Extent2d used = positions();
  if (epilogue.pooling == Pooling::none) return used;
  return {.rows = used.rows / 2, .columns = used.columns / 2};
}

void conv2d_forward(const Conv2dGeometry& geometry, const Conv2dForward& arguments) {
  assert(arguments.input.features == geometry.input.image.size());
  assert(arguments.output.features == geometry.filters * geometry.output().size());
  assert(is_blocked(arguments.input) && arguments.input.blocks == arguments.output.blocks);
  assert(arguments.weight.size() == geometry.weights());
  assert(arguments.bias.empty() || arguments.bias.size() == geometry.filters);
  assert(arguments.saved.empty() ||
         arguments.saved.size() >= conv2d_memory(geometry, arguments.input.blocks).saved);
  const bool pools = geometry.epilogue.pooling != Pooling::none;
  (pools ? conv2d_forward_pooled : conv2d_forward_plain)(geometry, arguments);
}

}  // namespace lockstep

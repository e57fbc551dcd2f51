// A program outside the tree that uses the installed package.

#include <cstdio>

#include "framework/core/build_info.hpp"
#include "framework/core/shape.hpp"
#include "framework/layers/layer.hpp"

int main() {
  const auto layers = lockstep::all_layer_types();
  std::printf("lockstep %s, %zu layers\n", lockstep::build_info().version.data(), layers.size());
  return layers.empty() ? 1 : 0;
}

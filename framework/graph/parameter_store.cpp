#include "framework/graph/parameter_store.hpp"

#include <algorithm>
#include <cassert>

#include "framework/kernels/reduce.hpp"

namespace lockstep {

ParameterLayout::ParameterLayout(const Graph& graph) {
  for (const GraphNode& node : graph.nodes()) {
    first_entries_.push_back(entries_.size());
    for (const ParameterSpec& spec : node.parameters) {
      const auto size = static_cast<std::size_t>(spec.shape.size());
      entries_.push_back({.layer = node.name,
                          .name = spec.name,
                          .role = spec.role,
                          .axis_order = spec.axis_order,
                          .shape = spec.shape,
                          .offset = size_,
                          .size = size,
                          .scale = spec.scale});
      size_ += size;
      has_scales_ = has_scales_ || spec.scale != 1.0F;
    }
  }
  first_entries_.push_back(entries_.size());
}

std::optional<std::size_t> ParameterLayout::weight_entry(std::size_t node) const {
  for (const ParameterRole role : {ParameterRole::weight, ParameterRole::scale}) {
    for (std::size_t entry = first_entry(node); entry < first_entry(node + 1); ++entry) {
      if (entries_[entry].role == role) return entry;
    }
  }
  return {};
}

void ParameterLayout::apply_scales(std::span<const float> from, std::span<float> to) const {
  assert(from.size() == size_ && to.size() == size_);
  for (const ParameterEntry& entry : entries_) {
    scale_buffer(from.subspan(entry.offset, entry.size), entry.scale,
                 to.subspan(entry.offset, entry.size));
  }
}

void ParameterLayout::apply_scales(std::size_t first, std::span<float> stretch) const {
  if (!has_scales_) return;
  const std::size_t end = first + stretch.size();
  for (const ParameterEntry& entry : entries_) {
    const std::size_t from = std::max(first, entry.offset);
    const std::size_t to = std::min(end, entry.offset + entry.size);
    if (from >= to || entry.scale == 1.0F) continue;
    const std::span<float> part = stretch.subspan(from - first, to - from);
    scale_buffer(part, entry.scale, part);
  }
}

ParameterStore::ParameterStore(const Graph& graph, std::uint64_t seed)
    : layout_(graph), values_(layout_.size()) {
  std::size_t entry = 0;
  for (const GraphNode& node : graph.nodes()) {
    for (const ParameterSpec& spec : node.parameters) {
      initialize(spec.initializer,
                 {.seed = seed,
                  .layer = node.name,
                  .tensor = spec.name,
                  .fan_in = spec.fan_in,
                  .fan_out = spec.fan_out},
                 layout_.view(mutable_values(), entry++));
    }
  }
}

Digest ParameterStore::digest() const {
  FloatsDigest digest;
  digest.add(values());
  return digest.finish();
}

}  // namespace lockstep

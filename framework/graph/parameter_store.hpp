#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/core/digest.hpp"
#include "framework/graph/graph.hpp"

namespace lockstep {

/// One tensor's place in the flat buffer.
struct ParameterEntry {
  std::string layer;
  std::string name;
  ParameterRole role;
  std::string axis_order;
  Shape shape;
  std::size_t offset = 0;  ///< floats from the start of the buffer
  std::size_t size = 0;    ///< floats
  float scale = 1.0F;      ///< the factor by which layers see the values multiplied
};

/// Where each parameter of a graph lies in one flat buffer: one after the other in layer order,
/// logical element order, no padding. Gradients and optimizer state have the same layout.
class ParameterLayout {
 public:
  explicit ParameterLayout(const Graph& graph);

  const std::vector<ParameterEntry>& entries() const { return entries_; }
  std::size_t size() const { return size_; }  ///< floats of the flat buffer
  bool has_scales() const { return has_scales_; }

  /// Entries of node i: [first_entry(i), first_entry(i + 1)).
  std::size_t first_entry(std::size_t node) const { return first_entries_[node]; }

  /// The entry whose figures stand for a node's weights: its weight, or else its scale. Nothing for
  /// a node that has neither.
  std::optional<std::size_t> weight_entry(std::size_t node) const;

  template <class T>
  std::span<T> view(std::span<T> flat, std::size_t entry) const {
    return flat.subspan(entries_[entry].offset, entries_[entry].size);
  }

  /// Multiplies a flat buffer by each tensor's scale. This turns stored values into what the layers
  /// see, and gradients of what they see into gradients of the stored values.
  void apply_scales(std::span<const float> from, std::span<float> to) const;

  /// The same in place, for a stretch of the flat buffer that begins at `first`.
  void apply_scales(std::size_t first, std::span<float> stretch) const;

 private:
  std::vector<ParameterEntry> entries_;
  std::vector<std::size_t> first_entries_;
  std::size_t size_ = 0;
  bool has_scales_ = false;
};

/// The trainable values of a graph, one flat, 64-byte aligned buffer.
class ParameterStore {
 public:
  /// Initial values are a function of (seed, layer name, tensor name, element) alone.
  ParameterStore(const Graph& graph, std::uint64_t seed);

  const ParameterLayout& layout() const { return layout_; }
  std::span<const float> values() const { return values_.span(); }
  std::span<float> mutable_values() { return values_.span(); }

  std::span<const float> tensor(std::size_t entry) const { return layout_.view(values(), entry); }

  /// Weights digest; see FloatsDigest.
  Digest digest() const;

 private:
  ParameterLayout layout_;
  AlignedBuffer<float> values_;
};

}  // namespace lockstep

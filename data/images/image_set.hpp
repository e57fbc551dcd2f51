#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "framework/core/digest.hpp"
#include "framework/core/label.hpp"
#include "framework/core/shape.hpp"

namespace lockstep {

/// Pixels of all samples, (N, C, H, W): bytes of 0..255, or floats already in 0..1. Spans refer to
/// memory that outlives the set, for example pixels that several processes share.
using Pixels = std::variant<std::vector<std::uint8_t>, std::vector<float>,
                            std::span<const std::uint8_t>, std::span<const float>>;

/// What an ImageSet is made of.
struct ImageSetParts {
  std::string name;    ///< "mnist"
  std::string origin;  ///< where it came from, for people: a folder, a file, "drawn"
  Shape sample_shape;  ///< (C, H, W)
  Pixels pixels;
  std::vector<Label> labels;          ///< one per sample
  Index classes = 0;                  ///< every label is below it
  std::optional<Digest> digest = {};  ///< ImageSet::digest(), if it is known already
};

/// Labelled images in memory, as they were stored: pixels of one byte stay bytes.
///
/// Constant after construction; safe from any thread.
class ImageSet {
 public:
  ImageSet() = default;  ///< no samples
  /// Asserts that sizes agree and labels are below `classes` (readers have checked them by then).
  explicit ImageSet(ImageSetParts parts);

  Index size() const { return static_cast<Index>(parts_.labels.size()); }
  Index classes() const { return parts_.classes; }
  const Shape& sample_shape() const { return parts_.sample_shape; }
  const std::string& name() const { return parts_.name; }
  const std::string& origin() const { return parts_.origin; }
  std::span<const Label> labels() const { return parts_.labels; }

  bool has_bytes() const {
    return std::holds_alternative<std::vector<std::uint8_t>>(parts_.pixels) ||
           std::holds_alternative<std::span<const std::uint8_t>>(parts_.pixels);
  }
  std::span<const std::uint8_t> bytes() const;  ///< (N, C, H, W); only if has_bytes()
  std::span<const float> floats() const;        ///< (N, C, H, W); only if not has_bytes()

  /// The same set with more classes than its labels show, because another part of the data set has
  /// them.
  ImageSet with_classes(Index classes) &&;

  /// XXH3-128 of kind, sizes, labels and pixels. Equal content has an equal digest wherever it came
  /// from, gzipped or not. Computed once, at construction.
  Digest digest() const { return parts_.digest.value_or(Digest{}); }

 private:
  ImageSetParts parts_;

  Digest digest_of_content() const;
};

/// 10, or more where the labels need it: the largest label plus one.
Index classes_of(std::span<const Label> labels);

}  // namespace lockstep

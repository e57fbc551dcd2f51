#pragma once

#include <memory>
#include <optional>
#include <string>

#include "data/formats/data_format.hpp"

namespace lockstep {

// What is shared by the formats whose data sets are MNIST's four IDX files in a folder:
// train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
// t10k-labels-idx1-ubyte. Names may have ".idx" for "-idx" and ".gz" appended; contents are raw or
// gzipped.

struct IdxSetFormat {
  std::string name;
  std::optional<Index> classes;  ///< labels must be below it; absent: `classes_of` the labels
};

std::unique_ptr<const DataReader> make_idx_set_reader(IdxSetFormat format);

/// Writes four small files. For DataExample.
ImageParts write_idx_example(const std::filesystem::path& folder);

}  // namespace lockstep

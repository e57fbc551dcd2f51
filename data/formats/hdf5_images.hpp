#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "data/images/image_set.hpp"

namespace lockstep {

// An HDF5 data set is two parts of `images`, (N, C, H, W) or (N, H, W), uint8 (0..255) or float32
// (already 0..1), and `labels`, (N) integers. It is one of
//   a folder with train.h5 and test.h5, each with /images and /labels;
//   one file with /train/images, /train/labels, /test/images, /test/labels;
//   one file with /images and /labels: trained on as it is, or evaluated on as it is. There is no
//   test part beside it then.

/// One part of an HDF5 data set.
struct Hdf5Part {
  std::filesystem::path file;
  std::string group;  ///< "/", "/train" or "/test"
};

struct Hdf5Parts {
  std::optional<Hdf5Part> train;
  std::optional<Hdf5Part> test;
  bool one_for_all = false;  ///< `train` is the file's only part
};

/// Finds the parts at `path`; none if nothing is there.
/// @throws Error (data) for a file that is not HDF5 or has none of these groups
Hdf5Parts find_hdf5_parts(const std::filesystem::path& path);

/// Reads one part. Labels must be below 256. The classes are `classes_of` the labels.
/// @throws Error (data) for missing, ill-shaped or wrongly typed `images` or `labels`, counts that
///         differ, labels out of range, and values that are not finite
ImageSet read_hdf5_part(const Hdf5Part& part);

}  // namespace lockstep

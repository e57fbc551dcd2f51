#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/images/image_set.hpp"
#include "data/images/image_split.hpp"
#include "framework/core/build_info.hpp"

namespace lockstep {

// Data sets by name:
//   mnist, fashion_mnist  four IDX files, raw or gzipped, in the first of `DataPlaces` that has
//   them idx                   the same four files in the folder `path` hdf5                  see
//   data/formats/hdf5_images.hpp, at `path` synthetic             drawn digits, always present
// File names: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,
// t10k-labels-idx1-ubyte, also with ".idx" for "-idx", and with ".gz" behind.

/// Folders that hold data sets by name, looked at in this order; an empty one is left out.
struct DataPlaces {
  std::filesystem::path chosen;                            ///< the value of $LOCKSTEP_DATA
  std::filesystem::path source;                            ///< data/ of the source tree
  std::filesystem::path installed;                         ///< data/ of the installed share folder
  std::filesystem::path packages = "/usr/share/datasets";  ///< the distribution's packages
};

/// The usual places. @param lockstep_data  value of $LOCKSTEP_DATA; empty when not set
DataPlaces usual_places(std::string_view lockstep_data, const BuildInfo& build);

enum class DataParts { training, test, both };

struct DataRequest {
  std::vector<std::string> names;   ///< the first that is present is taken
  std::filesystem::path path = {};  ///< of idx (a folder) and hdf5 (a folder or file)
  DataPlaces places = {};
  DataParts parts = DataParts::both;  ///< files of the other part are not opened
  Index synthetic_train = 12000;
  Index synthetic_test = 2000;
  Index synthetic_channels = 1;
  Index synthetic_side = 28;  ///< rows and columns
};

/// A part that was not asked for has no samples; neither has the test part of an idx or hdf5 data
/// set without one, unless it was asked for alone.
struct LoadedData {
  std::string name;    ///< the one of the names that was taken
  std::string origin;  ///< where it was found
  ImageSet train = {};
  ImageSet test = {};
  std::string warning = {};  ///< a sentence on what its user may not know; mostly empty

  /// Of either part: they agree.
  const ImageSet& any() const { return train.size() > 0 ? train : test; }
};

std::span<const std::string_view> dataset_names();

/// Names and path for a command line that gives a data set's name, an HDF5 file, or a folder.
/// @throws Error for what is none of these: (data) if it is or looks like a path, else (usage)
DataRequest data_request_for(const std::string& name_or_path);

/// Loads the first data set that is present. One that is present but damaged is an error, not a
/// reason to take the next.
/// @throws Error (data) that lists every place that was looked at when none is present;
///         Error (usage) for an unknown name, or a path that is missing
LoadedData open_dataset(const DataRequest& request);

struct SplitRequest {
  Index validation = 0;  ///< samples split off the front of the training part
  Preprocessing preprocessing = {};
};

/// Each is absent when it would have no samples.
struct DataSplits {
  std::optional<ImageSplit> train;  ///< the training part without its first `validation` samples
  std::optional<ImageSplit> validation;
  std::optional<ImageSplit> test;
};

/// Borrows the images: `data` outlives the splits and does not move in memory.
/// @throws Error (usage) if validation leaves nothing to train on, or as `check_preprocessing`
DataSplits split_data(const LoadedData& data, const SplitRequest& request);

}  // namespace lockstep

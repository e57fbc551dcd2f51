#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/formats/data_format.hpp"
#include "data/images/image_set.hpp"
#include "data/images/image_split.hpp"
#include "framework/core/build_info.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {

// Data sets by name. Which names there are is the matter of data/formats: one file per name.

/// Folders that hold data sets by name, looked at in this order; an empty one is left out.
struct DataPlaces {
  std::filesystem::path chosen;                            ///< the value of $LOCKSTEP_DATA
  std::filesystem::path source;                            ///< data/ of the source tree
  std::filesystem::path installed;                         ///< data/ of the installed share folder
  std::filesystem::path packages = "/usr/share/datasets";  ///< the distribution's packages

  bool operator==(const DataPlaces&) const = default;
};

/// The usual places. @param lockstep_data  value of $LOCKSTEP_DATA; empty when not set
DataPlaces usual_places(std::string_view lockstep_data, const BuildInfo& build);

/// Which data set: together with the places, everything that decides what is read.
struct DataSource {
  std::vector<std::string> names;     ///< the first that is present is taken
  std::filesystem::path path = {};    ///< of formats whose home is `path`
  Value settings = Value::mapping();  ///< of the formats that have any, by name, as in `data.NAME`

  bool operator==(const DataSource&) const = default;
};

struct DataRequest {
  DataSource source;
  DataPlaces places = {};
  DataParts parts = DataParts::both;

  bool operator==(const DataRequest&) const = default;
};

/// A part that was not asked for has no samples; neither has the test part of a set at `data.path`
/// that has none, unless it was asked for alone.
struct LoadedData {
  std::string name;    ///< the one of the names that was taken
  std::string origin;  ///< where it was found
  ImageSet train = {};
  ImageSet test = {};
  std::string warning = {};  ///< a sentence on what its user may not know; mostly empty

  /// Of either part: they agree.
  const ImageSet& any() const { return train.size() > 0 ? train : test; }
};

/// Of all formats, sorted.
std::vector<std::string_view> dataset_names();

/// "; name one of these.", or ", did you mean 'mnist'?": the end of a sentence that lists them all.
std::string dataset_advice(std::string_view unknown);

/// Whether a set of this name that has one part alone may be evaluated on as it is.
bool serves_alone(std::string_view dataset);

/// Names and path for a command line that gives a data set's name, an HDF5 file, or a folder.
/// @throws Error for what is none of these: (data) if it is or looks like a path, else (usage)
DataSource data_source_for(const std::string& name_or_path);

/// Loads the first data set that is present. One that is present but damaged is an error, not a
/// reason to take the next.
/// @throws Error (data) that lists every place that was looked at when none is present;
///         SettingError (usage) for an unknown name, or a path that is missing
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

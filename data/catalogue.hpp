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

// Data sets by name. Which names exist is decided in data/formats: one file per name.

/// Folders that hold data sets by name, in the order of the search. Empty ones are left out.
struct DataPlaces {
  std::filesystem::path chosen;                            ///< the value of $LOCKSTEP_DATA
  std::filesystem::path source;                            ///< data/ of the source tree
  std::filesystem::path installed;                         ///< data/ of the installed share folder
  std::filesystem::path packages = "/usr/share/datasets";  ///< the distribution's packages

  bool operator==(const DataPlaces&) const = default;
};

/// The usual places. @param lockstep_data  value of $LOCKSTEP_DATA; empty when not set
DataPlaces usual_places(std::string_view lockstep_data, const BuildInfo& build);

/// Which data set is meant. Together with the places, this is everything that decides what is read.
struct DataSource {
  std::vector<std::string> names;     ///< the first one present is taken
  std::filesystem::path path = {};    ///< for formats whose home is `path`
  Value settings = Value::mapping();  ///< of the formats that have any, by name, as in `data.NAME`

  bool operator==(const DataSource&) const = default;
};

struct DataRequest {
  DataSource source;
  DataPlaces places = {};
  DataParts parts = DataParts::both;

  bool operator==(const DataRequest&) const = default;
};

/// A part that was not asked for has no samples. Neither has a missing test part of a set at
/// `data.path`, unless it alone was asked for.
struct LoadedData {
  std::string name;    ///< the name that was taken
  std::string origin;  ///< where it was found
  ImageSet train = {};
  ImageSet test = {};
  std::string warning = {};  ///< a sentence that the user should know; mostly empty

  /// Either part that has samples: the two agree.
  const ImageSet& any() const { return train.size() > 0 ? train : test; }
};

/// The names of all formats, sorted.
std::vector<std::string_view> dataset_names();

/// "; name one of these.", or ", did you mean 'mnist'?": the end of a sentence that lists all
/// names.
std::string dataset_advice(std::string_view unknown);

/// Whether a set with this name may be evaluated on as it is if it has only one part.
bool serves_alone(std::string_view dataset);

/// Names and path for a word on the command line: the name of a data set, an HDF5 file, or a
/// folder.
/// @throws Error for anything else: (data) if it is or looks like a path, else (usage)
DataSource data_source_for(const std::string& name_or_path);

/// Loads the first data set that is present. If that one is damaged, it is an error and no reason
/// to take the next.
/// @throws Error (data) that lists every place searched, if none is present; SettingError (usage)
///         for an unknown name, or a path that is missing
LoadedData open_dataset(const DataRequest& request);

struct SplitRequest {
  Index validation = 0;  ///< samples split off the front of the training part
  Preprocessing preprocessing = {};
};

/// Each split is absent if it would have no samples.
struct DataSplits {
  std::optional<ImageSplit> train;  ///< the training part without its first `validation` samples
  std::optional<ImageSplit> validation;
  std::optional<ImageSplit> test;
};

/// Borrows the images: `data` outlives the splits and does not move in memory.
/// @throws Error (usage) if validation leaves nothing to train on, or as `check_preprocessing`
DataSplits split_data(const LoadedData& data, const SplitRequest& request);

}  // namespace lockstep

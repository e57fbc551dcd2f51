#pragma once

#include "data/catalogue.hpp"
#include "data/images/image_split.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {

/// The section `data` of an experiment with every default filled in.
struct DataSection {
  DataSource source;
  Index validation = 0;  ///< samples split off the front of the training part
  Preprocessing preprocessing;
  Value settings;  ///< the whole section as it was read, for resolved experiments
};

/// Reads the section. A path in it is already absolute. Reading the result again gives the same.
/// @param elsewhere  says where misplaced keys belong
/// @throws Error (usage) with the place of the mistake
DataSection read_data_section(const Value& section, SettingsReader::Elsewhere elsewhere = nullptr);

/// Where a key of the section belongs, such as "under data: augment:"; "" for any other key.
std::string where_in_data(std::string_view key);

}  // namespace lockstep

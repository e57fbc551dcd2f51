#pragma once

#include "data/catalogue.hpp"
#include "data/images/image_split.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {

/// What the section `data` of an experiment says, with every default filled in.
struct DataSection {
  DataSource source;
  Index validation = 0;  ///< samples split off the front of the training part
  Preprocessing preprocessing;
  Value settings;  ///< the whole section as it was read: for resolved experiments
};

/// Reads the section; a path in it is absolute already. What was read reads back as the same.
/// @param elsewhere  where keys belong that are unknown here
/// @throws Error (usage) with the place of what is wrong
DataSection read_data_section(const Value& section, SettingsReader::Elsewhere elsewhere = nullptr);

}  // namespace lockstep

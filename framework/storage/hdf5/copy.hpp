#pragma once

#include <string>

#include "framework/storage/hdf5/hdf5_file.hpp"

namespace lockstep {

/// Copies all groups, values and attributes of a file into a new group of another, the root's
/// attributes included. Values are read and written anew, so that nothing of a damaged file but
/// plain numbers and texts can come along.
/// @throws Error (data) for what no file of ours has: links, and types that Hdf5Values lacks
void copy_contents(const Hdf5Reader& from, Hdf5Writer& to, const std::string& group);

}  // namespace lockstep

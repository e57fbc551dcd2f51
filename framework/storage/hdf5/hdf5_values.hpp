#pragma once

// Finding and reading the contents of a file, which may be hostile: see hdf5_file.hpp. Only
// included by sources of this folder.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/storage/hdf5/contents.hpp"
#include "framework/storage/hdf5/hdf5_library.hpp"

namespace lockstep::hdf5 {

/// Walks to an object along hard links only. The node says what stopped the walk.
struct Found {
  Hdf5Node node;
  std::optional<Handle> object;
};

Found find_object(hid_t file, std::string_view path, const Where& where);

// Each finds `where.object` or throws.
Handle require_group(hid_t file, const Where& where);
Handle require_object(hid_t file, const Where& where);

// The order in which names in a group, or of attributes, are listed: that of their creation if the
// file knows it, else the alphabet's.
H5_index_t link_order(const Handle& group, const Where& where);
H5_index_t attribute_order(const Handle& object, const Where& where);

/// A data set or an attribute, opened and measured.
struct Opened {
  Handle object;
  Handle type;
  Handle space;
  Hdf5Element element;
  Hdf5Extents extents;  ///< their product fits 63 bits
};

/// Refuses data that lie outside the file, and more values than the file can hold.
Opened open(hid_t file, const Place& place, const Where& where);

// The same call serves data sets and attributes.
void read_raw(const Opened& opened, hid_t memory_type, void* values, const Where& where);

/// Along the first axis of a data set.
struct Rows {
  hsize_t first;
  hsize_t count;
};

void read_rows(const Opened& opened, const Rows& rows, hid_t memory_type, void* values,
               const Where& where);

std::vector<std::string> read_text_values(const Opened& opened, const Where& where);

}  // namespace lockstep::hdf5

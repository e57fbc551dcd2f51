#include "framework/storage/hdf5/hdf5_values.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace lockstep::hdf5 {
namespace {

/// The names on a path, "/a/b" -> a, b.
std::vector<std::string> path_names(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) names.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return names;
}

std::string_view describe(Hdf5Node node) {
  switch (node) {
    case Hdf5Node::missing:
      return "is missing";
    case Hdf5Node::group:
      return "is a group";
    case Hdf5Node::dataset:
      return "is a data set";
    case Hdf5Node::link:
      return "is a soft or external link, which is not followed";
    case Hdf5Node::other:
      return "is a named type";
  }
  return "is unknown";
}

/// Refuses data that lie outside the file, are computed from other files, or need filters from
/// plugins.
void refuse_unusual_storage(const Handle& dataset, const Where& where) {
  const Handle list(H5Dget_create_plist(dataset.id()), where);
  const H5D_layout_t layout = checked(H5Pget_layout(list.id()), where);
  if (layout == H5D_VIRTUAL) refuse(where, "is a virtual data set, which is not read");
  if (checked(H5Pget_external_count(list.id()), where) > 0) {
    refuse(where, "keeps its values in another file, which is not read");
  }
  const int filters = checked(H5Pget_nfilters(list.id()), where);
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0;
    std::size_t parameters = 0;
    const H5Z_filter_t filter = checked(H5Pget_filter2(list.id(), static_cast<unsigned>(i), &flags,
                                                       &parameters, nullptr, 0, nullptr, nullptr),
                                        where);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
        filter != H5Z_FILTER_FLETCHER32) {
      refuse(where, fmt::format("uses HDF5 filter {}, expected none but deflate, shuffle and "
                                "Fletcher32; store it without, for example with h5repack -f NONE",
                                filter));
    }
  }
}

/// A file of a few bytes may claim terabytes: what it claims must fit what it stores. Values that
/// were never written, which stand for the fill value, may claim only little.
void refuse_implausible_size(const Handle& dataset, std::size_t count, std::size_t element_bytes,
                             const Where& where) {
  constexpr std::size_t kLittle = std::size_t{1} << 26;
  constexpr hsize_t kBestDeflate = 1032;  // zlib's own bound for its ratio
  if (count <= kLittle / std::max<std::size_t>(element_bytes, 1)) return;
  const hsize_t stored = H5Dget_storage_size(dataset.id());
  if (count > stored * kBestDeflate / std::max<std::size_t>(element_bytes, 1)) {
    refuse(where, fmt::format("claims {} values of {} bytes but stores only {} bytes", count,
                              element_bytes, stored));
  }
}

std::size_t type_size(const Handle& type, const Where& where) {
  const std::size_t size = H5Tget_size(type.id());
  if (size == 0) refuse(where, fmt::format("has a type without a size ({})", library_reasons()));
  return size;
}

/// A text of fixed length, without its padding.
std::string unpadded(std::string_view stored, H5T_str_t padding) {
  if (padding != H5T_STR_SPACEPAD) return std::string(stored.substr(0, stored.find('\0')));
  const std::size_t last = stored.find_last_not_of(' ');
  return std::string(stored.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

std::vector<std::string> read_variable_texts(const Opened& opened, const Where& where) {
  std::vector<char*> stored(count_of(opened.extents), nullptr);
  read_raw(opened, opened.type.id(), stored.data(), where);
  std::vector<std::string> texts;
  for (const char* text : stored) texts.emplace_back(text == nullptr ? "" : text);
  checked(H5Dvlen_reclaim(opened.type.id(), opened.space.id(), H5P_DEFAULT, stored.data()), where);
  return texts;
}

std::vector<std::string> read_fixed_texts(const Opened& opened, const Where& where) {
  constexpr std::size_t kLongest = std::size_t{1} << 26;
  const std::size_t length = type_size(opened.type, where);
  if (length > kLongest / std::max<std::size_t>(count_of(opened.extents), 1)) {
    refuse(where, fmt::format("claims texts of {} bytes, expected at most {}", length, kLongest));
  }
  const H5T_str_t padding = checked(H5Tget_strpad(opened.type.id()), where);
  std::string stored(count_of(opened.extents) * length, '\0');
  read_raw(opened, opened.type.id(), stored.data(), where);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count_of(opened.extents); ++i) {
    texts.push_back(unpadded(std::string_view(stored).substr(i * length, length), padding));
  }
  return texts;
}

/// The order in which a group's links or attributes are listed, by the flags of its creation list.
H5_index_t listing_order(unsigned creation_order) {
  return (creation_order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

}  // namespace

Found find_object(hid_t file, std::string_view path, const Where& where) {
  Handle object = open_object(file, "/", where);
  for (const std::string& name : path_names(path)) {
    if (checked(H5Iget_type(object.id()), where) != H5I_GROUP) return {Hdf5Node::missing, {}};
    if (checked(H5Lexists(object.id(), name.c_str(), H5P_DEFAULT), where) == 0) {
      return {Hdf5Node::missing, {}};
    }
    H5L_info_t link{};
    checked(H5Lget_info(object.id(), name.c_str(), &link, H5P_DEFAULT), where);
    if (link.type != H5L_TYPE_HARD) return {Hdf5Node::link, {}};
    Handle next = open_object(object.id(), name, where);
    object = std::move(next);
  }
  switch (checked(H5Iget_type(object.id()), where)) {
    case H5I_GROUP:
      return {Hdf5Node::group, std::move(object)};
    case H5I_DATASET:
      return {Hdf5Node::dataset, std::move(object)};
    default:
      return {Hdf5Node::other, {}};
  }
}

Handle require_group(hid_t file, const Where& where) {
  Found found = find_object(file, where.object, where);
  if (found.node != Hdf5Node::group) {
    refuse(where, fmt::format("{}, expected a group", describe(found.node)));
  }
  return std::move(*found.object);
}

Handle require_object(hid_t file, const Where& where) {
  Found found = find_object(file, where.object, where);
  if (!found.object) refuse(where, fmt::format("{}", describe(found.node)));
  return std::move(*found.object);
}

namespace {

Handle require_dataset(hid_t file, const Where& where) {
  Found found = find_object(file, where.object, where);
  if (found.node != Hdf5Node::dataset) {
    refuse(where, fmt::format("{}, expected a data set", describe(found.node)));
  }
  refuse_unusual_storage(*found.object, where);
  return std::move(*found.object);
}

Hdf5Extents extents_of(const Handle& space, const Where& where) {
  if (checked(H5Sget_simple_extent_type(space.id()), where) == H5S_NULL) {
    refuse(where, "has no value (an HDF5 null space)");
  }
  const int rank = checked(H5Sget_simple_extent_ndims(space.id()), where);
  std::vector<hsize_t> current(static_cast<std::size_t>(rank));
  checked(H5Sget_simple_extent_dims(space.id(), current.data(), nullptr), where);
  constexpr hsize_t kMost = std::numeric_limits<Index>::max();
  hsize_t count = 1;
  for (const hsize_t extent : current) {
    if (extent > kMost) refuse(where, "has an extent beyond 63 bits");
    if (extent > 0 && count > kMost / extent) {
      refuse(where, "claims more elements than 63 bits can count");
    }
    count *= extent;
  }
  return {current.begin(), current.end()};
}

Opened open_dataset(hid_t file, const Where& where) {
  Handle dataset = require_dataset(file, where);
  Handle type(H5Dget_type(dataset.id()), where);
  Handle space(H5Dget_space(dataset.id()), where);
  const Hdf5Element element = element_of(type, where);
  Hdf5Extents extents = extents_of(space, where);
  refuse_implausible_size(dataset, count_of(extents), type_size(type, where), where);
  return {std::move(dataset), std::move(type), std::move(space), element, std::move(extents)};
}

Opened open_attribute(const Handle& object, const std::string& name, const Where& where) {
  if (checked(H5Aexists(object.id(), name.c_str()), where) == 0) {
    refuse(where, fmt::format("has no attribute {}", name));
  }
  Handle attribute(H5Aopen(object.id(), name.c_str(), H5P_DEFAULT), where);
  Handle type(H5Aget_type(attribute.id()), where);
  Handle space(H5Aget_space(attribute.id()), where);
  const Hdf5Element element = element_of(type, where);
  Hdf5Extents extents = extents_of(space, where);
  return {std::move(attribute), std::move(type), std::move(space), element, std::move(extents)};
}

}  // namespace

Opened open(hid_t file, const Place& place, const Where& where) {
  if (place.attribute.empty()) return open_dataset(file, where);
  return open_attribute(require_object(file, where), place.attribute, where);
}

H5_index_t link_order(const Handle& group, const Where& where) {
  const Handle creation(H5Gget_create_plist(group.id()), where);
  unsigned flags = 0;
  checked(H5Pget_link_creation_order(creation.id(), &flags), where);
  return listing_order(flags);
}

H5_index_t attribute_order(const Handle& object, const Where& where) {
  const bool is_group = checked(H5Iget_type(object.id()), where) == H5I_GROUP;
  const Handle creation(
      is_group ? H5Gget_create_plist(object.id()) : H5Dget_create_plist(object.id()), where);
  unsigned flags = 0;
  checked(H5Pget_attr_creation_order(creation.id(), &flags), where);
  return listing_order(flags);
}

void read_raw(const Opened& opened, hid_t memory_type, void* values, const Where& where) {
  if (checked(H5Iget_type(opened.object.id()), where) == H5I_ATTR) {
    checked(H5Aread(opened.object.id(), memory_type, values), where);
  } else {
    checked(H5Dread(opened.object.id(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), where);
  }
}

void read_rows(const Opened& opened, const Rows& rows, hid_t memory_type, void* values,
               const Where& where) {
  std::vector<hsize_t> start(opened.extents.size(), 0);
  std::vector<hsize_t> count(opened.extents.begin(), opened.extents.end());
  start.front() = rows.first;
  count.front() = rows.count;
  checked(H5Sselect_hyperslab(opened.space.id(), H5S_SELECT_SET, start.data(), nullptr,
                              count.data(), nullptr),
          where);
  const Handle memory(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr),
                      where);
  checked(
      H5Dread(opened.object.id(), memory_type, memory.id(), opened.space.id(), H5P_DEFAULT, values),
      where);
}

std::vector<std::string> read_text_values(const Opened& opened, const Where& where) {
  require_element(opened.element == Hdf5Element::text, opened.element, "texts", where);
  if (count_of(opened.extents) == 0) return {};
  return checked(H5Tis_variable_str(opened.type.id()), where) > 0
             ? read_variable_texts(opened, where)
             : read_fixed_texts(opened, where);
}

}  // namespace lockstep::hdf5

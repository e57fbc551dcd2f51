#include "framework/storage/hdf5/library_contents.hpp"

#include <hdf5.h>

#include <algorithm>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "framework/storage/hdf5/hdf5_library.hpp"
#include "framework/storage/hdf5/hdf5_values.hpp"

namespace lockstep::hdf5 {
namespace {

/// Names that the library hands to a callback, which must not throw.
struct NameList {
  static constexpr std::size_t kMost = 65536;

  std::vector<std::string> names;
  bool too_many = false;

  herr_t add(const char* name) {
    too_many = names.size() == kMost;
    if (too_many) return 1;
    try {
      names.emplace_back(name);
    } catch (const std::bad_alloc&) {
      return -1;
    }
    return 0;
  }
};

herr_t add_link(hid_t /*group*/, const char* name, const H5L_info_t* /*link*/, void* list) {
  return static_cast<NameList*>(list)->add(name);
}

herr_t add_attribute(hid_t /*object*/, const char* name, const H5A_info_t* /*info*/, void* list) {
  return static_cast<NameList*>(list)->add(name);
}

std::vector<std::string> names_of(NameList list, const Where& where) {
  if (list.too_many) {
    refuse(where, fmt::format("holds more than {} names, which no file of Lockstep does",
                              NameList::kMost));
  }
  return std::move(list.names);
}

/// Rows of a data set that are read at once: about 8 MiB, but whole chunks.
hsize_t rows_at_once(const Opened& opened, hsize_t row_bytes, const Where& where) {
  constexpr hsize_t kBytes = hsize_t{1} << 23;
  const hsize_t rows = std::max<hsize_t>(kBytes / std::max<hsize_t>(row_bytes, 1), 1);
  const Handle list(H5Dget_create_plist(opened.object.id()), where);
  if (checked(H5Pget_layout(list.id()), where) != H5D_CHUNKED) return rows;
  std::vector<hsize_t> chunk(H5S_MAX_RANK);
  const int rank = checked(H5Pget_chunk(list.id(), H5S_MAX_RANK, chunk.data()), where);
  const hsize_t chunk_rows = rank > 0 ? std::max<hsize_t>(chunk.front(), 1) : 1;
  return (rows + chunk_rows - 1) / chunk_rows * chunk_rows;
}

// The library calls these to keep a file in memory. They give it the image itself: nothing is
// copied, changed or freed.
void* same_image(std::size_t /*size*/, H5FD_file_image_op_t /*reason*/, void* image) {
  return image;
}
void* no_copy(void* to, const void* /*from*/, std::size_t /*size*/, H5FD_file_image_op_t /*reason*/,
              void* /*image*/) {
  return to;
}
void* no_growth(void* /*old*/, std::size_t /*size*/, H5FD_file_image_op_t /*reason*/,
                void* /*image*/) {
  return nullptr;
}
herr_t keep_image(void* /*old*/, H5FD_file_image_op_t /*reason*/, void* /*image*/) { return 0; }
void* share_image(void* image) { return image; }
herr_t keep_shared(void* /*image*/) { return 0; }

hid_t open_image(std::span<const std::byte> bytes, const std::string& name, const void* owner) {
  silence();
  const Where where{name, "file"};
  const Handle access = access_properties(where);
  constexpr std::size_t kGrowth = 65536;  // unused: an image that is only read does not grow
  checked(H5Pset_fapl_core(access.id(), kGrowth, false), where);
  // The interface takes the image without const.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
  void* const image = const_cast<std::byte*>(bytes.data());
  H5FD_file_image_callbacks_t callbacks{.image_malloc = same_image,
                                        .image_memcpy = no_copy,
                                        .image_realloc = no_growth,
                                        .image_free = keep_image,
                                        .udata_copy = share_image,
                                        .udata_free = keep_shared,
                                        .udata = image};
  checked(H5Pset_file_image_callbacks(access.id(), &callbacks), where);
  checked(H5Pset_file_image(access.id(), image, bytes.size()), where);
  return checked(H5Fopen(unique_name(owner).c_str(), H5F_ACC_RDONLY, access.id()), where);
}

}  // namespace

LibraryContents::LibraryContents(std::span<const std::byte> image, std::string name)
    : name_(std::move(name)), file_(open_image(image, name_, this)) {}

LibraryContents::~LibraryContents() {
  if (file_ >= 0) H5Idec_ref(file_);
}

Hdf5Node LibraryContents::node(const std::string& path) {
  return find_object(file_, path, {name_, path}).node;
}

std::vector<std::string> LibraryContents::children(const std::string& group) {
  const Where where{name_, group};
  const Handle object = require_group(file_, where);
  NameList list;
  checked(H5Literate(object.id(), link_order(object, where), H5_ITER_INC, nullptr, add_link, &list),
          where);
  return names_of(std::move(list), where);
}

std::vector<std::string> LibraryContents::attributes(const std::string& object) {
  const Where where{name_, object};
  const Handle found = require_object(file_, where);
  NameList list;
  checked(H5Aiterate2(found.id(), attribute_order(found, where), H5_ITER_INC, nullptr,
                      add_attribute, &list),
          where);
  return names_of(std::move(list), where);
}

bool LibraryContents::has_attribute(const std::string& object, const std::string& name) {
  const Where where{name_, object};
  return checked(H5Aexists(require_object(file_, where).id(), name.c_str()), where) > 0;
}

Description LibraryContents::describe(const Place& place) {
  const Opened opened = open(file_, place, {name_, place.object});
  return {.element = opened.element, .extents = opened.extents};
}

void LibraryContents::read_numbers(const Place& place, Hdf5Element element,
                                   std::span<std::byte> values) {
  const Where where{name_, place.object};
  const Opened opened = open(file_, place, where);
  if (values.size() != count_of(opened.extents) * bytes_of(element)) {
    refuse(where, "has changed while it was read");
  }
  if (!values.empty()) read_raw(opened, number_type(element).memory, values.data(), where);
}

void LibraryContents::read_stretches(const Place& place, Hdf5Element element, const Stretch& take) {
  const Where where{name_, place.object};
  const Opened opened = open(file_, place, where);
  const std::size_t bytes = count_of(opened.extents) * bytes_of(element);
  if (bytes == 0) return;
  const auto all_rows = opened.extents.empty() ? 1 : static_cast<hsize_t>(opened.extents.front());
  const hsize_t row_bytes = bytes / all_rows;
  const bool at_once = !place.attribute.empty() || opened.extents.empty();
  const hsize_t rows = at_once ? all_rows : rows_at_once(opened, row_bytes, where);
  std::vector<std::byte> values;
  for (hsize_t first = 0; first < all_rows; first += rows) {
    const hsize_t count = std::min(rows, all_rows - first);
    values.resize(count * row_bytes);
    const hid_t memory = number_type(element).memory;
    if (count == all_rows) {
      read_raw(opened, memory, values.data(), where);
    } else {
      read_rows(opened, {first, count}, memory, values.data(), where);
    }
    take(values);
  }
}

std::vector<std::string> LibraryContents::read_texts(const Place& place) {
  const Where where{name_, place.object};
  return read_text_values(open(file_, place, where), where);
}

}  // namespace lockstep::hdf5

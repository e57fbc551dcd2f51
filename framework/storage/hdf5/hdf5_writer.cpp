#include <hdf5.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/hdf5/hdf5_library.hpp"

namespace lockstep {
namespace {

using namespace hdf5;

/// The type of UTF-8 texts of a fixed length, padded with NUL. Unlike texts of variable length they
/// lie beside numbers, under the same checksums.
Handle text_type(std::size_t length, const Where& where) {
  Handle type(H5Tcopy(H5T_C_S1), where);
  checked(H5Tset_size(type.id(), length), where);
  checked(H5Tset_strpad(type.id(), H5T_STR_NULLPAD), where);
  checked(H5Tset_cset(type.id(), H5T_CSET_UTF8), where);
  return type;
}

/// Values as the library wants them: a stored type, a type in memory, and an address.
struct RawValues {
  Handle stored;
  Handle memory;
  std::vector<char> texts;  ///< what `data` points to if the values are texts
  const void* data;
  std::size_t count;
  std::size_t bytes;  ///< of one element
};

template <typename Number>
RawValues raw_values(std::span<const Number> values, const Where& where) {
  const NumberType type = number_type(element_of(values.data()));
  return {Handle(H5Tcopy(type.little_endian), where),
          Handle(H5Tcopy(type.memory), where),
          {},
          values.data(),
          values.size(),
          type.bytes};
}

RawValues raw_values(std::span<const std::string> values, const Where& where) {
  std::size_t length = 1;  // the library has no empty texts
  for (const std::string& text : values) length = std::max(length, text.size());
  std::vector<char> texts(values.size() * length, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::ranges::copy(values[i], texts.begin() + static_cast<std::ptrdiff_t>(i * length));
  }
  const void* const data = texts.data();
  return {text_type(length, where),
          text_type(length, where),
          std::move(texts),
          data,
          values.size(),
          length};
}

std::vector<hsize_t> dimensions(const Hdf5Extents& extents) {
  return {extents.begin(), extents.end()};
}

/// The space of a data set. An extent of zero may grow, because otherwise the library has no
/// chunks.
Handle data_space(const Hdf5Extents& extents, const Where& where) {
  if (extents.empty()) return {H5Screate(H5S_SCALAR), where};
  const std::vector<hsize_t> current = dimensions(extents);
  std::vector<hsize_t> maximum = current;
  std::ranges::replace(maximum, hsize_t{0}, H5S_UNLIMITED);
  return {H5Screate_simple(static_cast<int>(current.size()), current.data(), maximum.data()),
          where};
}

/// Chunks of about one mebibyte: as many whole rows of the first axis as fit.
std::vector<hsize_t> chunk_extents(const Hdf5Extents& extents, std::size_t element_bytes) {
  constexpr hsize_t kChunkBytes = hsize_t{1} << 20;
  std::vector<hsize_t> chunk = dimensions(extents);
  hsize_t row_bytes = element_bytes;
  for (std::size_t axis = 1; axis < chunk.size(); ++axis) {
    chunk[axis] = std::max<hsize_t>(chunk[axis], 1);
    row_bytes *= chunk[axis];
  }
  chunk[0] = std::clamp<hsize_t>(kChunkBytes / row_bytes, 1, std::max<hsize_t>(chunk[0], 1));
  return chunk;
}

Handle dataset_properties(const Hdf5Extents& extents, const RawValues& raw, const Where& where) {
  Handle list(H5Pcreate(H5P_DATASET_CREATE), where);
  checked(H5Pset_obj_track_times(list.id(), false), where);
  if (extents.empty()) return list;  // a single value has no chunks
  const std::vector<hsize_t> chunk = chunk_extents(extents, raw.bytes);
  checked(H5Pset_chunk(list.id(), static_cast<int>(chunk.size()), chunk.data()), where);
  checked(H5Pset_fletcher32(list.id()), where);
  return list;
}

/// For all groups, the root included. The order of creation is kept. Links and attributes are
/// stored in the group's own header however many they are, which is HDF5's plainest form.
void set_group_properties(const Handle& list, const Where& where) {
  constexpr unsigned kInOrder = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  constexpr unsigned kMost = 1000;
  checked(H5Pset_obj_track_times(list.id(), false), where);
  checked(H5Pset_link_creation_order(list.id(), kInOrder), where);
  checked(H5Pset_link_phase_change(list.id(), kMost, kMost / 2), where);
  checked(H5Pset_attr_creation_order(list.id(), kInOrder), where);
  checked(H5Pset_attr_phase_change(list.id(), kMost, kMost / 2), where);
}

// The elements and extents of an attribute: a list has one axis, a single value none.
template <typename Value>
std::span<const Value> elements_of(const Value& value) {
  return {&value, 1};
}
template <typename Value>
std::span<const Value> elements_of(const std::vector<Value>& values) {
  return values;
}
template <typename Value>
Hdf5Extents attribute_extents(const Value&) {
  return {};
}
template <typename Value>
Hdf5Extents attribute_extents(const std::vector<Value>& values) {
  return {static_cast<Index>(values.size())};
}

/// Attributes lie in an object's header, which has room for 64 KiB.
std::string shortened(const std::string& text) {
  constexpr std::size_t kMost = 32768;
  if (text.size() <= kMost) return text;
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // UTF-8
  return text.substr(0, end) + "...";
}
template <typename Value>
const Value& shortened(const Value& value) {
  return value;
}

void write_attribute(const Handle& object, const std::string& name, const Hdf5Attribute& value,
                     const Where& where) {
  std::visit(
      [&](const auto& whole) {
        const auto& given = shortened(whole);
        const RawValues raw = raw_values(elements_of(given), where);
        const Handle space = data_space(attribute_extents(given), where);
        Handle attribute(H5Acreate2(object.id(), name.c_str(), raw.stored.id(), space.id(),
                                    H5P_DEFAULT, H5P_DEFAULT),
                         where);
        checked(H5Awrite(attribute.id(), raw.memory.id(), raw.data), where);
        attribute.close(where);
      },
      value);
}

// The library calls this to keep a file in memory. The vector owns the memory, also after the file
// is closed.
void* grow_image(void* /*old*/, std::size_t size, H5FD_file_image_op_t /*reason*/, void* image) {
  auto& bytes = *static_cast<std::vector<std::byte>*>(image);
  try {
    bytes.resize(size);  // zeros where nothing is written, so that bytes are the same each time
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return bytes.data();
}
herr_t keep_image(void* /*image*/, H5FD_file_image_op_t /*reason*/, void* /*owner*/) { return 0; }
void* share_owner(void* owner) { return owner; }
herr_t keep_owner(void* /*owner*/) { return 0; }

/// For a new file that is built in `image`. No disk is involved: when a disk is full, this version
/// of the library loses values, keeps the file open for ever and crashes at exit (measured).
Handle memory_access_properties(std::vector<std::byte>& image, const Where& where) {
  constexpr std::size_t kGrowth = std::size_t{1} << 16;
  Handle list = access_properties(where);
  checked(H5Pset_fapl_core(list.id(), kGrowth, false), where);
  H5FD_file_image_callbacks_t callbacks{};
  callbacks.image_realloc = grow_image;
  callbacks.image_free = keep_image;
  callbacks.udata_copy = share_owner;
  callbacks.udata_free = keep_owner;
  callbacks.udata = &image;
  checked(H5Pset_file_image_callbacks(list.id(), &callbacks), where);
  return list;
}

}  // namespace

Hdf5Writer::Hdf5Writer(const std::filesystem::path& path, std::size_t user_block,
                       std::size_t expected_bytes)
    : path_(path), name_(path.string()), user_block_(user_block) {
  silence();
  image_.reserve(expected_bytes);
  const Where where{name_, "file"};
  const Handle access = memory_access_properties(image_, where);
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), where);
  set_group_properties(creation, where);
  checked(H5Pset_userblock(creation.id(), user_block), where);
  const std::string name = unique_name(this);
  file_ = checked(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), where);
}

Hdf5Writer::~Hdf5Writer() {
  if (file_ >= 0) H5Idec_ref(file_);
}

void Hdf5Writer::add_text(const std::string& path, const std::string& text,
                          const std::string& long_name) {
  add_dataset({.path = path,
               .extents = {},
               .values = std::span<const std::string>(&text, 1),
               .units = "",
               .long_name = long_name});
}

void Hdf5Writer::add_group(const std::string& path) {
  const Where where{name_, path};
  const Handle creation(H5Pcreate(H5P_GROUP_CREATE), where);
  set_group_properties(creation, where);
  Handle(H5Gcreate2(file_, path.c_str(), H5P_DEFAULT, creation.id(), H5P_DEFAULT), where)
      .close(where);
}

void Hdf5Writer::add_dataset(const Hdf5Dataset& dataset) {
  const Where where{name_, dataset.path};
  const RawValues raw =
      std::visit([&](const auto& values) { return raw_values(values, where); }, dataset.values);
  const Handle space = data_space(dataset.extents, where);
  assert(H5Sget_simple_extent_npoints(space.id()) == static_cast<hssize_t>(raw.count));
  const Handle creation = dataset_properties(dataset.extents, raw, where);
  Handle created(H5Dcreate2(file_, dataset.path.c_str(), raw.stored.id(), space.id(), H5P_DEFAULT,
                            creation.id(), H5P_DEFAULT),
                 where);
  if (raw.count > 0) {
    checked(H5Dwrite(created.id(), raw.memory.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.data),
            where);
  }
  write_attribute(created, "units", dataset.units, where);
  write_attribute(created, "long_name", dataset.long_name, where);
  created.close(where);
}

void Hdf5Writer::add_attribute(const std::string& path, const std::string& name,
                               const Hdf5Attribute& value) {
  const Where where{name_, path};
  Handle object = open_object(file_, path, where);
  write_attribute(object, name, value, where);
  object.close(where);
}

void Hdf5Writer::add_external_link(const std::string& path, const std::string& file,
                                   const std::string& object) {
  checked(H5Lcreate_external(file.c_str(), object.c_str(), file_, path.c_str(), H5P_DEFAULT,
                             H5P_DEFAULT),
          Where{name_, path});
}

void Hdf5Writer::make_scale(const std::string& dataset, const std::string& name) {
  const Where where{name_, dataset};
  Handle object = open_object(file_, dataset, where);
  checked(H5DSset_scale(object.id(), name.c_str()), where);
  object.close(where);
}

void Hdf5Writer::attach_scale(const Hdf5Scale& scale) {
  const Where where{name_, scale.dataset};
  Handle object = open_object(file_, scale.dataset, where);
  Handle labels = open_object(file_, scale.scale, where);
  checked(H5DSattach_scale(object.id(), labels.id(), scale.axis), where);
  // The list of all that it labels, which readers do without; PyTables opens no scale that has it.
  checked(H5Adelete(labels.id(), "REFERENCE_LIST"), where);
  labels.close(where);
  object.close(where);
}

std::vector<std::byte> Hdf5Writer::finish() {
  const Where where{name_, "file"};
  checked(H5Fflush(file_, H5F_SCOPE_GLOBAL), where);
  // The image in memory grows in large steps. This is the size of the file in it.
  const ssize_t size = checked(H5Fget_file_image(file_, nullptr, 0), where);
  checked(H5Fclose(std::exchange(file_, -1)), where);
  image_.resize(user_block_ + static_cast<std::size_t>(size));
  return std::move(image_);
}

void Hdf5Writer::close() {
  const std::vector<std::byte> bytes = finish();
  Descriptor file(path_, OpenMode::create);
  file.write_at(0, bytes);
  file.close();
}

}  // namespace lockstep

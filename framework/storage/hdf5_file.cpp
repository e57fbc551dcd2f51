#include "framework/storage/hdf5_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hdf5.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "framework/core/error.hpp"
#include "framework/storage/descriptor.hpp"

namespace lockstep {
namespace {

// ---- Failures and handles
// -------------------------------------------------------------------------

/// The file and the object in it that a call is about.
struct Where {
  const std::string& file;
  std::string_view object;
};

[[noreturn]] void refuse(const Where& where, const std::string& reason) {
  throw Error(ErrorKind::data, fmt::format("{}: {} {}.", where.file, where.object, reason));
}

herr_t collect_reason(unsigned /*position*/, const H5E_error2_t* error, void* reasons) {
  std::string text = error->desc == nullptr ? "" : error->desc;
  // A failing call of the system is described with addresses and times; its own words are enough.
  constexpr std::string_view kSystemReason = "error message = '";
  if (const std::size_t start = text.find(kSystemReason); start != std::string::npos) {
    text = text.substr(start + kSystemReason.size());
    text = text.substr(0, text.find('\''));
  }
  std::ranges::replace(text, '\n', ' ');
  static_cast<std::vector<std::string>*>(reasons)->push_back(std::move(text));
  return 0;
}

/// The library's reasons for its last failure, outermost first, in one line.
std::string library_reasons() {
  std::vector<std::string> reasons;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, collect_reason, &reasons);
  H5Eclear2(H5E_DEFAULT);
  return fmt::format("{}", fmt::join(reasons, ": "));
}

/// The one check of all return values: negative is failure, in every call of the library.
template <typename Result>
Result checked(Result result, const Where& where) {
  if (result < 0) refuse(where, fmt::format("cannot be read or written ({})", library_reasons()));
  return result;
}

/// Owns one identifier of the library, whatever it names.
class Handle {
 public:
  Handle(hid_t id, const Where& where) : id_(checked(id, where)) {}
  ~Handle() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  hid_t id() const { return id_; }

  /// Lets go and reports what only closing finds: data that could not be written out.
  void close(const Where& where) { checked(H5Idec_ref(std::exchange(id_, -1)), where); }

 private:
  hid_t id_;
};

/// The library prints its failures unless told not to, for each thread anew.
void silence() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

// ---- Types
// ----------------------------------------------------------------------------------------

/// How one element type is stored (both byte orders) and held in memory. Identifiers of the library
/// are known only while it runs, so this is a function and no constant.
struct NumberType {
  Hdf5Element element;
  hid_t little_endian;
  hid_t big_endian;
  hid_t memory;
  std::size_t bytes;
};

std::array<NumberType, 10> number_types() {
  return {{
      {Hdf5Element::int8, H5T_STD_I8LE, H5T_STD_I8BE, H5T_NATIVE_INT8, 1},
      {Hdf5Element::uint8, H5T_STD_U8LE, H5T_STD_U8BE, H5T_NATIVE_UINT8, 1},
      {Hdf5Element::int16, H5T_STD_I16LE, H5T_STD_I16BE, H5T_NATIVE_INT16, 2},
      {Hdf5Element::uint16, H5T_STD_U16LE, H5T_STD_U16BE, H5T_NATIVE_UINT16, 2},
      {Hdf5Element::int32, H5T_STD_I32LE, H5T_STD_I32BE, H5T_NATIVE_INT32, 4},
      {Hdf5Element::uint32, H5T_STD_U32LE, H5T_STD_U32BE, H5T_NATIVE_UINT32, 4},
      {Hdf5Element::int64, H5T_STD_I64LE, H5T_STD_I64BE, H5T_NATIVE_INT64, 8},
      {Hdf5Element::uint64, H5T_STD_U64LE, H5T_STD_U64BE, H5T_NATIVE_UINT64, 8},
      {Hdf5Element::float32, H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_NATIVE_FLOAT, 4},
      {Hdf5Element::float64, H5T_IEEE_F64LE, H5T_IEEE_F64BE, H5T_NATIVE_DOUBLE, 8},
  }};
}

NumberType number_type(Hdf5Element element) {
  return number_types()[static_cast<std::size_t>(element)];
}

Hdf5Element element_of(const Handle& type, const Where& where) {
  if (checked(H5Tget_class(type.id()), where) == H5T_STRING) return Hdf5Element::text;
  for (const NumberType& known : number_types()) {
    if (checked(H5Tequal(type.id(), known.little_endian), where) > 0 ||
        checked(H5Tequal(type.id(), known.big_endian), where) > 0) {
      return known.element;
    }
  }
  return Hdf5Element::other;
}

/// The type of a text of variable length, UTF-8.
Handle text_type(const Where& where) {
  Handle type(H5Tcopy(H5T_C_S1), where);
  checked(H5Tset_size(type.id(), H5T_VARIABLE), where);
  checked(H5Tset_cset(type.id(), H5T_CSET_UTF8), where);
  return type;
}

// ---- Writing
// --------------------------------------------------------------------------------------

constexpr Hdf5Element element_of(const float*) { return Hdf5Element::float32; }
constexpr Hdf5Element element_of(const double*) { return Hdf5Element::float64; }
constexpr Hdf5Element element_of(const std::int64_t*) { return Hdf5Element::int64; }
constexpr Hdf5Element element_of(const std::uint64_t*) { return Hdf5Element::uint64; }
constexpr Hdf5Element element_of(const std::uint8_t*) { return Hdf5Element::uint8; }

/// Values as the library wants them: a stored type, a type in memory, and an address.
struct RawValues {
  Handle stored;
  Handle memory;
  std::vector<const char*> texts;  ///< what `data` points to when the values are texts
  const void* data;
  std::size_t count;
  std::size_t bytes;  ///< of one element; of a text: of the reference to it
  bool is_text;
};

template <typename Number>
RawValues raw_values(std::span<const Number> values, const Where& where) {
  const NumberType type = number_type(element_of(values.data()));
  return {Handle(H5Tcopy(type.little_endian), where),
          Handle(H5Tcopy(type.memory), where),
          {},
          values.data(),
          values.size(),
          type.bytes,
          false};
}

RawValues raw_values(std::span<const std::string> values, const Where& where) {
  std::vector<const char*> texts;
  for (const std::string& text : values) texts.push_back(text.c_str());
  const void* data = texts.data();
  constexpr std::size_t kReferenceBytes = 16;
  return {text_type(where),
          text_type(where),
          std::move(texts),
          data,
          values.size(),
          kReferenceBytes,
          true};
}

std::vector<hsize_t> dimensions(const Hdf5Extents& extents) {
  return {extents.begin(), extents.end()};
}

/// The space of a data set. An extent of zero may grow: the library has no chunks for it otherwise.
Handle data_space(const Hdf5Extents& extents, const Where& where) {
  if (extents.empty()) return {H5Screate(H5S_SCALAR), where};
  const std::vector<hsize_t> current = dimensions(extents);
  std::vector<hsize_t> maximum = current;
  std::ranges::replace(maximum, hsize_t{0}, H5S_UNLIMITED);
  return {H5Screate_simple(static_cast<int>(current.size()), current.data(), maximum.data()),
          where};
}

/// Chunks of about a mebibyte: as many whole rows of the first axis as fit.
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
  // The library has no checksums for texts, which lie outside the chunks.
  if (!raw.is_text) checked(H5Pset_fletcher32(list.id()), where);
  return list;
}

/// For groups, the root included: order of creation kept; links and attributes in the group's own
/// header however many they are, since that is the plainest of HDF5's forms.
void set_group_properties(const Handle& list, const Where& where) {
  constexpr unsigned kInOrder = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  constexpr unsigned kMost = 1000;
  checked(H5Pset_obj_track_times(list.id(), false), where);
  checked(H5Pset_link_creation_order(list.id(), kInOrder), where);
  checked(H5Pset_link_phase_change(list.id(), kMost, kMost / 2), where);
  checked(H5Pset_attr_creation_order(list.id(), kInOrder), where);
  checked(H5Pset_attr_phase_change(list.id(), kMost, kMost / 2), where);
}

// An attribute's elements and extents: a list has one axis, a single value none.
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

void write_attribute(const Handle& object, const std::string& name, const Hdf5Attribute& value,
                     const Where& where) {
  std::visit(
      [&](const auto& given) {
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

// ---- Reading
// --------------------------------------------------------------------------------------

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

Handle open_object(hid_t parent, const std::string& name, const Where& where) {
  return {H5Oopen(parent, name.c_str(), H5P_DEFAULT), where};
}

/// Walks to an object along hard links only; what stops it is told by the node.
struct Found {
  Hdf5Node node;
  std::optional<Handle> object;
};

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

Handle require_group(hid_t file, const Where& where) {
  Found found = find_object(file, where.object, where);
  if (found.node != Hdf5Node::group) {
    refuse(where, fmt::format("{}, expected a group", describe(found.node)));
  }
  return std::move(*found.object);
}

/// Data outside the file, computed from other files, or behind filters that plugins would bring.
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

Handle require_dataset(hid_t file, const Where& where) {
  Found found = find_object(file, where.object, where);
  if (found.node != Hdf5Node::dataset) {
    refuse(where, fmt::format("{}, expected a data set", describe(found.node)));
  }
  refuse_unusual_storage(*found.object, where);
  return std::move(*found.object);
}

Handle require_object(hid_t file, const Where& where) {
  Found found = find_object(file, where.object, where);
  if (!found.object) refuse(where, fmt::format("{}", describe(found.node)));
  return std::move(*found.object);
}

Hdf5Extents extents_of(const Handle& space, const Where& where) {
  const int rank = checked(H5Sget_simple_extent_ndims(space.id()), where);
  std::vector<hsize_t> current(static_cast<std::size_t>(rank));
  checked(H5Sget_simple_extent_dims(space.id(), current.data(), nullptr), where);
  constexpr hsize_t kMost = std::numeric_limits<Index>::max();
  if (std::ranges::any_of(current, [](hsize_t extent) { return extent > kMost; })) {
    refuse(where, "has an extent beyond 63 bits");
  }
  return {current.begin(), current.end()};
}

/// Elements of a space; what does not fit 63 bits, or has none at all by declaration, is refused.
std::size_t count_of(const Handle& space, const Where& where) {
  if (checked(H5Sget_simple_extent_type(space.id()), where) == H5S_NULL) {
    refuse(where, "has no value (an HDF5 null space)");
  }
  Index count = 1;
  for (const Index extent : extents_of(space, where)) {
    if (extent > 0 && count > std::numeric_limits<Index>::max() / extent) {
      refuse(where, "claims more elements than 63 bits can count");
    }
    count *= extent;
  }
  return static_cast<std::size_t>(count);
}

/// A file of a few bytes may claim terabytes: what it claims must fit what it stores.
void refuse_implausible_size(const Handle& dataset, std::size_t count, std::size_t element_bytes,
                             const Where& where) {
  constexpr hsize_t kBestDeflate = 1032;  // zlib's own bound for its ratio
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

/// Something with values, a data set or an attribute, opened and measured.
struct Opened {
  Handle object;
  Handle type;
  Handle space;
  Hdf5Element element;
  std::size_t count;
};

Opened open_dataset(hid_t file, const Where& where) {
  Handle dataset = require_dataset(file, where);
  Handle type(H5Dget_type(dataset.id()), where);
  Handle space(H5Dget_space(dataset.id()), where);
  const Hdf5Element element = element_of(type, where);
  const std::size_t count = count_of(space, where);
  refuse_implausible_size(dataset, count, type_size(type, where), where);
  return {std::move(dataset), std::move(type), std::move(space), element, count};
}

/// An attribute with exactly `count` values.
Opened open_attribute(const Handle& object, const std::string& name, std::size_t count,
                      const Where& where) {
  if (checked(H5Aexists(object.id(), name.c_str()), where) == 0) {
    refuse(where, fmt::format("has no attribute {}", name));
  }
  Handle attribute(H5Aopen(object.id(), name.c_str(), H5P_DEFAULT), where);
  Handle type(H5Aget_type(attribute.id()), where);
  Handle space(H5Aget_space(attribute.id()), where);
  const std::size_t found = count_of(space, where);
  if (found != count) {
    refuse(where, fmt::format("has {} values in attribute {}, expected {}", found, name, count));
  }
  const Hdf5Element element = element_of(type, where);
  return {std::move(attribute), std::move(type), std::move(space), element, count};
}

// The same two calls for data sets and attributes.
void read_raw(const Opened& opened, hid_t memory_type, void* values, const Where& where) {
  if (checked(H5Iget_type(opened.object.id()), where) == H5I_ATTR) {
    checked(H5Aread(opened.object.id(), memory_type, values), where);
  } else {
    checked(H5Dread(opened.object.id(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), where);
  }
}

bool is_integer(Hdf5Element element) { return element <= Hdf5Element::uint64; }

bool is_real(Hdf5Element element) {
  return element == Hdf5Element::float32 || element == Hdf5Element::float64;
}

void require_element(bool right, const Opened& opened, std::string_view expected,
                     const Where& where) {
  if (right) return;
  refuse(where, fmt::format("holds {} values, expected {}", to_string(opened.element), expected));
}

template <typename Number>
std::vector<Number> read_numbers(const Opened& opened, const Where& where) {
  std::vector<Number> values(opened.count);
  const Number* kind = nullptr;
  if (!values.empty()) {
    read_raw(opened, number_type(element_of(kind)).memory, values.data(), where);
  }
  return values;
}

std::vector<std::int64_t> read_integer_values(const Opened& opened, const Where& where) {
  require_element(is_integer(opened.element), opened, "integers", where);
  if (opened.element != Hdf5Element::uint64) return read_numbers<std::int64_t>(opened, where);
  // The library would silently replace what does not fit by the largest value that does.
  const std::vector<std::uint64_t> values = read_numbers<std::uint64_t>(opened, where);
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (const std::uint64_t value : values) {
    if (value > kMost) refuse(where, fmt::format("holds {}, expected at most {}", value, kMost));
  }
  return {values.begin(), values.end()};
}

std::vector<float> rounded_to_float(const std::vector<double>& values, const Where& where) {
  std::vector<float> rounded(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    rounded[i] = static_cast<float>(values[i]);
    if (std::isfinite(values[i]) && !std::isfinite(rounded[i])) {
      refuse(where,
             fmt::format("holds {} at position {}, which float32 cannot hold", values[i], i));
    }
  }
  return rounded;
}

/// A text of fixed length without its padding.
std::string unpadded(std::string_view stored, H5T_str_t padding) {
  if (padding != H5T_STR_SPACEPAD) return std::string(stored.substr(0, stored.find('\0')));
  const std::size_t last = stored.find_last_not_of(' ');
  return std::string(stored.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

std::vector<std::string> read_variable_texts(const Opened& opened, const Where& where) {
  std::vector<char*> stored(opened.count, nullptr);
  read_raw(opened, opened.type.id(), stored.data(), where);
  std::vector<std::string> texts;
  for (const char* text : stored) texts.emplace_back(text == nullptr ? "" : text);
  checked(H5Dvlen_reclaim(opened.type.id(), opened.space.id(), H5P_DEFAULT, stored.data()), where);
  return texts;
}

std::vector<std::string> read_fixed_texts(const Opened& opened, const Where& where) {
  constexpr std::size_t kLongest = std::size_t{1} << 26;
  const std::size_t length = type_size(opened.type, where);
  if (length > kLongest / std::max<std::size_t>(opened.count, 1)) {
    refuse(where, fmt::format("claims texts of {} bytes, expected at most {}", length, kLongest));
  }
  const H5T_str_t padding = checked(H5Tget_strpad(opened.type.id()), where);
  std::string stored(opened.count * length, '\0');
  read_raw(opened, opened.type.id(), stored.data(), where);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < opened.count; ++i) {
    texts.push_back(unpadded(std::string_view(stored).substr(i * length, length), padding));
  }
  return texts;
}

std::vector<std::string> read_text_values(const Opened& opened, const Where& where) {
  require_element(opened.element == Hdf5Element::text, opened, "texts", where);
  if (opened.count == 0) return {};
  return checked(H5Tis_variable_str(opened.type.id()), where) > 0
             ? read_variable_texts(opened, where)
             : read_fixed_texts(opened, where);
}

/// In which order a group's links or attributes are listed, by the flags of its creation list.
H5_index_t listing_order(unsigned creation_order) {
  return (creation_order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

/// Calls a listing function twice: for the length of a name, then for the name.
template <typename Listing>
std::string listed_name(const Listing& listing, const Where& where) {
  const ssize_t length = checked(listing(nullptr, 0), where);
  std::string name(static_cast<std::size_t>(length) + 1, '\0');
  checked(listing(name.data(), name.size()), where);
  name.pop_back();
  return name;
}

Handle access_properties(const Where& where) {
  Handle list(H5Pcreate(H5P_FILE_ACCESS), where);
  checked(H5Pset_libver_bounds(list.id(), H5F_LIBVER_V110, H5F_LIBVER_V110), where);
  checked(H5Pset_fclose_degree(list.id(), H5F_CLOSE_SEMI), where);
  return list;
}

/// For files that are only read. The project replaces files and never changes them in place, so a
/// lock would only make other programs fail.
Handle unlocked_access_properties(const Where& where) {
  Handle list = access_properties(where);
  checked(H5Pset_file_locking(list.id(), false, true), where);
  return list;
}

// ---- Files in memory
// ------------------------------------------------------------------------------

// The library takes two open files of one name for the same; in memory each has a name of its own.
std::string unique_name(const void* owner) { return fmt::format("memory {}", owner); }

// What the library calls to keep a file in memory: the vector owns it, also after the file is
// closed.
void* grow_image(void* /*old*/, std::size_t size, H5FD_file_image_op_t /*reason*/, void* image) {
  auto& bytes = *static_cast<std::vector<std::byte>*>(image);
  try {
    bytes.resize(size);  // zeros where nothing is written: the same bytes each time
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return bytes.data();
}
herr_t keep_image(void* /*image*/, H5FD_file_image_op_t /*reason*/, void* /*owner*/) { return 0; }
void* share_owner(void* owner) { return owner; }
herr_t keep_owner(void* /*owner*/) { return 0; }

/// For a new file that is built in `image`. No disk is involved: when one is full, this version of
/// the library loses values, keeps the file open for ever and crashes at exit (measured).
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

std::string_view to_string(Hdf5Element element) {
  constexpr std::array<std::string_view, 12> kNames = {
      "int8",  "uint8",  "int16",   "uint16",  "int32", "uint32",
      "int64", "uint64", "float32", "float64", "text",  "unsupported"};
  return kNames[static_cast<std::size_t>(element)];
}

std::string to_string(const Hdf5Extents& extents) {
  return fmt::format("({})", fmt::join(extents, ", "));
}

// ---- Hdf5Writer
// -----------------------------------------------------------------------------------

Hdf5Writer::Hdf5Writer(const std::filesystem::path& path, std::size_t user_block)
    : path_(path), name_(path.string()), user_block_(user_block) {
  silence();
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
  assert(count_of(space, where) == raw.count);
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
  labels.close(where);
  object.close(where);
}

void Hdf5Writer::label_axis(const std::string& dataset, unsigned axis, const std::string& label) {
  const Where where{name_, dataset};
  Handle object = open_object(file_, dataset, where);
  checked(H5DSset_label(object.id(), axis, label.c_str()), where);
  object.close(where);
}

std::vector<std::byte> Hdf5Writer::finish() {
  const Where where{name_, "file"};
  checked(H5Fflush(file_, H5F_SCOPE_GLOBAL), where);
  // The image in memory grows in large steps; this is how much of it is the file.
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

// ---- Hdf5Reader
// -----------------------------------------------------------------------------------

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path) : name_(path.string()) {
  silence();
  Descriptor(path, OpenMode::read).close();  // says what is wrong with the path in its own words
  const Where where{name_, "file"};
  const Handle access = unlocked_access_properties(where);
  file_ = checked(H5Fopen(name_.c_str(), H5F_ACC_RDONLY, access.id()), where);
}

Hdf5Reader::Hdf5Reader(std::span<const std::byte> image, std::string name)
    : name_(std::move(name)) {
  silence();
  const Where where{name_, "file"};
  const Handle access = access_properties(where);
  constexpr std::size_t kGrowth = 65536;  // unused: an image that is only read does not grow
  checked(H5Pset_fapl_core(access.id(), kGrowth, false), where);
  // The library copies the image; its interface has the address without const.
  checked(H5Pset_file_image(access.id(), const_cast<std::byte*>(image.data()), image.size()),
          where);
  const std::string file = unique_name(this);
  file_ = checked(H5Fopen(file.c_str(), H5F_ACC_RDONLY, access.id()), where);
}

Hdf5Reader::~Hdf5Reader() {
  if (file_ >= 0) H5Idec_ref(file_);
}

Hdf5Node Hdf5Reader::node(const std::string& path) const {
  return find_object(file_, path, {name_, path}).node;
}

std::vector<std::string> Hdf5Reader::children(const std::string& group) const {
  const Where where{name_, group};
  const Handle object = require_group(file_, where);
  H5G_info_t info{};
  checked(H5Gget_info(object.id(), &info), where);
  const Handle creation(H5Gget_create_plist(object.id()), where);
  unsigned flags = 0;
  checked(H5Pget_link_creation_order(creation.id(), &flags), where);
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const auto listing = [&](char* name, std::size_t size) {
      return H5Lget_name_by_idx(object.id(), ".", listing_order(flags), H5_ITER_INC, i, name, size,
                                H5P_DEFAULT);
    };
    names.push_back(listed_name(listing, where));
  }
  return names;
}

Hdf5Extents Hdf5Reader::extents(const std::string& dataset) const {
  const Where where{name_, dataset};
  const Handle object = require_dataset(file_, where);
  const Handle space(H5Dget_space(object.id()), where);
  count_of(space, where);
  return extents_of(space, where);
}

Hdf5Element Hdf5Reader::element(const std::string& dataset) const {
  const Where where{name_, dataset};
  const Handle object = require_dataset(file_, where);
  return element_of(Handle(H5Dget_type(object.id()), where), where);
}

std::vector<std::uint8_t> Hdf5Reader::read_bytes(const std::string& dataset) const {
  const Where where{name_, dataset};
  const Opened opened = open_dataset(file_, where);
  require_element(opened.element == Hdf5Element::uint8, opened, "uint8", where);
  return read_numbers<std::uint8_t>(opened, where);
}

std::vector<std::int64_t> Hdf5Reader::read_integers(const std::string& dataset) const {
  const Where where{name_, dataset};
  return read_integer_values(open_dataset(file_, where), where);
}

std::vector<std::uint64_t> Hdf5Reader::read_unsigned(const std::string& dataset) const {
  const Where where{name_, dataset};
  const Opened opened = open_dataset(file_, where);
  require_element(opened.element == Hdf5Element::uint64, opened, "uint64", where);
  return read_numbers<std::uint64_t>(opened, where);
}

std::vector<double> Hdf5Reader::read_reals(const std::string& dataset) const {
  const Where where{name_, dataset};
  const Opened opened = open_dataset(file_, where);
  require_element(is_real(opened.element), opened, "float32 or float64", where);
  return read_numbers<double>(opened, where);
}

std::vector<float> Hdf5Reader::read_floats(const std::string& dataset) const {
  const Where where{name_, dataset};
  const Opened opened = open_dataset(file_, where);
  require_element(is_real(opened.element), opened, "float32 or float64", where);
  if (opened.element == Hdf5Element::float32) return read_numbers<float>(opened, where);
  return rounded_to_float(read_numbers<double>(opened, where), where);
}

std::vector<std::string> Hdf5Reader::read_texts(const std::string& dataset) const {
  const Where where{name_, dataset};
  return read_text_values(open_dataset(file_, where), where);
}

std::string Hdf5Reader::read_text(const std::string& dataset) const {
  const std::vector<std::string> texts = read_texts(dataset);
  if (texts.size() != 1) {
    refuse({name_, dataset}, fmt::format("holds {} texts, expected one", texts.size()));
  }
  return texts.front();
}

bool Hdf5Reader::has_attribute(const std::string& object, const std::string& name) const {
  const Where where{name_, object};
  return checked(H5Aexists(require_object(file_, where).id(), name.c_str()), where) > 0;
}

std::vector<std::string> Hdf5Reader::attributes(const std::string& group) const {
  const Where where{name_, group};
  const Handle object = require_group(file_, where);
  H5O_info_t info{};
  checked(H5Oget_info2(object.id(), &info, H5O_INFO_NUM_ATTRS), where);
  const Handle creation(H5Gget_create_plist(object.id()), where);
  unsigned flags = 0;
  checked(H5Pget_attr_creation_order(creation.id(), &flags), where);
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.num_attrs; ++i) {
    const auto listing = [&](char* name, std::size_t size) {
      return H5Aget_name_by_idx(object.id(), ".", listing_order(flags), H5_ITER_INC, i, name, size,
                                H5P_DEFAULT);
    };
    names.push_back(listed_name(listing, where));
  }
  return names;
}

Hdf5Element Hdf5Reader::attribute_element(const std::string& object,
                                          const std::string& name) const {
  const Where where{name_, object};
  return open_attribute(require_object(file_, where), name, 1, where).element;
}

std::string Hdf5Reader::text_attribute(const std::string& object, const std::string& name) const {
  const Where where{name_, object};
  return read_text_values(open_attribute(require_object(file_, where), name, 1, where), where)
      .front();
}

std::int64_t Hdf5Reader::integer_attribute(const std::string& object,
                                           const std::string& name) const {
  const Where where{name_, object};
  return read_integer_values(open_attribute(require_object(file_, where), name, 1, where), where)
      .front();
}

double Hdf5Reader::real_attribute(const std::string& object, const std::string& name) const {
  const Where where{name_, object};
  const Opened opened = open_attribute(require_object(file_, where), name, 1, where);
  require_element(is_real(opened.element), opened, "float32 or float64", where);
  return read_numbers<double>(opened, where).front();
}

std::vector<std::uint64_t> Hdf5Reader::unsigned_attribute(const std::string& object,
                                                          const std::string& name,
                                                          std::size_t count) const {
  const Where where{name_, object};
  const Opened opened = open_attribute(require_object(file_, where), name, count, where);
  require_element(opened.element == Hdf5Element::uint64, opened, "uint64", where);
  return read_numbers<std::uint64_t>(opened, where);
}

}  // namespace lockstep

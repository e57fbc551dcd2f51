#include <hdf5.h>

#include <utility>

#include <fmt/format.h>

#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/hdf5/hdf5_library.hpp"
#include "framework/storage/hdf5/hdf5_values.hpp"

namespace lockstep {
namespace {

using namespace hdf5;

/// The order in which a group's links or attributes are listed, by the flags of its creation list.
H5_index_t listing_order(unsigned creation_order) {
  return (creation_order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

/// Calls a listing function twice: for the length of a name, and for the name.
template <typename Listing>
std::string listed_name(const Listing& listing, const Where& where) {
  const ssize_t length = checked(listing(nullptr, 0), where);
  std::string name(static_cast<std::size_t>(length) + 1, '\0');
  checked(listing(name.data(), name.size()), where);
  name.pop_back();
  return name;
}

/// For files that are only read. This project replaces files and never changes them in place, so a
/// lock would only make other programs fail.
Handle unlocked_access_properties(const Where& where) {
  Handle list = access_properties(where);
  checked(H5Pset_file_locking(list.id(), false, true), where);
  return list;
}

}  // namespace

bool is_hdf5_file(const std::filesystem::path& path) {
  silence();
  Descriptor(path, OpenMode::read).close();  // reports what is wrong with the path in its own words
  const std::string name = path.string();
  return checked(H5Fis_hdf5(name.c_str()), Where{name, "file"}) > 0;
}

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path) : name_(path.string()) {
  const Where where{name_, "file"};
  if (!is_hdf5_file(path)) refuse(where, "is not HDF5, or damaged: it has no HDF5 signature");
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
  // The library copies the image, but its interface takes the address without const.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
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
  return read_float_values(open_dataset(file_, where), where);
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

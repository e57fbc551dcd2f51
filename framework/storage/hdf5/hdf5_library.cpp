#include "framework/storage/hdf5/hdf5_library.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lockstep::hdf5 {
namespace {

herr_t collect_reason(unsigned /*position*/, const H5E_error2_t* error, void* reasons) {
  std::string text = error->desc == nullptr ? "" : error->desc;
  // HDF5 describes a failed system call with addresses and times. The system's own words are
  // enough.
  constexpr std::string_view kSystemReason = "error message = '";
  if (const std::size_t start = text.find(kSystemReason); start != std::string::npos) {
    text = text.substr(start + kSystemReason.size());
    text = text.substr(0, text.find('\''));
  }
  std::ranges::replace(text, '\n', ' ');
  static_cast<std::vector<std::string>*>(reasons)->push_back(std::move(text));
  return 0;
}

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

}  // namespace

std::string library_reasons() {
  std::vector<std::string> reasons;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, collect_reason, &reasons);
  H5Eclear2(H5E_DEFAULT);
  return fmt::format("{}", fmt::join(reasons, ": "));
}

void refuse_failed_call(const Where& where) {
  refuse(where, fmt::format("cannot be read or written ({}): the file is damaged; take another "
                            "copy, or make it anew",
                            library_reasons()));
}

void silence() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

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

Handle open_object(hid_t parent, const std::string& name, const Where& where) {
  return {H5Oopen(parent, name.c_str(), H5P_DEFAULT), where};
}

Handle access_properties(const Where& where) {
  Handle list(H5Pcreate(H5P_FILE_ACCESS), where);
  checked(H5Pset_libver_bounds(list.id(), H5F_LIBVER_V110, H5F_LIBVER_V110), where);
  checked(H5Pset_fclose_degree(list.id(), H5F_CLOSE_SEMI), where);
  return list;
}

std::string unique_name(const void* owner) { return fmt::format("memory {}", owner); }

}  // namespace lockstep::hdf5

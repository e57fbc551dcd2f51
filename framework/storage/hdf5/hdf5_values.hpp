#pragma once

// Finding and reading the contents of a file, which may be hostile: see hdf5_file.hpp. Only
// included by sources of this folder.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
Handle require_dataset(hid_t file, const Where& where);
Handle require_object(hid_t file, const Where& where);

Hdf5Extents extents_of(const Handle& space, const Where& where);
/// Elements of a space. Refused if the number does not fit 63 bits, or if the space is declared to
/// have none.
std::size_t count_of(const Handle& space, const Where& where);

/// A data set or an attribute, opened and measured.
struct Opened {
  Handle object;
  Handle type;
  Handle space;
  Hdf5Element element;
  std::size_t count;
};

Opened open_dataset(hid_t file, const Where& where);
/// An attribute with exactly `count` values.
Opened open_attribute(const Handle& object, const std::string& name, std::size_t count,
                      const Where& where);

void require_element(bool right, const Opened& opened, std::string_view expected,
                     const Where& where);

// The same call serves data sets and attributes.
void read_raw(const Opened& opened, hid_t memory_type, void* values, const Where& where);

template <typename Number>
std::vector<Number> read_numbers(const Opened& opened, const Where& where) {
  std::vector<Number> values(opened.count);
  const Number* kind = nullptr;
  if (!values.empty()) {
    read_raw(opened, number_type(element_of(kind)).memory, values.data(), where);
  }
  return values;
}

/// Values of any integer type.
std::vector<std::int64_t> read_integer_values(const Opened& opened, const Where& where);
/// Values of float32, or of float64 rounded once.
std::vector<float> read_float_values(const Opened& opened, const Where& where);
std::vector<std::string> read_text_values(const Opened& opened, const Where& where);

}  // namespace lockstep::hdf5

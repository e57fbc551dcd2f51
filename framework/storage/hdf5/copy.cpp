#include "framework/storage/hdf5/copy.hpp"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "framework/storage/hdf5/file_format.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kUnits = "units";
constexpr std::string_view kLongName = "long_name";

[[noreturn]] void refuse_type(const Hdf5Reader& from, const std::string& path) {
  refuse_file(errors::kForeignFile, from.name(),
              fmt::format("{} has a type that no file of Lockstep has", path));
}

Hdf5Attribute read_attribute(const Hdf5Reader& from, const std::string& path,
                             const std::string& name) {
  const Hdf5Extents extents = from.attribute_extents(path, name);
  const Hdf5Element element = from.attribute_element(path, name);
  if (element == Hdf5Element::uint64 && extents.size() == 1) {
    return from.unsigned_attribute(path, name, static_cast<std::size_t>(extents.front()));
  }
  if (!extents.empty()) refuse_type(from, path);
  switch (element) {
    case Hdf5Element::text:
      return from.text_attribute(path, name);
    case Hdf5Element::float64:
      return from.real_attribute(path, name);
    case Hdf5Element::int64:
      return from.integer_attribute(path, name);
    case Hdf5Element::uint64:
      return from.unsigned_attribute(path, name, 1).front();
    default:
      refuse_type(from, path);
  }
}

void copy_attributes(const Hdf5Reader& from, const std::string& path, Hdf5Writer& to,
                     const std::string& target, bool is_dataset) {
  for (const std::string& name : from.attributes(path)) {
    if (is_dataset && (name == kUnits || name == kLongName)) continue;  // written with its values
    to.add_attribute(target, name, read_attribute(from, path, name));
  }
}

template <typename Value>
void write_values(const Hdf5Reader& from, const std::string& path, Hdf5Writer& to,
                  const std::string& target, const std::vector<Value>& values) {
  to.add_dataset({.path = target,
                  .extents = from.extents(path),
                  .values = std::span<const Value>(values),
                  .units = from.text_attribute(path, std::string(kUnits)),
                  .long_name = from.text_attribute(path, std::string(kLongName))});
}

void copy_dataset(const Hdf5Reader& from, const std::string& path, Hdf5Writer& to,
                  const std::string& target) {
  switch (from.element(path)) {
    case Hdf5Element::text:
      write_values(from, path, to, target, from.read_texts(path));
      break;
    case Hdf5Element::float32:
      write_values(from, path, to, target, from.read_floats(path));
      break;
    case Hdf5Element::float64:
      write_values(from, path, to, target, from.read_reals(path));
      break;
    case Hdf5Element::int64:
      write_values(from, path, to, target, from.read_integers(path));
      break;
    case Hdf5Element::uint64:
      write_values(from, path, to, target, from.read_unsigned(path));
      break;
    case Hdf5Element::uint8:
      write_values(from, path, to, target, from.read_bytes(path));
      break;
    default:
      refuse_type(from, path);
  }
  copy_attributes(from, path, to, target, true);
}

void copy_group(const Hdf5Reader& from, const std::string& path, Hdf5Writer& to,
                const std::string& target) {
  to.add_group(target);
  copy_attributes(from, path.empty() ? "/" : path, to, target, false);
  for (const std::string& name : from.children(path.empty() ? "/" : path)) {
    const std::string source = fmt::format("{}/{}", path, name);
    const std::string copy = fmt::format("{}/{}", target, name);
    switch (from.node(source)) {
      case Hdf5Node::group:
        copy_group(from, source, to, copy);
        break;
      case Hdf5Node::dataset:
        copy_dataset(from, source, to, copy);
        break;
      default:
        refuse_file(errors::kForeignFile, from.name(),
                    fmt::format("{} is a link or a named type, which no checkpoint has", source));
    }
  }
}

}  // namespace

void copy_contents(const Hdf5Reader& from, Hdf5Writer& to, const std::string& group) {
  copy_group(from, "", to, group);
}

}  // namespace lockstep

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "framework/core/error.hpp"
#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/hdf5/contents.hpp"
#include "framework/storage/hdf5/file_format.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/hdf5/isolated_contents.hpp"
#include "framework/storage/hdf5/library_contents.hpp"
#include "framework/storage/hdf5/reading.hpp"

namespace lockstep {
namespace {

using namespace hdf5;

constexpr bool is_integer(Hdf5Element element) { return element <= Hdf5Element::uint64; }

constexpr bool is_real(Hdf5Element element) {
  return element == Hdf5Element::float32 || element == Hdf5Element::float64;
}

std::vector<std::int64_t> signed_values(const std::vector<std::uint64_t>& values,
                                        const Where& where) {
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

/// What an attribute with so many values is.
Description describe_attribute(Contents& contents, const Place& place, std::size_t count,
                               const Where& where) {
  Description found = contents.describe(place);
  if (const std::size_t values = count_of(found.extents); values != count) {
    refuse(where, fmt::format("has {} values in attribute {}, expected {}", values, place.attribute,
                              count));
  }
  return found;
}

}  // namespace

bool is_hdf5_file(const std::filesystem::path& path) {
  return find_hdf5_data(Descriptor(path, OpenMode::read)).has_value();
}

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path) : name_(path.string()) {
  const Descriptor file(path, OpenMode::read);
  if (!find_hdf5_data(file)) {
    refuse({name_, "file"}, "is not HDF5, or damaged: it has no HDF5 signature");
  }
  const auto size = static_cast<std::size_t>(file.size());
  if (trusts_hdf5_files()) {
    image_.resize(size);
    image_.resize(file.read_at(0, image_));
    contents_ = std::make_unique<LibraryContents>(image_, name_);
  } else {
    contents_ = std::make_unique<IsolatedContents>(file.number(), size, name_);
  }
}

Hdf5Reader::Hdf5Reader(std::span<const std::byte> image, std::string name, Hdf5Parsing parsing)
    : name_(std::move(name)) {
  if (parsing == Hdf5Parsing::this_process || trusts_hdf5_files()) {
    image_.assign(image.begin(), image.end());
    contents_ = std::make_unique<LibraryContents>(image_, name_);
  } else {
    contents_ = std::make_unique<IsolatedContents>(image, name_);
  }
}

Hdf5Reader::~Hdf5Reader() = default;

template <typename Number>
std::vector<Number> Hdf5Reader::numbers(const Place& place, const Hdf5Extents& extents) const {
  std::vector<Number> values(count_of(extents));
  const Number* const kind = nullptr;
  contents_->read_numbers(place, element_of(kind), std::as_writable_bytes(std::span(values)));
  return values;
}

Hdf5Node Hdf5Reader::node(const std::string& path) const { return contents_->node(path); }

std::vector<std::string> Hdf5Reader::children(const std::string& group) const {
  return contents_->children(group);
}

Hdf5Extents Hdf5Reader::extents(const std::string& dataset) const {
  return contents_->describe({dataset}).extents;
}

Hdf5Element Hdf5Reader::element(const std::string& dataset) const {
  return contents_->describe({dataset}).element;
}

std::vector<std::uint8_t> Hdf5Reader::read_bytes(const std::string& dataset) const {
  const Description found = contents_->describe({dataset});
  require_element(found.element == Hdf5Element::uint8, found.element, "uint8", {name_, dataset});
  return numbers<std::uint8_t>({dataset}, found.extents);
}

std::vector<std::int64_t> Hdf5Reader::integers(const hdf5::Place& place, const Hdf5Extents& extents,
                                               Hdf5Element element) const {
  const Where where{name_, place.object};
  require_element(is_integer(element), element, "integers", where);
  // The library would silently replace a value that does not fit by the largest one that does.
  if (element == Hdf5Element::uint64) {
    return signed_values(numbers<std::uint64_t>(place, extents), where);
  }
  return numbers<std::int64_t>(place, extents);
}

std::vector<std::int64_t> Hdf5Reader::read_integers(const std::string& dataset) const {
  const Description found = contents_->describe({dataset});
  return integers({dataset}, found.extents, found.element);
}

std::vector<std::uint64_t> Hdf5Reader::read_unsigned(const std::string& dataset) const {
  const Description found = contents_->describe({dataset});
  require_element(found.element == Hdf5Element::uint64, found.element, "uint64", {name_, dataset});
  return numbers<std::uint64_t>({dataset}, found.extents);
}

std::vector<double> Hdf5Reader::read_reals(const std::string& dataset) const {
  const Description found = contents_->describe({dataset});
  require_element(is_real(found.element), found.element, "float32 or float64", {name_, dataset});
  return numbers<double>({dataset}, found.extents);
}

std::vector<float> Hdf5Reader::read_floats(const std::string& dataset) const {
  const Where where{name_, dataset};
  const Description found = contents_->describe({dataset});
  require_element(is_real(found.element), found.element, "float32 or float64", where);
  if (found.element == Hdf5Element::float32) return numbers<float>({dataset}, found.extents);
  return rounded_to_float(numbers<double>({dataset}, found.extents), where);
}

std::vector<std::string> Hdf5Reader::read_texts(const std::string& dataset) const {
  return contents_->read_texts({dataset});
}

std::string Hdf5Reader::read_text(const std::string& dataset) const {
  const std::vector<std::string> texts = read_texts(dataset);
  if (texts.size() != 1) {
    refuse({name_, dataset}, fmt::format("holds {} texts, expected one", texts.size()));
  }
  return texts.front();
}

bool Hdf5Reader::has_attribute(const std::string& object, const std::string& name) const {
  return contents_->has_attribute(object, name);
}

std::vector<std::string> Hdf5Reader::attributes(const std::string& object) const {
  return contents_->attributes(object);
}

Hdf5Element Hdf5Reader::attribute_element(const std::string& object,
                                          const std::string& name) const {
  return contents_->describe({object, name}).element;
}

Hdf5Extents Hdf5Reader::attribute_extents(const std::string& object,
                                          const std::string& name) const {
  return contents_->describe({object, name}).extents;
}

std::string Hdf5Reader::text_attribute(const std::string& object, const std::string& name) const {
  const Place place{object, name};
  describe_attribute(*contents_, place, 1, {name_, object});
  const std::vector<std::string> texts = contents_->read_texts(place);
  if (texts.size() != 1) {
    refuse({name_, object}, fmt::format("holds {} texts in attribute {}", texts.size(), name));
  }
  return texts.front();
}

std::int64_t Hdf5Reader::integer_attribute(const std::string& object,
                                           const std::string& name) const {
  const Place place{object, name};
  const Description found = describe_attribute(*contents_, place, 1, {name_, object});
  return integers(place, found.extents, found.element).front();
}

double Hdf5Reader::real_attribute(const std::string& object, const std::string& name) const {
  const Place place{object, name};
  const Where where{name_, object};
  const Description found = describe_attribute(*contents_, place, 1, where);
  require_element(is_real(found.element), found.element, "float32 or float64", where);
  return numbers<double>(place, found.extents).front();
}

std::vector<std::uint64_t> Hdf5Reader::unsigned_attribute(const std::string& object,
                                                          const std::string& name,
                                                          std::size_t count) const {
  const Place place{object, name};
  const Where where{name_, object};
  const Description found = describe_attribute(*contents_, place, count, where);
  require_element(found.element == Hdf5Element::uint64, found.element, "uint64", where);
  return numbers<std::uint64_t>(place, found.extents);
}

}  // namespace lockstep

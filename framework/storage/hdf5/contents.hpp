#pragma once

// What a reader asks of a file, whoever parses it: libhdf5 in this process, or in one of its own.
// Only included by sources of this folder.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/storage/hdf5/hdf5_file.hpp"

namespace lockstep::hdf5 {

/// The file and the object in it that a call is about, for messages.
struct Where {
  const std::string& file;
  std::string_view object;
};

/// @throws Error (data): "FILE: OBJECT REASON."
[[noreturn]] void refuse(const Where& where, const std::string& reason);

/// A data set, or an attribute of an object.
struct Place {
  std::string object;          ///< its path
  std::string attribute = {};  ///< "" for the data set itself
};

/// What is stored at a place.
struct Description {
  Hdf5Element element = Hdf5Element::other;
  Hdf5Extents extents;
};

/// The product of extents, which is known to fit.
std::size_t count_of(const Hdf5Extents& extents);

/// Bytes of one number in memory.
std::size_t bytes_of(Hdf5Element element);

// The element type of a number in memory.
constexpr Hdf5Element element_of(const float*) { return Hdf5Element::float32; }
constexpr Hdf5Element element_of(const double*) { return Hdf5Element::float64; }
constexpr Hdf5Element element_of(const std::int64_t*) { return Hdf5Element::int64; }
constexpr Hdf5Element element_of(const std::uint64_t*) { return Hdf5Element::uint64; }
constexpr Hdf5Element element_of(const std::uint8_t*) { return Hdf5Element::uint8; }

void require_element(bool right, Hdf5Element found, std::string_view expected, const Where& where);

/// A file's contents. Every function throws Error (data) as those of Hdf5Reader do.
class Contents {
 public:
  Contents() = default;
  virtual ~Contents() = default;
  Contents(const Contents&) = delete;
  Contents& operator=(const Contents&) = delete;

  virtual Hdf5Node node(const std::string& path) = 0;
  virtual std::vector<std::string> children(const std::string& group) = 0;
  virtual std::vector<std::string> attributes(const std::string& object) = 0;
  virtual bool has_attribute(const std::string& object, const std::string& name) = 0;
  /// What it claims is plausible: the file can hold it.
  virtual Description describe(const Place& place) = 0;
  /// All numbers of a place as `element`, row-major, into exactly as many bytes.
  virtual void read_numbers(const Place& place, Hdf5Element element,
                            std::span<std::byte> values) = 0;
  virtual std::vector<std::string> read_texts(const Place& place) = 0;
};

}  // namespace lockstep::hdf5

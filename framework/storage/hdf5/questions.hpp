#pragma once

// What a reader and the process that parses for it say to each other: a question, and its answer.
// Only included by sources of this folder.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace lockstep::hdf5 {

/// The service of this program that parses HDF5 files.
inline constexpr std::string_view kReadingService = "hdf5";

/// What parsing may take in memory beside the file and the values that are asked for, bytes.
inline constexpr std::size_t kReadingMemory = std::size_t{128} << 20;

/// A question is this number, a path, the name of an attribute ("": none) and an element type. The
/// first message of all is the file's name alone.
enum class Question : std::uint8_t {
  node,
  children,
  attributes,
  has_attribute,
  describe,
  numbers,
  texts,
};

/// An answer begins with one of these.
enum class Answer : std::uint8_t {
  values,   ///< what was asked for
  refused,  ///< the sentence of an Error (data)
};

/// Numbers follow their answer as stretches: a length and so many bytes. This length announces an
/// answer with an error instead.
inline constexpr std::uint64_t kStretchFailed = std::numeric_limits<std::uint64_t>::max();

}  // namespace lockstep::hdf5

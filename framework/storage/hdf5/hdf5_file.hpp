#pragma once

// HDF5 files: the only place that knows libhdf5. Each call of the C library is checked; a failure
// is an Error (data) with file, object and the library's own reasons in one line.
//
// Written files: format of HDF5 1.10 (checksums on all metadata), values chunked with Fletcher32,
// texts of fixed length (UTF-8, padded with NUL), no times stored, names in order of creation:
// equal contents give equal bytes.
// Files that are read may be hostile. They are parsed in a process of their own (reading.hpp).
// Links are never followed. Virtual or externally stored data, filters other than deflate, shuffle
// and Fletcher32, and sizes that the file cannot hold are refused before anything is read or
// allocated.
//
// Threading contract: an object is used only by the thread that made it.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "framework/core/shape.hpp"

namespace lockstep {

/// What exists under a name.
enum class Hdf5Node {
  missing,
  group,
  dataset,
  link,   ///< soft, external or user-defined: never followed
  other,  ///< a named type
};

/// Element types, whatever the byte order.
enum class Hdf5Element {
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float32,
  float64,
  text,
  other,
};

/// "float32"
std::string_view to_string(Hdf5Element element);

/// Extents of a data set; empty = a single value. Unlike a Shape, of any rank and possibly with
/// zeros.
using Hdf5Extents = std::vector<Index>;

/// "(10, 28, 28)"
std::string to_string(const Hdf5Extents& extents);

/// Values to write, row-major, and the type they are stored as.
using Hdf5Values = std::variant<std::span<const float>, std::span<const double>,
                                std::span<const std::int64_t>, std::span<const std::uint64_t>,
                                std::span<const std::uint8_t>, std::span<const std::string>>;

/// A vector is stored as a list, everything else as a single value.
using Hdf5Attribute = std::variant<std::string, double, std::int64_t, std::uint64_t,
                                   std::vector<std::string>, std::vector<std::uint64_t>>;

/// A data set to write.
struct Hdf5Dataset {
  std::string path;  ///< "/steps/loss"; its group exists
  Hdf5Extents extents;
  Hdf5Values values;
  std::string units;  ///< "1" for figures without a dimension, "" for texts
  std::string long_name;
};

/// Which data set labels which axis of another data set.
struct Hdf5Scale {
  std::string dataset;
  unsigned axis = 0;
  std::string scale;  ///< path of a data set that `make_scale` has turned into one
};

/// Builds one new file from front to back. Nobody else has it open meanwhile, so no file lock is
/// taken.
class Hdf5Writer {
 public:
  /// @param user_block  bytes left free before the HDF5 data: 0, or a power of two from 512 on
  /// @param expected_bytes  the file's likely size: so much memory is set aside, and used as far as
  ///                        needed. A larger file is copied as it grows.
  explicit Hdf5Writer(const std::filesystem::path& path, std::size_t user_block = 0,
                      std::size_t expected_bytes = 0);
  /// If the file was neither closed nor finished, nothing is written.
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  void add_group(const std::string& path);
  void add_dataset(const Hdf5Dataset& dataset);
  void add_text(const std::string& path, const std::string& text, const std::string& long_name);
  /// A text of more than 32 KiB is cut, and ends with "...".
  void add_attribute(const std::string& path, const std::string& name, const Hdf5Attribute& value);
  /// A link to an object in another file, which need not exist yet.
  void add_external_link(const std::string& path, const std::string& file,
                         const std::string& object);

  /// Turns a data set into a dimension scale called `name`.
  void make_scale(const std::string& dataset, const std::string& name);
  void attach_scale(const Hdf5Scale& scale);

  /// The finished file, with a user block of zeros. To be called instead of `close`.
  std::vector<std::byte> finish();

  /// Writes the file to its path. An existing file is emptied first; callers who must not lose it
  /// write aside (atomic_file.hpp).
  void close();

 private:
  std::filesystem::path path_;
  std::string name_;
  std::size_t user_block_ = 0;
  std::vector<std::byte> image_;  ///< the library writes into it while the file is open
  std::int64_t file_ = -1;
};

/// Whether a file has HDF5's signature. @throws Error (data) when it cannot be read
bool is_hdf5_file(const std::filesystem::path& path);

namespace hdf5 {
class Contents;
struct Place;
}  // namespace hdf5

/// Who parses a file.
enum class Hdf5Parsing {
  isolated,      ///< a process of its own, unless files are trusted (reading.hpp)
  this_process,  ///< for bytes that this process has made itself
};

/// Reads a file. Paths are absolute, "/parameters/c1/weight".
/// Every reading function throws Error (data) that names file and object if the object is missing,
/// is not what was asked for, or is refused (see above), and one about the file if parsing it
/// crashes, hangs or takes too much memory.
class Hdf5Reader {
 public:
  /// Opens a regular file, without locking it.
  explicit Hdf5Reader(const std::filesystem::path& path);
  /// Opens a file that is already in memory. Messages call it `name`.
  Hdf5Reader(std::span<const std::byte> image, std::string name,
             Hdf5Parsing parsing = Hdf5Parsing::isolated);
  ~Hdf5Reader();
  Hdf5Reader(const Hdf5Reader&) = delete;
  Hdf5Reader& operator=(const Hdf5Reader&) = delete;

  /// The file's name, for messages.
  const std::string& name() const { return name_; }

  Hdf5Node node(const std::string& path) const;
  /// Names in a group: in order of creation if the file knows it, else in alphabetical order.
  std::vector<std::string> children(const std::string& group) const;

  Hdf5Extents extents(const std::string& dataset) const;
  Hdf5Element element(const std::string& dataset) const;

  std::vector<std::uint8_t> read_bytes(const std::string& dataset) const;      ///< uint8 only
  std::vector<std::int64_t> read_integers(const std::string& dataset) const;   ///< any integer type
  std::vector<std::uint64_t> read_unsigned(const std::string& dataset) const;  ///< uint64 only
  std::vector<double> read_reals(const std::string& dataset) const;            ///< float32, float64
  /// float32, or float64 rounded once. A finite value that float32 cannot hold is refused.
  std::vector<float> read_floats(const std::string& dataset) const;
  /// Texts of any kind: fixed or variable length, ASCII or UTF-8, padded by zeros or blanks.
  std::vector<std::string> read_texts(const std::string& dataset) const;
  /// One text: a single value, or a list of one.
  std::string read_text(const std::string& dataset) const;

  bool has_attribute(const std::string& object, const std::string& name) const;
  /// Attributes of an object: in order of creation if the file knows it, else alphabetical.
  std::vector<std::string> attributes(const std::string& object) const;
  Hdf5Extents attribute_extents(const std::string& object, const std::string& name) const;
  /// The element type of an attribute.
  Hdf5Element attribute_element(const std::string& object, const std::string& name) const;
  std::string text_attribute(const std::string& object, const std::string& name) const;
  std::int64_t integer_attribute(const std::string& object, const std::string& name) const;
  double real_attribute(const std::string& object, const std::string& name) const;
  /// Exactly `count` values of uint64.
  std::vector<std::uint64_t> unsigned_attribute(const std::string& object, const std::string& name,
                                                std::size_t count) const;

 private:
  template <typename Number>
  std::vector<Number> numbers(const hdf5::Place& place, const Hdf5Extents& extents) const;
  std::vector<std::int64_t> integers(const hdf5::Place& place, const Hdf5Extents& extents,
                                     Hdf5Element element) const;

  std::string name_;
  std::vector<std::byte> image_;  ///< of a file that is parsed in this process
  std::unique_ptr<hdf5::Contents> contents_;
};

}  // namespace lockstep

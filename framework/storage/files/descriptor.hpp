#pragma once

// An open file of the operating system, with every call checked. The rest of storage/ reads and
// writes plain files only through this class. One thread at a time.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/core/error.hpp"

namespace lockstep {

enum class OpenMode {
  read,       ///< regular files only
  create,     ///< emptied when it exists
  append,     ///< created when missing; each write goes to the end
  update,     ///< reading and writing, must exist
  lock_file,  ///< reading and writing, created when missing, its contents kept
};

/// An Error (data) from a call of the operating system.
class SystemError : public Error {
 public:
  /// @param reason  "cannot ACTION PATH: No space left on device"
  SystemError(const std::string& reason, int number);

  /// The reason without advice.
  const std::string& reason() const { return reason_; }
  /// The call's errno.
  int number() const { return number_; }

 private:
  std::string reason_;
  int number_;
};

/// Advice for a failed call, by its errno: "make room there"; "" if it depends on the case.
std::string_view remedy_of(int error_number);

/// "cannot ACTION PATH: No space left on device; make room there."
SystemError system_error(std::string_view action, const std::filesystem::path& path,
                         int error_number);

/// Owns one file descriptor, closed on exec. Every failure throws Error (data) with path and
/// reason.
class Descriptor {
 public:
  /// @throws Error (data), also if a file to read is a folder, a pipe or a device.
  Descriptor(const std::filesystem::path& path, OpenMode mode);
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&&) = delete;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  const std::filesystem::path& path() const { return path_; }
  std::int64_t size() const;

  /// Reads up to `bytes.size()` bytes from `offset`; returns how many there were.
  std::size_t read_at(std::int64_t offset, std::span<std::byte> bytes) const;

  /// Writes all of it, at the end (append) or after what was written before.
  void write(std::string_view bytes);

  /// Appends one record with one write(2). When the system takes only a part, that part is removed
  /// again before the error is thrown: a record is there as a whole or not at all.
  void append_record(std::string_view record);

  void write_at(std::int64_t offset, std::span<const std::byte> bytes);
  void truncate(std::int64_t size);

  /// fsync: contents and length are on the device when it returns.
  void sync();
  /// fdatasync: the same without the times.
  void sync_data();

  /// Closes, and reports errors that appear only then (network file systems).
  void close();

 private:
  std::filesystem::path path_;
  int number_ = -1;
};

/// Whether nothing exists under a name. False if the system does not tell, for example inside a
/// folder that may not be entered: reading the file then reports why.
bool is_missing(const std::filesystem::path& path);

/// The whole of a regular file. @throws Error (data), also if it has more than `limit` bytes.
std::vector<std::byte> read_whole_file(const std::filesystem::path& path, std::int64_t limit);

/// The same as text.
std::string read_text_file(const std::filesystem::path& path, std::int64_t limit);

/// Makes a rename or a removal inside `folder` durable.
void sync_folder(const std::filesystem::path& folder);

}  // namespace lockstep

#pragma once

// Files that are either old or new, never a mixture: written aside in the same folder under a
// hidden name, synced and renamed, and the folder synced. There is one writer per folder, which the
// run's lock ensures.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace lockstep {

/// The stages of writing a file aside, in order. The hook is called after each.
enum class WriteStage {
  created,   ///< the hidden file exists
  written,   ///< it has its contents
  synced,    ///< its contents are on the device
  verified,  ///< checkpoints: read again and equal to what was asked for
  renamed,   ///< it has its final name; only the sync of the folder is left
};

struct WriteOptions {
  /// Called after each stage with the file's name at that moment. An exception from it ends the
  /// writing like a failing system call. Tests use it to stop, kill and damage at every point.
  std::function<void(WriteStage, const std::filesystem::path&)> on_stage = {};

  void reached(WriteStage stage, const std::filesystem::path& file) const {
    if (on_stage) on_stage(stage, file);
  }
};

/// A file being written aside. If it is destroyed before `publish`, it leaves nothing behind and
/// the target untouched.
class AtomicFile {
 public:
  /// Reserves the hidden name "FOLDER/.NAME.tmp-PID" and creates the file empty.
  AtomicFile(std::filesystem::path target, const WriteOptions& options);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& target() const { return target_; }
  const std::filesystem::path& temporary() const { return temporary_; }

  /// Writes the contents.
  void write(std::span<const std::byte> bytes);

  /// Puts the contents on the device.
  void sync();
  /// Takes the target's name and syncs the folder. @throws Error (data) naming path and reason.
  void publish();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  const WriteOptions& options_;
  bool published_ = false;
};

/// Replaces `path` by a file with these bytes.
/// @throws Error (data); the old file is then untouched
void replace_file(const std::filesystem::path& path, std::span<const std::byte> bytes,
                  const WriteOptions& options = {});

/// Likewise by a file with this text.
void write_text_file(const std::filesystem::path& path, std::string_view text,
                     const WriteOptions& options = {});

/// Whether `name` is one that AtomicFile gives to files that are not published yet.
bool is_temporary_name(std::string_view name);

/// Removes what killed writers have left in `folder`, if it exists.
void remove_temporary_files(const std::filesystem::path& folder);

}  // namespace lockstep

#pragma once

// Files of ours, compared with the digest in their user block before HDF5 sees a byte of them.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/files/user_block.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"

namespace lockstep {

/// What the first 512 bytes and the digest say about a file.
enum class FileState {
  verified,      ///< it has our user block, and its digest is right
  not_verified,  ///< it does not have our user block
  damaged,       ///< it has our user block, but the block is damaged or the rest does not match it
};

struct FileCheck {
  FileState state = FileState::not_verified;
  std::string message;  ///< one sentence
};

/// Which kind of file its user block says it is, damaged or not; nothing if that is none of ours.
std::optional<SealedKind> sealed_kind(const std::filesystem::path& path);

/// Compares a file with the digest in its user block, without HDF5.
/// @throws Error (data) if there is no such file, it cannot be read, is not HDF5, or is a newer
///         version's.
FileCheck check_file(const std::filesystem::path& path);

/// A file and what its digest says.
struct CheckedFile {
  FileCheck check;
  bool has_user_block = false;   ///< with any contents
  std::vector<std::byte> bytes;  ///< the whole file if it is verified, else empty
};

CheckedFile read_checked_file(const std::filesystem::path& path);

/// The bytes of a verified file.
/// @throws Error (data) also if it is damaged or has no digest of ours
std::vector<std::byte> read_verified_bytes(const std::filesystem::path& path);

/// A file of one of our formats, open for reading. Files of 0.1.0 have no digest, but for
/// checkpoints; they count as not verified.
struct OpenedFile {
  std::unique_ptr<Hdf5Reader> reader;  ///< reads what was verified, even if the file is replaced
  bool verified = false;
};

/// @throws Error (data) also if it is damaged
OpenedFile open_checked(const std::filesystem::path& path);

}  // namespace lockstep

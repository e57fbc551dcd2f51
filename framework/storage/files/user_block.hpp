#pragma once

// The 512 bytes in front of our HDF5 data: readable text that says what the file is, how long the
// rest is, and what the XXH3-128 of the rest is. Checked before libhdf5 sees a byte.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "framework/core/digest.hpp"

namespace lockstep {

inline constexpr std::size_t kUserBlockBytes = 512;

/// Kinds of files that have such a block.
enum class SealedKind { checkpoint, metrics, sweep, bundle };

struct UserBlock {
  SealedKind kind = SealedKind::checkpoint;
  std::int64_t length = 0;  ///< bytes after the user block
  Digest digest;            ///< XXH3-128 of those bytes

  friend bool operator==(const UserBlock&, const UserBlock&) = default;
};

/// Exactly kUserBlockBytes of ASCII, the last one a line feed.
std::string user_block_text(const UserBlock& block);

/// Puts the block into the room in front of a file's data.
void seal(std::vector<std::byte>& bytes, SealedKind kind);

/// What the first bytes of a file are.
enum class UserBlockKind {
  none,     ///< not ours: nothing, or that of another program
  ours,     ///< ours and intact
  newer,    ///< ours, of a later version than this program knows
  damaged,  ///< ours, but bytes of it have changed
};

struct UserBlockFinding {
  UserBlockKind kind = UserBlockKind::none;
  UserBlock block;  ///< whole where kind is `ours`; else which of our kinds it is
};

/// @param start  the file's first kUserBlockBytes bytes; fewer for a shorter file
UserBlockFinding find_user_block(std::span<const std::byte> start);

}  // namespace lockstep

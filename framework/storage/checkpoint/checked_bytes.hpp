#pragma once

#include <cstddef>
#include <vector>

#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/storage/files/descriptor.hpp"

namespace lockstep {

/// A checkpoint file, compared with the digest in its user block before HDF5 sees a byte of it.
struct CheckedBytes {
  FileCheck check;
  bool has_user_block = false;   ///< with any contents
  std::vector<std::byte> bytes;  ///< the whole file if it is verified, else empty
};

/// @throws Error (data) for a file that is not HDF5, or that a newer version wrote
CheckedBytes check_bytes(const Descriptor& file);

}  // namespace lockstep

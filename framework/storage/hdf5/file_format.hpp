#pragma once

// How an HDF5 file describes itself: the attributes `format` and `schema_version` of its root.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "framework/core/error_code.hpp"
#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"

namespace lockstep {

/// Where the HDF5 data of a file begin: at 0, 512, 1024, 2048, ... What lies before is a user
/// block. Nothing for a file that is not HDF5.
std::optional<std::int64_t> find_hdf5_data(const Descriptor& file);

/// "" if a file does not say it, or not as a single text.
std::string format_of(const Hdf5Reader& file);

/// @throws Error (data) for a file of another format or version
void require_format(const Hdf5Reader& file, std::string_view format, std::int64_t schema_version);

/// @throws Error with this code: "FILE: REASON."
[[noreturn]] void refuse_file(const ErrorCode& code, const std::string& file,
                              const std::string& reason);

}  // namespace lockstep

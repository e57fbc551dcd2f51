#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace lockstep {

inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Larger files are refused: people write settings by hand.
inline constexpr std::size_t kLargestYamlFile = std::size_t{1} << 20;

/// Reads a whole regular file of at most kLargestYamlFile bytes.
/// @throws Error (usage) when it is missing (with the nearest name in its folder), a folder, a
///         pipe or device, unreadable, or too large.
std::string read_small_file(const std::filesystem::path& path);

/// Removes a byte order mark and turns CR LF into LF.
/// @throws Error (usage) at the line and column of bytes that are not UTF-8, of control characters,
///         and of tabs used for indentation
std::string checked_yaml_text(std::string_view bytes, const std::string& file);

}  // namespace lockstep

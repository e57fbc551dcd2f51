#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "data/pictures/pixel_image.hpp"

namespace lockstep {

/// Whether the content begins like a PGM file, ASCII (P2) or binary (P5).
bool is_pgm(std::span<const std::uint8_t> content);

/// Reads a PGM file, P2 or P5, with one or two bytes per pixel. Grey values are scaled to 0..255.
/// @param path  named in errors
/// @throws Error (data) for sizes of 0 or above kLargestExtent, a file that ends too early, and
///         values above the maximum
PixelImage read_pgm(const std::filesystem::path& path, std::span<const std::uint8_t> content);

}  // namespace lockstep

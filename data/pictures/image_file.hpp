#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/pictures/pixel_image.hpp"
#include "framework/core/shape.hpp"

namespace lockstep {

/// Pictures with more rows or columns are refused before they are decoded.
inline constexpr Index kLargestExtent = 4096;

/// Reads a PNG, JPEG or PGM file (ASCII or binary); the content decides, not the name.
///
/// Grey from colour is (77 red + 150 green + 29 blue) / 256, rounded down, so that grey pictures in
/// colour files keep their bytes. 16 bits are cut to 8. Transparent parts show white paper.
///
/// @param channels  1 (grey) or 3 (red, green, blue)
/// @throws Error (data) if the file is missing, damaged, too large or of another format; (usage)
///         for other numbers of channels
PixelImage read_image_file(const std::filesystem::path& path, Index channels);

/// The bytes of a PNG file with this picture of 1 (grey) or 3 (red, green, blue) channels.
std::vector<std::uint8_t> encode_png(const PixelImage& image);

}  // namespace lockstep

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/images/image_set.hpp"
#include "framework/core/shape.hpp"

namespace lockstep {

// The IDX format of MNIST: a big-endian header of 32-bit numbers, then bytes.
//   images  00 00 08 03, count, rows, columns, then count * rows * columns pixels
//   labels  00 00 08 01, count, then count labels
// Raw or gzipped: the content decides, not the name. A file that is not exactly as long as its
// header says is refused, and no memory is taken for what a header merely claims.
// All errors are Error (data): file, expected, found, what to do.
// @see http://yann.lecun.com/exdb/mnist, "File formats"

struct IdxImages {
  Index count = 0;
  Index rows = 0;
  Index columns = 0;
  std::vector<std::uint8_t> pixels;  ///< (count, rows, columns)
};

IdxImages read_idx_images(const std::filesystem::path& path);

std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path);

/// Whether a file begins like IDX images or labels, raw or gzipped. False for what cannot be
/// inflated.
/// @throws Error (data) if the file cannot be read
bool is_idx_file(const std::filesystem::path& path);

struct IdxSetRequest {
  std::string name;
  std::filesystem::path images;
  std::filesystem::path labels;
  std::optional<Index> classes;  ///< labels must be below it; absent: `classes_of` the labels
};

/// Images and their labels, (N, 1, rows, columns). Counts that differ are refused.
ImageSet read_idx_set(const IdxSetRequest& request);

/// Writes the two raw files of a set whose pixels are bytes with one channel.
void write_idx_files(const ImageSet& set, const std::filesystem::path& images,
                     const std::filesystem::path& labels);

}  // namespace lockstep

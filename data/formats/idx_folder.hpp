#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "data/images/image_set.hpp"

namespace lockstep {

struct IdxPair {
  std::filesystem::path images;
  std::filesystem::path labels;
};

/// MNIST's four files in a folder, as far as they exist. Nothing is opened.
struct IdxFolder {
  std::optional<IdxPair> train;  ///< train-images-idx3-ubyte, train-labels-idx1-ubyte
  std::optional<IdxPair> test;   ///< t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte
  std::string train_note;        ///< what is missing of the pair, for people
  std::string test_note;
};

/// Looks for the usual names, also with ".idx" for "-idx" and with ".gz" appended. Raw files are
/// preferred to gzipped ones.
IdxFolder find_idx_files(const std::filesystem::path& folder);

}  // namespace lockstep

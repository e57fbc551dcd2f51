#pragma once

// A small experiment and sweep files over it, for tests.

#include <filesystem>
#include <string>
#include <string_view>

#include "tests/support/temporary_folder.hpp"

namespace lockstep::testing {

class SweepFiles {
 public:
  SweepFiles() : folder_("sweep"), base_(folder_.write("tiny.yaml", kBase)) {}

  const TemporaryFolder& folder() const { return folder_; }
  const std::filesystem::path& base() const { return base_; }
  /// Writes a sweep file whose first two lines are given; `rest` begins with line 3.
  std::filesystem::path sweep(const std::string& rest) const {
    return folder_.write("s.yaml", "schema_version: 1\nbase: tiny.yaml\n" + rest);
  }

 private:
  static constexpr std::string_view kBase =
      "schema_version: 1\n"
      "seed: 4\n"
      "model: {name: m, input: {shape: [784]}, layers: [{name: f1, type: dense, units: 10}, "
      "{name: r1, type: relu}, {name: f2, type: dense, units: 10}]}\n"
      "data: {dataset: mnist}\n"
      "train: {epochs: 2, batch_size: 64}\n"
      "optimizer: {type: sgd}\n"
      "learning_rate: 0.1\n";

  TemporaryFolder folder_;
  std::filesystem::path base_;
};

}  // namespace lockstep::testing

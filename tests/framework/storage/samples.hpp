#pragma once

// A folder for one test case, and small contents for the files that storage/ writes.

#include <fcntl.h>
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "framework/core/error.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/training/diagnosis/record_columns.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lockstep::testing {

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void put_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Names in a folder, sorted, hidden ones too.
inline std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

/// What a call throws, as text: "3: sentence"; "no error" if it returns.
template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return std::to_string(error.exit_code()) + ": " + error.what();
  }
  return "no error";
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline StoredTensor sample_tensor(const std::string& layer, const std::string& name, Shape shape,
                                  float first) {
  StoredTensor tensor{.layer = layer, .name = name, .axis_order = {}, .shape = shape, .values = {}};
  tensor.axis_order = shape.rank() == 4 ? "OIHW" : shape.rank() == 2 ? "OI" : "O";
  for (Index i = 0; i < shape.size(); ++i) {
    tensor.values.push_back(first + static_cast<float>(i) / 7.0F);
  }
  return tensor;
}

inline std::vector<StoredTensor> sample_tensors(float first) {
  std::vector<StoredTensor> tensors = {sample_tensor("c1", "weight", {2, 1, 3, 3}, first),
                                       sample_tensor("c1", "bias", {2}, first + 100),
                                       sample_tensor("a0", "weight", {10, 8}, first + 200),
                                       sample_tensor("a0", "bias", {10}, first + 300)};
  tensors[0].values[1] = -0.0F;  // bits that == would not tell apart
  tensors[0].values[2] = 1e-42F;
  return tensors;
}

/// Everything that a checkpoint may hold; layers not in the order of their names.
inline Checkpoint sample_checkpoint(Index step = 860) {
  Checkpoint checkpoint;
  checkpoint.experiment = "schema_version: 1\nname: sample\n";
  checkpoint.model = "name: m\xC3\xBCller\ninput: {shape: [1, 28, 28]}\n";
  checkpoint.parameters = sample_tensors(static_cast<float>(step));
  checkpoint.optimizer = {{"second_moment", sample_tensors(0.5F)},
                          {"first_moment", sample_tensors(0.25F)}};
  checkpoint.optimizer_scalars = {{"beta2_power", 0.1}, {"beta1_power", 1e-300}};
  checkpoint.state = StoredTrainingState{.progress = {.step = step,
                                                      .samples_seen = 110080,
                                                      .train_seconds = 12.75,
                                                      .epoch_samples = 1024,
                                                      .epoch_correct = 1001,
                                                      .epoch_loss = 0.1 + 0.2,
                                                      .best_accuracy = kNotMeasured,
                                                      .best_step = 430},
                                         .epoch = 2.1,
                                         .seed = 0xFFFFFFFFFFFFFFFFULL,
                                         .digest = {.high = 0x8000000000000001ULL, .low = 42}};
  checkpoint.provenance.entries = {
      {"version", "0.1.0"}, {"commit", "unknown"}, {"ranks", std::int64_t{2}}};
  return checkpoint;
}

inline MetricsTables sample_metrics(Index steps = 5) {
  MetricsTables tables;
  for (Index step = 1; step <= steps; ++step) {
    const auto x = static_cast<double>(step);
    tables.steps.push_back({.step = step,
                            .epoch = x / 3,
                            .loss = 2.3 / x,
                            .learning_rate = 1e-3 * x,
                            .gradient_norm = 0.1 * x,
                            .images_per_second = 20000 + x,
                            .has_digest = step % 2 == 1,
                            .digest = {}});
    if (tables.steps.back().has_digest) {
      tables.steps.back().digest = {.high = 0xFEDCBA9876543210ULL,
                                    .low = static_cast<std::uint64_t>(step)};
    }
  }
  EpochRecord first{.epoch = 1, .step = 3, .train_loss = 0.7, .train_accuracy = 0.75};
  first.seconds = 1.5;
  EpochRecord second{.epoch = 2, .step = 5, .train_loss = 0.3, .train_accuracy = 0.875};
  second.test_accuracy = 1.0 / 3;
  second.confusion = {5, 1, 2, 7};
  second.layers = {{.layer = "c1",
                    .activation_rms = 0.5,
                    .activation_mean = -0.25,
                    .zero_share = 0,
                    .gradient_rms = 0.125,
                    .weight_rms = 0.75,
                    .update_ratio = 1e-3},
                   {.layer = "relu",
                    .activation_rms = 0.25,
                    .activation_mean = 0.1,
                    .zero_share = 0.5,
                    .dead_share = 0.375}};
  tables.epochs = {first, second};
  return tables;
}

/// Equality of doubles where NaN equals NaN.
inline bool same(double a, double b) { return a == b || (a != a && b != b); }

template <typename Record, std::size_t kSize>
bool same_figures(const std::array<Column<Record>, kSize>& columns, const Record& a,
                  const Record& b) {
  return std::ranges::all_of(columns, [&](const Column<Record>& column) {
    return same(a.*column.member, b.*column.member);
  });
}

inline bool same(const StepRecord& a, const StepRecord& b) {
  return a.step == b.step && same_figures(kStepColumns, a, b) && a.has_digest == b.has_digest &&
         a.digest == b.digest;
}

inline bool same(const LayerRecord& a, const LayerRecord& b) {
  return a.layer == b.layer && same_figures(kLayerColumns, a, b);
}

inline bool same(const EpochRecord& a, const EpochRecord& b) {
  return a.step == b.step && same_figures(kEpochColumns, a, b) && a.confusion == b.confusion &&
         std::ranges::equal(a.layers, b.layers,
                            [](const LayerRecord& x, const LayerRecord& y) { return same(x, y); });
}

inline bool same(const MetricsTables& a, const MetricsTables& b) {
  const auto same_records = [](const auto& x, const auto& y) { return same(x, y); };
  return std::ranges::equal(a.steps, b.steps, same_records) &&
         std::ranges::equal(a.epochs, b.epochs, same_records);
}

}  // namespace lockstep::testing

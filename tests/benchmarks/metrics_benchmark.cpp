// What recording a long run's metrics costs. The training is made up: 0.5 ms per step, and an
// evaluation every 430 steps. Its records are written as a run writes them, to a real disk.
//
//     build/tests/benchmark_metrics FOLDER [STEPS...]

#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "framework/storage/hdf5/reading.hpp"
#include "framework/storage/metrics/metrics_writer.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

constexpr double kStepSeconds = 0.5e-3;
constexpr Index kStepsPerEpoch = 430;

double seconds_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

/// Largest resident set of this process since the last reset, in MB.
double peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) * 1024 / 1e6;
  }
  return 0;
}

void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << "5"; }

StepRecord step_record(Index step) {
  const auto x = static_cast<double>(step);
  return {.step = step,
          .epoch = x / static_cast<double>(kStepsPerEpoch),
          .loss = 0.5 + 1 / (x + 0.1),
          .learning_rate = static_cast<double>(static_cast<float>(0.016 / (1 + 1e-6 * x))),
          .gradient_norm = 0.3 + 1 / (x + 0.7),
          .images_per_second = 250'000 + 1 / x,
          .has_digest = true,
          .digest = {.high = 0x9E3779B97F4A7C15ULL * static_cast<std::uint64_t>(step),
                     .low = 0xD1B54A32D192ED03ULL * static_cast<std::uint64_t>(step)}};
}

/// Twelve layers and ten classes, as LeNet-5 has.
EpochRecord evaluation_after(const StepRecord& step) {
  EpochRecord record{.epoch = step.epoch, .step = step.step};
  for (const auto& column : kEvaluationColumns) record.*column.member = step.loss / 3;
  record.confusion.assign(100, 7);
  for (int i = 0; i < 12; ++i) {
    LayerRecord& layer = record.layers.emplace_back();
    layer.layer = "layer" + std::to_string(i);
    for (const auto& column : kLayerColumns) layer.*column.member = step.loss / (i + 2);
  }
  return record;
}

void record_run(const std::filesystem::path& folder, Index steps) {
  const MetricsFiles files{folder / "metrics.jsonl", folder / "metrics.h5"};
  std::filesystem::remove(files.journal);
  std::filesystem::remove(files.snapshot);
  double made_up = 0;  // seconds of training
  Index appended = 0;
  Index looks = 0;  // at the clock: one to begin with and per record, two per version of the file
  reset_peak_memory();
  const double before = peak_memory();
  const double begin = seconds_now();
  MetricsWriter writer({.files = files, .origin = {}, .clock = [&] {
                          ++looks;
                          return made_up + seconds_now();
                        }});
  for (Index step = 1; step <= steps; ++step) {
    made_up += kStepSeconds;
    const StepRecord record = step_record(step);
    writer.append(record);
    ++appended;
    if (step % kStepsPerEpoch != 0 && step != steps) continue;
    writer.append(evaluation_after(record));
    ++appended;
  }
  writer.publish();
  const double seconds = seconds_now() - begin;
  std::printf(
      "%8ld steps: %7.3f s of %7.1f s (%.2f %%), peak %.0f MB above the start, %ld versions, "
      "journal %.0f MB, metrics.h5 %.0f MB\n",
      static_cast<long>(steps), seconds, seconds + made_up, 100 * seconds / (seconds + made_up),
      peak_memory() - before, static_cast<long>((looks - 1 - appended) / 2),
      static_cast<double>(std::filesystem::file_size(files.journal)) / 1e6,
      static_cast<double>(std::filesystem::file_size(files.snapshot)) / 1e6);
}

}  // namespace
}  // namespace lockstep

int main(int count, char** arguments) {
  if (const auto ended = lockstep::serve_hdf5_reading(count, arguments)) return *ended;
  const std::vector<std::string_view> words(arguments + 1, arguments + count);
  if (words.empty()) {
    std::fputs("usage: benchmark_metrics FOLDER [STEPS...]\n", stderr);
    return 2;
  }
  std::vector<lockstep::Index> lengths;
  for (std::size_t i = 1; i < words.size(); ++i) {
    std::from_chars(words[i].data(), words[i].data() + words[i].size(), lengths.emplace_back());
  }
  if (lengths.empty()) lengths = {20'000, 200'000, 2'000'000};
  std::filesystem::create_directories(words[0]);
  for (const lockstep::Index steps : lengths) lockstep::record_run(words[0], steps);
}

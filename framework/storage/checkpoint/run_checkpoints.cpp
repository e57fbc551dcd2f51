#include "framework/storage/checkpoint/run_checkpoints.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>

#include "framework/core/error.hpp"
#include "framework/storage/files/descriptor.hpp"

namespace lockstep {
namespace {

constexpr const char* kFolder = "checkpoints";
constexpr const char* kLatest = "latest";
constexpr const char* kBest = "best";
constexpr std::string_view kPrefix = "step_";
constexpr std::string_view kSuffix = ".h5";

std::string file_name(Index step) { return fmt::format("{}{:08}{}", kPrefix, step, kSuffix); }

/// "step_00000860.h5" -> 860; nothing for any other name.
std::optional<Index> step_of(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return {};
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  Index step = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (failure != std::errc{} || end != name.data() + name.size() || step < 0) return {};
  return step;
}

/// A reason for the middle of a sentence: without its full stop.
std::string_view without_stop(std::string_view sentence) {
  if (sentence.ends_with('.')) sentence.remove_suffix(1);
  return sentence;
}

void require_same_arithmetic(const FoundCheckpoint& found) {
  const int version = found.checkpoint.arithmetic_version;
  if (version == kArithmeticVersion) return;
  throw Error(
      errors::kOtherArithmetic,
      fmt::format("{} was made with arithmetic version {}, this program has {}: going on would "
                  "give other bits; use the program that began this run ({}).",
                  found.path.string(), version, kArithmeticVersion,
                  version > kArithmeticVersion ? "a newer one" : "an older one"));
}

/// Reads the checkpoint of a step. Returns why it cannot be gone on from; nothing if it can.
std::optional<std::string> read_for_resume(Index step, const CheckpointJudge& judge,
                                           FoundCheckpoint& found) {
  const std::string name = found.path.string();
  try {
    LoadedCheckpoint loaded = read_checkpoint(found.path);
    if (!loaded.verified) return fmt::format("{} has no digest to verify it by", name);
    const auto& state = loaded.checkpoint.state;
    if (!state) return fmt::format("{} has no /state", name);
    const Index its_step = state->progress.step;
    if (its_step != step) return fmt::format("{} is of step {}", name, its_step);
    found.checkpoint = std::move(loaded.checkpoint);
    return judge ? judge(found) : std::nullopt;
  } catch (const Error& error) {
    return std::string(without_stop(error.what()));
  }
}

}  // namespace

std::filesystem::path RunCheckpoints::path_of(Index step) const {
  return run_ / kFolder / file_name(step);
}

std::vector<Index> RunCheckpoints::steps() const {
  std::vector<Index> steps;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(run_ / kFolder, missing)) {
    const std::string name = entry.path().filename().string();
    if (const auto step = step_of(name); step && file_name(*step) == name) steps.push_back(*step);
  }
  std::ranges::sort(steps);
  return steps;
}

std::optional<Index> RunCheckpoints::latest() const { return named_by(kLatest); }

std::optional<Index> RunCheckpoints::best() const { return named_by(kBest); }

std::optional<Index> RunCheckpoints::named_by(const char* name) const {
  std::error_code problem;
  if (!std::filesystem::is_regular_file(run_ / name, problem)) return {};
  constexpr std::int64_t kLongest = 4096;
  std::string text = read_text_file(run_ / name, kLongest);
  while (text.ends_with('\n')) text.pop_back();
  const std::filesystem::path named = text;
  if (named.parent_path() != kFolder) return {};
  const std::optional<Index> step = step_of(named.filename().string());
  if (!step || !std::filesystem::is_regular_file(path_of(*step), problem)) return {};
  return step;
}

void RunCheckpoints::write_name(const char* name, Index step) const {
  write_text_file(run_ / name, fmt::format("{}/{}\n", kFolder, file_name(step)));
}

std::filesystem::path RunCheckpoints::save(const Checkpoint& checkpoint,
                                           const SaveOptions& options) const {
  assert(checkpoint.state && options.keep >= 1);
  const Index step = checkpoint.state->progress.step;
  std::error_code problem;
  if (std::filesystem::create_directory(run_ / kFolder, problem)) sync_folder(run_);
  if (problem) throw system_error("make", run_ / kFolder, problem.value());
  write_checkpoint(path_of(step), checkpoint, options.write);
  if (options.is_best) write_name(kBest, step);
  write_name(kLatest, step);
  remove_old(step, options.keep);
  return path_of(step);
}

void RunCheckpoints::remove_old(Index newest, Index keep) const {
  // Steps after the newest one were left by an earlier course of this run, which it has not
  // repeated.
  std::vector<Index> candidates = steps();
  std::erase_if(candidates, [newest](Index step) { return step > newest; });
  const std::optional<Index> kept_latest = latest();
  const std::optional<Index> kept_best = best();
  const Index surplus = static_cast<Index>(candidates.size()) - keep;
  for (Index i = 0; i < surplus; ++i) {
    const Index step = candidates[static_cast<std::size_t>(i)];
    if (step == kept_latest || step == kept_best) continue;
    const std::filesystem::path path = path_of(step);
    if (::unlink(path.c_str()) != 0) throw system_error("remove", path, errno);
  }
}

std::optional<FoundCheckpoint> RunCheckpoints::newest_good(const CheckpointJudge& judge) const {
  std::vector<Index> candidates = steps();
  if (candidates.empty()) return {};
  std::ranges::reverse(candidates);
  FoundCheckpoint found;
  for (const Index step : candidates) {
    found.path = path_of(step);
    const std::optional<std::string> reason = read_for_resume(step, judge, found);
    if (!reason) {
      require_same_arithmetic(found);
      return found;
    }
    found.messages.push_back(fmt::format("Passed over a checkpoint: {}.", *reason));
  }
  throw Error(errors::kNoCheckpoint,
              fmt::format("{} has {} checkpoints, but none is good to go on from, and nothing was "
                          "changed; begin anew with --overwrite or in another folder. {}",
                          run_.string(), candidates.size(), fmt::join(found.messages, " ")));
}

void RunCheckpoints::rewind(Index step, Index best_step) const {
  std::error_code problem;
  write_name(kLatest, step);
  if (best_step > 0 && std::filesystem::is_regular_file(path_of(best_step), problem)) {
    write_name(kBest, best_step);
  } else if (best().value_or(0) > step) {
    std::filesystem::remove(run_ / kBest, problem);
    if (problem) throw system_error("remove", run_ / kBest, problem.value());
  }
}

std::filesystem::path find_checkpoint(const std::filesystem::path& checkpoint_or_run) {
  std::error_code problem;
  if (!std::filesystem::is_directory(checkpoint_or_run, problem)) return checkpoint_or_run;
  const RunCheckpoints checkpoints(checkpoint_or_run);
  if (const auto latest = checkpoints.latest()) return checkpoints.path_of(*latest);
  const std::vector<Index> steps = checkpoints.steps();
  if (!steps.empty()) return checkpoints.path_of(steps.back());
  throw Error(
      errors::kNoCheckpoint,
      fmt::format("{} is a folder without checkpoints, expected a checkpoint file or the folder "
                  "of a run that has saved one.",
                  checkpoint_or_run.string()));
}

}  // namespace lockstep

#include "framework/storage/run/run_directory.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include "framework/core/error.hpp"
#include "framework/storage/files/atomic_file.hpp"
#include "framework/storage/files/descriptor.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExperiment = "experiment.yaml";
constexpr const char* kResolved = "resolved.yaml";
constexpr const char* kLog = "log.txt";
constexpr std::array kOutcomes = {RunOutcome::done, RunOutcome::stopped, RunOutcome::failed};

/// Files that a run writes into its folder, beside its checkpoints and its lock.
constexpr std::array<std::string_view, 11> kRunFiles = {
    kExperiment,  kResolved, kLog,   "metrics.jsonl", "metrics.jsonl.damaged",
    "metrics.h5", "latest",  "best", "DONE",          "STOPPED",
    "FAILED"};

[[noreturn]] void refuse(const std::string& sentence) { throw Error(errors::kRunFolder, sentence); }

// ---- Which folder -------------------------------------------------------------------------------

bool suits_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

void require_folder_name(const std::string& name) {
  constexpr std::size_t kLongest = 200;
  const bool suits = !name.empty() && name.size() <= kLongest && name.front() != '.' &&
                     name.front() != '-' && std::ranges::all_of(name, suits_name);
  if (suits) return;
  std::string shown = name;  // zeros would end the message
  std::ranges::replace_if(
      shown, [](unsigned char c) { return c < ' '; }, '?');
  refuse(
      fmt::format("the experiment's name \"{}\" does not suit a folder, expected 1 to {} letters, "
                  "digits, '_', '-' or '.', beginning with a letter or digit; change `name` or "
                  "name a folder with --out.",
                  shown, kLongest));
}

bool is_there(const fs::path& path) {
  std::error_code problem;
  return fs::exists(path, problem);
}

[[noreturn]] void refuse_file(const fs::path& path) {
  refuse(fmt::format("{} is a file, expected a folder; name another with --out.", path.string()));
}

void make_folders(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  std::error_code no_file;
  if (fs::is_regular_file(folder, no_file)) refuse_file(folder);
  if (problem) throw system_error("make", folder, problem.value());
}

/// RUNS/NAME for 1, RUNS/NAME-2 for 2, ...
fs::path numbered(const RunRequest& request, int number) {
  return request.runs / (number == 1 ? request.name : fmt::format("{}-{}", request.name, number));
}

/// Makes the first numbered folder that does not exist yet. If two programs try at the same time,
/// they get different folders: only one of them succeeds in making a folder.
fs::path make_new_folder(const RunRequest& request) {
  make_folders(request.runs);
  for (int number = 1;; ++number) {
    const fs::path folder = numbered(request, number);
    std::error_code problem;
    if (fs::create_directory(folder, problem)) return folder;
    if (problem && problem != std::errc::file_exists) {
      throw system_error("make", folder, problem.value());
    }
  }
}

fs::path last_folder(const RunRequest& request) {
  int number = 1;
  while (is_there(numbered(request, number + 1))) ++number;
  return numbered(request, number);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code problem;
  for (const auto& entry : fs::directory_iterator(folder, problem)) {
    names.push_back(entry.path().filename().string());
  }
  if (problem) throw system_error("read", folder, problem.value());
  return names;
}

bool is_lock(const std::string& name) { return name == RunLock::kFileName; }

bool is_run_file(const std::string& name) {
  return is_lock(name) || is_temporary_name(name) || std::ranges::count(kRunFiles, name) > 0;
}

/// Whether a run began here: it has a resolved.yaml, or was killed before it wrote one.
bool looks_like_run(const fs::path& folder, const std::vector<std::string>& names) {
  return is_run_directory(folder) ||
         (std::ranges::any_of(names, is_lock) && std::ranges::all_of(names, is_run_file));
}

/// Refuses a folder if `start` must not or cannot deal with its contents.
void require_suitable(const fs::path& folder, RunStart start) {
  const std::vector<std::string> names = names_in(folder);
  if (std::ranges::all_of(names, is_lock)) return;  // nothing, or a lock that no run has used yet
  const bool is_run = looks_like_run(folder, names);
  if (start == RunStart::fresh && is_run) {
    refuse(fmt::format(
        "{} holds a run already: continue it with --resume, replace it with --overwrite, "
        "or name another folder with --out.",
        folder.string()));
  }
  if (!is_run) {
    refuse(fmt::format(
        "{} is not empty and has no {}, so it is no run's folder, and nothing in it was "
        "touched; name another folder with --out.",
        folder.string(), kResolved));
  }
}

/// The folder of a request that names one: `out`, or the newest folder with the experiment's name.
fs::path named_folder(const RunRequest& request) {
  return request.out ? *request.out : last_folder(request);
}

bool wants_new_folder(const RunRequest& request) {
  return !request.out && request.start == RunStart::fresh;
}

fs::path choose_folder(const RunRequest& request) {
  if (!request.out) require_folder_name(request.name);
  if (wants_new_folder(request)) return make_new_folder(request);
  const fs::path folder = named_folder(request);
  make_folders(folder);
  require_suitable(folder, request.start);
  return folder;
}

fs::path first_free_folder(const RunRequest& request) {
  int number = 1;
  while (is_there(numbered(request, number))) ++number;
  return numbered(request, number);
}

/// Checks the folder, or the one in which it would be made.
void require_writable(fs::path folder) {
  while (!is_there(folder)) folder = folder.has_parent_path() ? folder.parent_path() : ".";
  if (!fs::is_directory(folder)) refuse_file(folder);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) throw system_error("write to", folder, errno);
}

// ---- What is in it ------------------------------------------------------------------------------

void remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw system_error("remove", path, errno);
}

/// Removes a run, one known file after the other: other files stay.
void remove_run(const fs::path& folder, const RunCheckpoints& checkpoints) {
  // The file that makes it a run comes last, so that an interrupted removal can be repeated.
  for (const std::string_view name : kRunFiles) {
    if (name != kResolved) remove_file(folder / name);
  }
  const fs::path checkpoint_folder = checkpoints.path_of(0).parent_path();
  if (fs::is_directory(fs::symlink_status(checkpoint_folder))) {
    for (const Index step : checkpoints.steps()) remove_file(checkpoints.path_of(step));
    remove_temporary_files(checkpoint_folder);
    ::rmdir(checkpoint_folder.c_str());  // stays when it is not empty
  }
  remove_file(folder / kResolved);
}

/// Prepares a locked folder for the run, and returns it.
const fs::path& prepared(const fs::path& folder, RunStart start,
                         const RunCheckpoints& checkpoints) {
  require_suitable(folder, start);  // again, now that nobody else can change it
  remove_temporary_files(folder);
  remove_temporary_files(checkpoints.path_of(0).parent_path());
  if (start == RunStart::overwrite) remove_run(folder, checkpoints);
  return folder;
}

/// The value of "key: value" in a text of such lines; empty without it.
std::string value_of(const std::string& text, const std::string& key) {
  const std::size_t start = text.find(key + ": ");
  if (start == std::string::npos) return {};
  const std::size_t value = start + key.size() + 2;
  return text.substr(value, text.find('\n', value) - value);
}

}  // namespace

std::string_view to_string(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::done:
      return "DONE";
    case RunOutcome::stopped:
      return "STOPPED";
    case RunOutcome::failed:
      return "FAILED";
  }
  return "FAILED";
}

fs::path check_run_folder(const RunRequest& request) {
  if (!request.out) require_folder_name(request.name);
  const fs::path folder =
      wants_new_folder(request) ? first_free_folder(request) : named_folder(request);
  require_writable(folder);
  if (!is_there(folder)) return folder;
  require_suitable(folder, request.start);
  if (is_there(folder / RunLock::kFileName)) const RunLock lock(folder);
  return folder;
}

RunDirectory::RunDirectory(const RunRequest& request)
    : path_(choose_folder(request)),
      lock_(path_),
      checkpoints_(path_),
      log_(prepared(path_, request.start, checkpoints_) / kLog, OpenMode::append) {}

void RunDirectory::write_experiment(std::string_view as_given) const {
  write_text_file(path_ / kExperiment, as_given);
}

void RunDirectory::write_resolved(std::string_view yaml) const {
  write_text_file(path_ / kResolved, yaml);
}

void RunDirectory::log(std::string_view line) { log_.append_record(fmt::format("{}\n", line)); }

void RunDirectory::finish(const RunEnd& end) const {
  clear_end();
  std::string reason = end.reason;
  std::ranges::replace(reason, '\n', ' ');
  write_text_file(path_ / to_string(end.outcome),
                  fmt::format("exit_code: {}\nreason: {}\n", end.exit_code, reason));
}

void RunDirectory::clear_end() const {
  for (const RunOutcome outcome : kOutcomes) remove_file(path_ / to_string(outcome));
}

bool is_run_directory(const fs::path& folder) {
  std::error_code problem;
  return fs::is_regular_file(folder / kResolved, problem);
}

std::string read_resolved(const fs::path& run) {
  constexpr std::int64_t kLongest = std::int64_t{1} << 24;
  return read_text_file(run / kResolved, kLongest);
}

std::optional<RunEnd> read_run_end(const fs::path& run) {
  for (const RunOutcome outcome : kOutcomes) {
    const fs::path path = run / to_string(outcome);
    std::error_code problem;
    if (!fs::is_regular_file(path, problem)) continue;
    constexpr std::int64_t kLongest = 65536;
    const std::string text = read_text_file(path, kLongest);
    RunEnd end{.outcome = outcome, .exit_code = 0, .reason = value_of(text, "reason")};
    const std::string code = value_of(text, "exit_code");
    std::from_chars(code.data(), code.data() + code.size(), end.exit_code);
    return end;
  }
  return {};
}

}  // namespace lockstep

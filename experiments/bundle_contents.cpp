#include "experiments/bundle_contents.hpp"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "framework/core/build_info.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/descriptor.hpp"
#include "framework/storage/run_directory.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code problem;
  return fs::exists(path, problem);
}

// "." and ".." have no name of their own.
fs::path named_folder(const std::string& given) {
  fs::path folder = fs::path(given).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  const fs::path name = folder.filename();
  return name.empty() || name == "." || name == ".." ? fs::canonical(given) : folder;
}

SweepIndex read_index(const fs::path& folder) {
  try {
    return read_sweep_index(folder / "index.h5");
  } catch (const Error& error) {
    throw Error(error.kind(),
                fmt::format("{} 'lockstep sweep {}/sweep.yaml --out {}' writes it anew.",
                            error.what(), folder.string(), folder.string()));
  }
}

// The runs below trials/, first those of the table.
std::vector<std::string> trials_in(const fs::path& folder, const SweepIndex& index) {
  std::set<std::string> found;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing)) {
    if (is_run_directory(entry.path())) found.insert(entry.path().filename().string());
  }
  std::vector<std::string> names;
  for (const SweepIndexRow& row : index.rows) {
    if (found.erase(row.trial) > 0) names.push_back(row.trial);
  }
  names.insert(names.end(), found.begin(), found.end());
  return names;
}

void add_run(const fs::path& folder, const std::string& name, FoundContents& found) {
  TrialState& state = found.states[name];
  state = read_trial_state(folder);
  found.contents.runs.push_back(
      {.name = name, .folder = folder, .status = std::string(to_string(state.status))});
}

// The index may be older than the runs.
void bring_up_to_date(SweepIndex& index, const std::map<std::string, TrialState>& states) {
  for (SweepIndexRow& row : index.rows) {
    const auto found = states.find(row.trial);
    if (found == states.end()) continue;
    const TrialState& state = found->second;
    row.status = to_string(state.status);
    row.steps = state.steps;
    row.digest = state.digest;
    row.last = state.last;
    row.curve = &state.curve;
  }
}

void add_sweep(const fs::path& folder, FoundContents& found) {
  constexpr std::int64_t kLongest = std::int64_t{1} << 24;
  SweepIndex index = read_index(folder);
  const fs::path trials = folder / "trials";
  for (const std::string& trial : trials_in(trials, index)) add_run(trials / trial, trial, found);
  bring_up_to_date(index, found.states);
  found.contents.name = index.name;
  found.contents.sweep = {.yaml = read_text_file(folder / "sweep.yaml", kLongest),
                          .index = std::move(index)};
}

}  // namespace

fs::path find_bundled_folder(const std::string& given) {
  std::error_code problem;
  if (!fs::is_directory(given, problem)) {
    throw Error(ErrorKind::data,
                fmt::format("{} {}, expected the folder of a run or of a sweep, such as "
                            "runs/quickstart.",
                            given, is_there(given) ? "is no folder" : "does not exist"));
  }
  const fs::path folder = named_folder(given);
  if (is_run_directory(folder) || is_there(folder / "sweep.yaml")) return folder;
  throw Error(ErrorKind::data,
              fmt::format("{} is a folder, but neither a run's nor a sweep's: it has no "
                          "resolved.yaml and no sweep.yaml; give a folder that 'lockstep train' or "
                          "'lockstep sweep' wrote, such as runs/quickstart.",
                          given));
}

FoundContents find_contents(const fs::path& folder) {
  FoundContents found;
  found.contents.version = build_info().version;
  if (is_run_directory(folder)) {
    found.contents.name = folder.filename().string();
    add_run(folder, found.contents.name, found);
  } else {
    add_sweep(folder, found);
  }
  return found;
}

}  // namespace lockstep

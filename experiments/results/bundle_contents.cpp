#include "experiments/results/bundle_contents.hpp"

#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "framework/core/build_info.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/run/run_directory.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code problem;
  return fs::exists(path, problem);
}

// "." and ".." are not names of folders.
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
    throw Error(error.code(),
                fmt::format("{} 'lockstep sweep {}/sweep.yaml --out {}' writes it anew.",
                            error.what(), folder.string(), folder.string()));
  }
}

std::set<std::string> trials_in(const fs::path& folder) {
  std::set<std::string> found;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing)) {
    if (is_run_directory(entry.path())) found.insert(entry.path().filename().string());
  }
  return found;
}

const TrialState& add_run(const fs::path& folder, const std::string& name, FoundContents& found) {
  TrialState& state = found.states[name];
  state = read_trial_state(folder);
  found.contents.runs.push_back(
      {.name = name, .folder = folder, .status = std::string(to_string(state.status))});
  return state;
}

void add_sweep(const fs::path& folder, FoundContents& found) {
  constexpr std::int64_t kLongest = std::int64_t{1} << 24;
  SweepIndex index = read_index(folder);
  const fs::path trials = folder / "trials";
  std::set<std::string> names = trials_in(trials);
  for (SweepIndexRow& row : index.rows) {
    if (names.erase(row.trial) == 0) continue;
    const TrialState& state = add_run(trials / row.trial, row.trial, found);
    bring_up_to_date(row, state);
    row.curve = &state.curve;
    found.contents.runs.back().status = row.status;
  }
  for (const std::string& name : names) add_run(trials / name, name, found);
  found.contents.name = index.name;
  found.contents.sweep = {.yaml = read_text_file(folder / "sweep.yaml", kLongest),
                          .index = std::move(index)};
}

}  // namespace

fs::path find_bundled_folder(const std::string& given) {
  std::error_code problem;
  if (!fs::is_directory(given, problem)) {
    throw Error(errors::kNoRun,
                fmt::format("{} {}, expected the folder of a run or of a sweep, such as "
                            "runs/quickstart.",
                            given, is_there(given) ? "is no folder" : "does not exist"));
  }
  const fs::path folder = named_folder(given);
  if (is_run_directory(folder) || is_there(folder / "sweep.yaml")) return folder;
  throw Error(errors::kNoRun,
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

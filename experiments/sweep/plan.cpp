#include "experiments/sweep/plan.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/catalogue.hpp"
#include "experiments/program/agreement.hpp"
#include "experiments/program/experiment_file.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/config/yaml_writer.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/files/atomic_file.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTrials = "trials";

// Data sets are large, and neighbouring trials mostly use the same one: the last one is kept.
class DataShelf {
 public:
  explicit DataShelf(DataPlaces places) : places_(std::move(places)) {}

  const LoadedData& get(const ExperimentConfig& config) {
    DataSource wanted = data_section(config).source;
    if (!data_ || wanted != held_) {
      data_.reset();
      data_ = open_dataset({.source = wanted, .places = places_});
      held_ = std::move(wanted);
    }
    return *data_;
  }

 private:
  DataPlaces places_;
  DataSource held_;
  std::optional<LoadedData> data_;
};

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

// A folder that another sweeper is just making holds hidden files at most.
void require_sweep_folder(const fs::path& folder) {
  std::error_code problem;
  if (!fs::exists(folder, problem)) return;
  const std::vector<std::string> names = names_in(folder);
  const auto is_hidden = [](const std::string& name) { return name.starts_with('.'); };
  const bool is_new = fs::is_directory(folder, problem) && std::ranges::all_of(names, is_hidden);
  if (is_new || fs::exists(folder / "sweep.yaml", problem)) return;
  throw Error(errors::kRunFolder,
              fmt::format("{} is no sweep's folder: it has no sweep.yaml, and nothing in it was "
                          "touched; name another with --out.",
                          folder.string()));
}

// The folder of an experiment is found by its identity, whatever settings are in its name.
std::string existing_name(const std::vector<std::string>& folders, const Digest& identity) {
  const std::string end = short_identity(identity);
  const auto found = std::find_if(folders.begin(), folders.end(), [&](const std::string& name) {
    return name == end || name.ends_with("_" + end);
  });
  return found == folders.end() ? "" : *found;
}

// Finds what `train` would find wrong. The trial's data set and length are known afterwards.
PlannedTrial checked(const SweepTrial& trial, DataShelf& shelf) {
  PlannedTrial planned{.name = {},
                       .folder = {},
                       .settings = trial.settings,
                       .config = {},
                       .data_digest = {},
                       .steps = 0};
  try {
    planned.config = complete(trial.config);
    const auto graph = build_graph(planned.config.model);
    const LoadedData& data = shelf.get(planned.config);
    const DataSplits splits = training_splits(planned.config, *graph, data);
    planned.config.data.set("dataset", Value::string(data.name));
    planned.data_digest = data.train.digest().hex();
    planned.steps = total_steps(planned.config.train, splits.train->size());
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{} (trial {})", error.what(), to_text(trial.settings)));
  }
  return planned;
}

// The contents of files count, not where they are.
Digest identity_with_data(const PlannedTrial& trial) {
  const Digest identity = identity_of(trial.config, trial.settings);
  if (data_section(trial.config).source.path.empty()) return identity;
  const std::string text = identity.hex() + trial.data_digest;
  return digest_of(std::as_bytes(std::span(text)));
}

bool has_validation(const PlannedTrial& trial) { return data_section(trial.config).validation > 0; }

void decide_metric(SweepPlan& plan, const std::string& file) {
  SweepMetric& metric = plan.sweep.metric;
  const bool validated = std::all_of(plan.trials.begin(), plan.trials.end(), has_validation);
  if (metric.name.empty()) {
    metric = {.name = validated ? "validation_accuracy" : "test_accuracy", .maximize = true};
  }
  if (validated || !metric.name.starts_with("validation")) return;
  throw Error(errors::kSweepMetric,
              fmt::format("{}: the metric is {}, but trials have no validation set; set "
                          "data.validation above 0 under overrides, or take test_accuracy.",
                          file, metric.name));
}

}  // namespace

SweepPlan plan_sweep(const CommandContext& context, const std::string& file,
                     const std::vector<std::string>& words, const std::string& out) {
  SweepPlan plan{.sweep = load_sweep(file, words), .folder = {}, .trials = {}};
  plan.folder = out.empty() ? fs::path("sweeps") / plan.sweep.name : fs::path(out);
  require_sweep_folder(plan.folder);
  const std::vector<std::string> folders = names_in(plan.folder / kTrials);
  DataShelf shelf(context.data_places);
  std::set<std::string> identities;
  for (const SweepTrial& trial : sweep_trials(plan.sweep, where_keys_belong)) {
    PlannedTrial planned = checked(trial, shelf);
    const Digest identity = identity_with_data(planned);
    if (!identities.insert(identity.hex()).second) {
      ++plan.repeated;
      continue;
    }
    planned.name = existing_name(folders, identity);
    if (planned.name.empty()) planned.name = trial_name(planned.settings, identity);
    planned.folder = plan.folder / kTrials / planned.name;
    plan.trials.push_back(std::move(planned));
  }
  decide_metric(plan, file);
  return plan;
}

void check_same_plan(const CommandContext& context, const SweepPlan& plan) {
  check_same_program(context);
  std::string trials;
  for (const PlannedTrial& trial : plan.trials) {
    trials += fmt::format("{} on data {}\n", trial.name, trial.data_digest);
  }
  require_agreement(context.communicator(),
                    {.what = "list of trials",
                     .mine = trials,
                     .code = errors::kRanksDiffer,
                     .advice = "give all hosts the same files and data, and --out a folder that "
                               "they share."});
}

void open_sweep_folder(const CommandContext& context, const SweepPlan& plan) {
  Communicator& communicator = context.communicator();
  const std::string mark = broadcast_text(communicator, fmt::format(".ranks-{}", getpid()), 0);
  fail_together(communicator, [&] {
    if (!context.is_root()) return;
    fs::create_directories(plan.folder);
    write_text_file(plan.folder / "sweep.yaml", write_yaml(to_value(plan.sweep)));
    if (communicator.size() > 1) write_text_file(plan.folder / mark, "");
  });
  std::error_code ignored;
  fail_together(communicator, [&] {
    if (communicator.size() == 1 || fs::exists(plan.folder / mark, ignored)) return;
    throw Error(errors::kLaunch,
                fmt::format("{} on host {} is not the folder that rank 0 writes, so each host "
                            "would train all trials; name one with --out that all hosts share.",
                            plan.folder.string(), context.session.host_name()));
  });
  if (context.is_root()) fs::remove(plan.folder / mark, ignored);
}

}  // namespace lockstep

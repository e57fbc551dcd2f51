#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/command.hpp"
#include "experiments/figures.hpp"
#include "experiments/inspect_bundle.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/checkpoint.hpp"
#include "framework/storage/hdf5_file.hpp"
#include "framework/storage/metrics.hpp"
#include "framework/storage/metrics_journal.hpp"
#include "framework/storage/run_directory.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

// A figure, or null where it was not measured.
Json number_or_null(double value) { return std::isnan(value) ? Json() : Json(value); }

Json epoch_json(const EpochRecord& epoch) {
  return {{"epoch", epoch.epoch},
          {"step", epoch.step},
          {"train_loss", number_or_null(epoch.train_loss)},
          {"train_accuracy", number_or_null(epoch.train_accuracy)},
          {"validation_loss", number_or_null(epoch.validation_loss)},
          {"validation_accuracy", number_or_null(epoch.validation_accuracy)},
          {"test_loss", number_or_null(epoch.test_loss)},
          {"test_accuracy", number_or_null(epoch.test_accuracy)},
          {"seconds", epoch.seconds}};
}

Json metrics_json(const MetricsTables& tables) {
  Json epochs = Json::array();
  for (const EpochRecord& epoch : tables.epochs) epochs.push_back(epoch_json(epoch));
  Json last;
  if (!tables.steps.empty()) {
    const StepRecord& step = tables.steps.back();
    last = {{"step", step.step},
            {"loss", step.loss},
            {"learning_rate", step.learning_rate},
            {"gradient_norm", step.gradient_norm},
            {"digest", step.has_digest ? Json(step.digest.hex()) : Json()}};
  }
  return {{"steps", tables.steps.size()}, {"last_step", last}, {"epochs", epochs}};
}

void print_metrics(const Console& console, const MetricsTables& tables) {
  if (tables.steps.empty()) {
    console.result("no steps recorded");
    return;
  }
  const StepRecord& last = tables.steps.back();
  console.result(fmt::format("steps      {} (last loss {})", last.step, figure(last.loss)));
  if (last.has_digest) console.result(fmt::format("digest     {}", last.digest.hex()));
  if (tables.epochs.empty()) return;
  console.result("");
  console.result(console.bold(
      "epoch    step   train loss     acc.   val. loss     acc.   test loss     acc."));
  for (const EpochRecord& epoch : tables.epochs) {
    console.result(fmt::format(
        "{:<5.4g} {:>7}  {:>11}  {:>7}  {:>10}  {:>7}  {:>10}  {:>7}", epoch.epoch, epoch.step,
        figure(epoch.train_loss), percent(epoch.train_accuracy), figure(epoch.validation_loss),
        percent(epoch.validation_accuracy), figure(epoch.test_loss), percent(epoch.test_accuracy)));
  }
}

// One checkpoint of a run, as far as it can be read.
Json checkpoint_json(const std::filesystem::path& path) {
  Json json = {{"file", path.filename().string()}};
  try {
    const LoadedCheckpoint loaded = read_checkpoint_summary(path);
    json["state"] = loaded.verified ? "verified" : "not verified";
    if (const auto& state = loaded.checkpoint.state) {
      json["step"] = state->step;
      json["digest"] = state->digest.hex();
    }
  } catch (const Error& error) {
    json["state"] = "damaged";
    json["message"] = error.what();
  }
  return json;
}

struct RunSummary {
  std::optional<RunEnd> end;
  MetricsTables tables;
  std::vector<std::string> problems;
  Json checkpoints = Json::array();
};

// The journal knows the newest steps; the snapshot stands in for a journal that is gone.
void read_run_metrics(const std::filesystem::path& run, RunSummary& summary) {
  try {
    JournalContents journal = read_journal(run / "metrics.jsonl");
    summary.problems = std::move(journal.problems);
    summary.tables = std::move(journal.tables);
    if (summary.tables.steps.empty() && std::filesystem::exists(run / "metrics.h5")) {
      summary.tables = read_metrics(run / "metrics.h5");
    }
  } catch (const Error& error) {
    summary.problems.emplace_back(error.what());
  }
}

RunSummary summarize_run(const std::filesystem::path& run) {
  RunSummary summary;
  summary.end = read_run_end(run);
  read_run_metrics(run, summary);
  const RunCheckpoints checkpoints(run);
  for (const Index step : checkpoints.steps()) {
    Json json = checkpoint_json(checkpoints.path_of(step));
    json["latest"] = checkpoints.latest() == step;
    json["best"] = checkpoints.best() == step;
    summary.checkpoints.push_back(std::move(json));
  }
  return summary;
}

void warn_about(const Console& console, const std::vector<std::string>& problems) {
  constexpr std::size_t kMost = 5;
  for (std::size_t i = 0; i < std::min(problems.size(), kMost); ++i) console.warning(problems[i]);
  if (problems.size() > kMost) {
    console.warning(fmt::format("and {} more like these", problems.size() - kMost));
  }
}

void inspect_run(const Console& console, const std::filesystem::path& run) {
  const RunSummary summary = summarize_run(run);
  warn_about(console, summary.problems);
  if (console.json()) {
    Json json = {{"kind", "run"}, {"path", run.string()}};
    json["outcome"] = summary.end ? Json(to_string(summary.end->outcome)) : Json();
    json["exit_code"] = summary.end ? Json(summary.end->exit_code) : Json();
    json["reason"] = summary.end ? Json(summary.end->reason) : Json();
    json["metrics"] = metrics_json(summary.tables);
    json["problems"] = summary.problems;
    json["checkpoints"] = summary.checkpoints;
    console.json_object(json.dump(2));
    return;
  }
  console.result(console.bold(fmt::format("run {}", run.string())));
  console.result(summary.end ? fmt::format("outcome    {} (exit code {}): {}",
                                           to_string(summary.end->outcome), summary.end->exit_code,
                                           summary.end->reason)
                             : "outcome    none yet: it goes on, or was killed (see --resume)");
  print_metrics(console, summary.tables);
  console.result("");
  console.result(console.bold("checkpoints"));
  for (const Json& checkpoint : summary.checkpoints) {
    console.result(fmt::format("{}  {}  {}{}{}", checkpoint["file"].get<std::string>(),
                               checkpoint["state"].get<std::string>(),
                               checkpoint.value("digest", checkpoint.value("message", "")),
                               checkpoint["latest"].get<bool>() ? "  latest" : "",
                               checkpoint["best"].get<bool>() ? "  best" : ""));
  }
}

Json tensor_json(const StoredTensor& tensor) {
  const auto extents = tensor.shape.extents();
  return {{"name", tensor.layer + "." + tensor.name},
          {"shape", std::vector<Index>(extents.begin(), extents.end())},
          {"axis_order", tensor.axis_order}};
}

Json checkpoint_file_json(const std::filesystem::path& path, const LoadedCheckpoint& loaded) {
  const Checkpoint& checkpoint = loaded.checkpoint;
  Json json = {{"kind", "checkpoint"},
               {"path", path.string()},
               {"verified", loaded.verified},
               {"arithmetic_version", checkpoint.arithmetic_version},
               {"has_experiment", !checkpoint.experiment.empty()}};
  Json tensors = Json::array();
  for (const StoredTensor& tensor : checkpoint.parameters) tensors.push_back(tensor_json(tensor));
  json["parameters"] = tensors;
  Json optimizer = Json::array();
  for (const StoredOptimizerState& state : checkpoint.optimizer) optimizer.push_back(state.name);
  json["optimizer"] = optimizer;
  if (checkpoint.state) {
    const StoredTrainingState& state = *checkpoint.state;
    json["state"] = {{"step", state.step},
                     {"epoch", state.epoch},
                     {"samples_seen", state.samples_seen},
                     {"seed", state.seed},
                     {"digest", state.digest.hex()},
                     {"best", number_or_null(state.best)},
                     {"train_seconds", state.train_seconds}};
  }
  Json provenance = Json::object();
  for (const auto& [key, value] : checkpoint.provenance.entries) {
    std::visit([&, name = key](const auto& fact) { provenance[name] = fact; }, value);
  }
  json["provenance"] = provenance;
  return json;
}

void inspect_checkpoint(const Console& console, const std::filesystem::path& path) {
  const LoadedCheckpoint loaded = read_checkpoint_summary(path);
  const Json json = checkpoint_file_json(path, loaded);
  if (console.json()) {
    console.json_object(json.dump(2));
    return;
  }
  console.result(console.bold(fmt::format("checkpoint {}", path.string())));
  console.result(loaded.verified ? "integrity  verified: its digest is right"
                                 : "integrity  not verified: the file has no digest of ours");
  if (const auto& state = loaded.checkpoint.state) {
    console.result(fmt::format("step       {} (epoch {:.4g}, {} images seen, seed {})", state->step,
                               state->epoch, state->samples_seen, state->seed));
    console.result(fmt::format("digest     {}", state->digest.hex()));
    console.result(fmt::format("best       validation accuracy {}", percent(state->best)));
  }
  console.result("");
  console.result(console.bold("parameters"));
  Index total = 0;
  for (const StoredTensor& tensor : loaded.checkpoint.parameters) {
    total += tensor.shape.size();
    console.result(fmt::format("  {:<20} {:>14}  {}", tensor.layer + "." + tensor.name,
                               tensor.shape.to_string(), tensor.axis_order));
  }
  console.result(fmt::format("  {:<20} {:>14}", "total", total));
  if (loaded.checkpoint.provenance.entries.empty()) return;
  console.result("");
  console.result(console.bold("provenance"));
  for (const auto& [key, value] : loaded.checkpoint.provenance.entries) {
    console.result(fmt::format("  {:<16} {}", key, to_text(value)));
  }
}

void inspect_metrics(const Console& console, const std::filesystem::path& path) {
  const MetricsTables tables = read_metrics(path);
  if (console.json()) {
    Json json = metrics_json(tables);
    json["kind"] = "metrics";
    json["path"] = path.string();
    console.json_object(json.dump(2));
    return;
  }
  console.result(console.bold(fmt::format("metrics {}", path.string())));
  print_metrics(console, tables);
}

bool is_metrics_file(const std::filesystem::path& path) {
  return check_file(path).state == FileState::not_verified &&
         Hdf5Reader(path).node("/steps") == Hdf5Node::group;
}

class InspectCommand final : public Command {
 public:
  std::string_view name() const override { return "inspect"; }
  std::string_view summary() const override {
    return "What a run was and how it went, or what is in one of its files";
  }
  void add_options(OptionList& list) override {
    list.argument("RUN|FILE", path_, "A run's folder, a checkpoint, metrics.h5, or a bundle");
  }

  int run(const CommandContext& context) override {
    fail_together(context.communicator(), [&] {
      if (context.is_root()) inspect(context.console);
    });
    return 0;
  }

 private:
  std::string path_;

  void inspect(const Console& console) const {
    if (std::filesystem::is_directory(path_)) {
      if (!is_run_directory(path_)) {
        throw Error(ErrorKind::data,
                    fmt::format("{} is a folder, but not a run's: it has no resolved.yaml; give a "
                                "folder that 'lockstep train' wrote, such as runs/quickstart.",
                                path_));
      }
      inspect_run(console, path_);
    } else if (is_bundle_file(path_)) {
      inspect_bundle(console, path_);
    } else if (is_metrics_file(path_)) {
      inspect_metrics(console, path_);
    } else {
      inspect_checkpoint(console, path_);
    }
  }
};

}  // namespace

std::unique_ptr<Command> make_inspect_command() { return std::make_unique<InspectCommand>(); }

}  // namespace lockstep

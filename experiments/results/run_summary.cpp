#include "experiments/results/run_summary.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "experiments/program/experiment_file.hpp"
#include "experiments/results/metrics_summary.hpp"
#include "experiments/results/stored_experiment.hpp"
#include "experiments/text/value_json.hpp"
#include "framework/config/config_difference.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/storage/files/run_lock.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

// One checkpoint of a run, as far as it can be read.
Json checkpoint_json(const std::filesystem::path& path) {
  Json json = {{"file", path.filename().string()}};
  try {
    const LoadedCheckpoint loaded = read_checkpoint_summary(path);
    json["state"] = loaded.verified ? "verified" : "not verified";
    if (const auto& state = loaded.checkpoint.state) {
      json["step"] = state->progress.step;
      json["digest"] = state->digest.hex();
    }
  } catch (const Error& error) {
    json["state"] = "damaged";
    json["message"] = sentence_of(error);
    json["code"] = error.code().name();
  }
  return json;
}

// What was trained. If that cannot be read: null, and a sentence in `problems`.
Json experiment_json(const std::filesystem::path& run, std::vector<std::string>& problems) {
  try {
    const ExperimentConfig config = read_resolved_experiment(run);
    const Value document = to_value(config);
    const auto text_at = [&document](std::string_view key) {
      const Value* const value = value_at(document, key);
      return value == nullptr ? std::string() : value->text;
    };
    return {{"name", config.name},
            {"model", text_at("model.name")},
            {"dataset", fmt::format("{}", fmt::join(data_section(config).source.names, " or "))},
            {"seed", config.seed},
            {"batch_size", config.train.batch_size},
            {"optimizer", text_at("optimizer.type")}};
  } catch (const Error& error) {
    problems.push_back(sentence_of(error));
    return {};
  }
}

void print_experiment(const Console& console, const Json& experiment) {
  if (experiment.is_null()) return;
  console.result(fmt::format(
      "experiment {}: {} on {}, batches of {}, {}, seed {}", experiment["name"].get<std::string>(),
      experiment["model"].get<std::string>(), experiment["dataset"].get<std::string>(),
      experiment["batch_size"].get<Index>(), experiment["optimizer"].get<std::string>(),
      experiment["seed"].get<std::uint64_t>()));
}

}  // namespace

RunSummary summarize_run(const std::filesystem::path& run) {
  RunSummary summary;
  summary.end = read_run_end(run);
  summary.metrics = metrics_of_run(run);
  summary.experiment = experiment_json(run, summary.metrics.problems);
  const RunCheckpoints checkpoints(run);
  for (const Index step : checkpoints.steps()) {
    Json json = checkpoint_json(checkpoints.path_of(step));
    json["latest"] = checkpoints.latest() == step;
    json["best"] = checkpoints.best() == step;
    summary.checkpoints.push_back(std::move(json));
  }
  return summary;
}

RecordedMetrics metrics_of_run(const std::filesystem::path& run) {
  return read_run_metrics({.journal = run / "metrics.jsonl", .snapshot = run / "metrics.h5"});
}

std::string outcome_line(const std::filesystem::path& run) {
  if (const std::optional<RunEnd> end = read_run_end(run)) {
    return fmt::format("outcome    {} (exit code {}): {}", to_string(end->outcome), end->exit_code,
                       end->reason);
  }
  return is_run_locked(run) ? "outcome    none yet: it goes on"
                            : "outcome    none: it was killed, and goes on with --resume";
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
  warn_about(console, summary.metrics.problems);
  if (console.json()) {
    Json json = {{"kind", "run"}, {"path", run.string()}};
    json["experiment"] = summary.experiment;
    json["outcome"] = summary.end ? Json(to_string(summary.end->outcome)) : Json();
    json["exit_code"] = summary.end ? Json(summary.end->exit_code) : Json();
    json["reason"] = summary.end ? Json(summary.end->reason) : Json();
    json["code"] = summary.end ? code_json(summary.end->reason) : Json();
    json["metrics"] = metrics_json(summary.metrics.tables);
    json["problems"] = summary.metrics.problems;
    json["checkpoints"] = summary.checkpoints;
    console.json_object(json.dump(2));
    return;
  }
  console.result(console.bold(fmt::format("run {}", run.string())));
  print_experiment(console, summary.experiment);
  console.result(outcome_line(run));
  print_metrics(console, summary.metrics.tables);
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

}  // namespace lockstep

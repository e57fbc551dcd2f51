#include "experiments/results/sweep_summary.hpp"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/results/metrics_summary.hpp"
#include "experiments/results/trial_state.hpp"
#include "experiments/text/figures.hpp"
#include "framework/storage/run/run_directory.hpp"
#include "framework/storage/run/sweep_index.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

Json trial_json(const SweepIndex& index, const SweepIndexRow& row) {
  Json parameters = Json::object();
  for (std::size_t i = 0; i < index.keys.size(); ++i) parameters[index.keys[i]] = row.parameters[i];
  Json json = {{"trial", row.trial},
               {"status", row.status},
               {"steps", row.steps},
               {"digest", row.digest ? Json(row.digest->hex()) : Json()},
               {"parameters", parameters}};
  for (const auto& figure : kFigureColumns) {
    json[figure.name] = number_or_null(row.last.*figure.member);
  }
  return json;
}

Json sweep_json(const std::filesystem::path& path, const SweepIndex& index) {
  Json trials = Json::array();
  for (const SweepIndexRow& row : index.rows) trials.push_back(trial_json(index, row));
  return {{"kind", "sweep"},
          {"path", path.string()},
          {"name", index.name},
          {"metric", {{"name", index.metric}, {"goal", index.maximize ? "maximize" : "minimize"}}},
          {"trials", trials}};
}

// For a folder, the state that the trials' own folders show now: the index is written only when a
// trial ends.
SweepIndex read_sweep(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return read_sweep_index(path);
  SweepIndex index = read_sweep_index(path / "index.h5");
  for (SweepIndexRow& row : index.rows) {
    const std::filesystem::path trial = path / "trials" / row.trial;
    if (is_run_directory(trial)) bring_up_to_date(row, read_trial_state(trial));
  }
  return index;
}

std::string metric_text(const SweepIndex& index, const SweepIndexRow& row) {
  const double value = figure_of(row.last, index.metric);
  return index.metric.ends_with("accuracy") ? percent(value) : figure(value);
}

}  // namespace

void inspect_sweep(const Console& console, const std::filesystem::path& path) {
  constexpr std::size_t kNameColumns = 48;
  const SweepIndex index = read_sweep(path);
  console.json_object(sweep_json(path, index).dump(2));
  console.result(console.bold(fmt::format("sweep {}", path.string())));
  console.result(fmt::format("name       {}", index.name));
  console.result(
      fmt::format("metric     {}, to {}", index.metric, index.maximize ? "maximize" : "minimize"));
  if (const SweepIndexRow* const best = best_of(index)) {
    console.result(fmt::format("best       {}: {}", metric_text(index, *best), best->trial));
  }
  console.result("");
  console.result(
      console.bold(fmt::format("{:<11} {:>7} {:>10}  {}", "status", "steps", "metric", "trial")));
  for (const SweepIndexRow& row : index.rows) {
    console.result(fmt::format("{:<11} {:>7} {:>10}  {}", row.status, row.steps,
                               metric_text(index, row), shortened(row.trial, kNameColumns)));
  }
}

}  // namespace lockstep

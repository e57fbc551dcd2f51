#include "experiments/report/run.hpp"

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/report/curves.hpp"
#include "experiments/report/judgement.hpp"
#include "experiments/report/layers.hpp"
#include "experiments/report/network.hpp"
#include "experiments/report/provenance.hpp"
#include "experiments/results/run_summary.hpp"
#include "experiments/results/stored_experiment.hpp"
#include "experiments/text/figures.hpp"
#include "experiments/workbench/saved_network.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/files/run_lock.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

// Runs something that may fail on a damaged file. A failure becomes a note.
template <class Body>
void note_failure(ReportPage& page, const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    page.notes.emplace_back(error.what());
  }
}

Json ending_view(const fs::path& run, const std::optional<RunEnd>& end) {
  if (end) {
    const std::string mark(to_string(end->outcome));
    const bool is_done = end->outcome == RunOutcome::done;
    return {
        {"mark", mark},
        {"kind", is_done                               ? "done"
                 : end->outcome == RunOutcome::stopped ? "stopped"
                                                       : "failed"},
        {"sentence", is_done ? "" : fmt::format("{} (exit code {})", end->reason, end->exit_code)}};
  }
  if (is_run_locked(run)) return {{"mark", "RUNNING"}, {"kind", "running"}, {"sentence", ""}};
  return {{"mark", "INTERRUPTED"},
          {"kind", "stopped"},
          {"sentence", "The run has not ended by itself; 'lockstep train ... --resume' goes on."}};
}

Json figure_cell(const std::string& name, double value, bool is_share) {
  return number_cell(name, std::isnan(value) ? Json() : Json(value),
                     is_share ? percent(value) : figure(value));
}

// Headings in two rows: each set above its figures.
void add_headings(ReportPage& page) {
  Json sets = Json::array();
  Json measures = Json::array();
  for (const Column<EpochRecord>& column : kFigureColumns) {
    const auto [set, measure] = figure_name(column.name);
    if (sets.empty() || sets.back()["name"] != set) sets.push_back({{"name", set}, {"span", 0}});
    sets.back()["span"] = sets.back()["span"].get<int>() + 1;
    measures.push_back({{"name", measure}, {"meaning", column.long_name}});
  }
  page.view["sets"] = sets;
  page.view["measures"] = measures;
}

Json evaluations_view(const std::vector<EpochRecord>& epochs) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    const EpochRecord& epoch = epochs[i];
    const std::string place = fmt::format("metrics.epochs.{}.", i);
    Json cells = {number_cell(place + "epoch", epoch.epoch, fmt::format("{:.4g}", epoch.epoch)),
                  number_cell(place + "step", epoch.step, thousands(epoch.step))};
    for (const Column<EpochRecord>& column : kFigureColumns) {
      cells.push_back(figure_cell(place + column.name, epoch.*column.member, column.is_share));
    }
    cells.push_back(
        number_cell(place + "seconds", epoch.seconds, fmt::format("{:.1f}", epoch.seconds)));
    rows.push_back({{"cells", cells}});
  }
  return rows;
}

// What is read first: the figures of the last evaluation. The list ends with the most familiar one.
Json headline_view(const MetricsTables& tables) {
  Json figures = Json::array();
  if (!tables.epochs.empty()) {
    const std::size_t last = tables.epochs.size() - 1;
    for (std::size_t i = kFigureColumns.size(); i-- > 0;) {
      const Column<EpochRecord>& column = kFigureColumns[i];
      const double value = tables.epochs[last].*column.member;
      if (std::isnan(value)) continue;
      const auto [set, measure] = figure_name(column.name);
      figures.push_back(
          {{"label", fmt::format("{} {}", set, measure)},
           {"cell", figure_cell(fmt::format("metrics.epochs.{}.{}", last, column.name), value,
                                column.is_share)}});
    }
  }
  if (!tables.steps.empty()) {
    const Index step = tables.steps.back().step;
    figures.push_back({{"label", "steps"},
                       {"cell", number_cell("metrics.last_step.step", step, thousands(step))}});
  }
  return figures;
}

void add_records(const fs::path& run, ReportPage& page) {
  const RunSummary summary = summarize_run(run);
  const MetricsTables& tables = summary.metrics.tables;
  page.notes.insert(page.notes.end(), summary.metrics.problems.begin(),
                    summary.metrics.problems.end());
  page.view["ending"] = ending_view(run, summary.end);
  if (page.view["ending"]["kind"] == "running") {
    page.notes.push_back(
        fmt::format("{} is being trained now; its page shows what there is so far.", run.string()));
  }
  page.view["headline"] = headline_view(tables);
  page.view["evaluations"] = evaluations_view(tables.epochs);
  add_headings(page);
  page.view["has_evaluations"] = !tables.epochs.empty();
  page.view["has_steps"] = !tables.steps.empty();
  page.view["checkpoints"] = summary.checkpoints;
  if (!tables.steps.empty() && tables.steps.back().has_digest) {
    page.view["digest"] = tables.steps.back().digest.hex();
  }
  if (!tables.epochs.empty() && !tables.epochs.back().confusion.empty()) {
    page.view["confusion"] = confusion_view(tables.epochs.back().confusion);
  }
  page.view["statistics"] = statistics_view(tables);
  page.data["curves"] = curves_json(tables);
  if (tables.steps.empty()) page.notes.emplace_back("The run has recorded no step yet.");
}

void add_network(const CommandContext& context, const fs::path& run, ReportPage& page) {
  if (RunCheckpoints(run).steps().empty()) {
    page.notes.emplace_back(
        "The run has no checkpoint, so there are no weights to show or to evaluate.");
    return;
  }
  const SavedNetwork network = load_saved_network(run, {});
  page.notes.insert(page.notes.end(), network.warnings.begin(), network.warnings.end());
  page.view["checkpoint"] = network.path.filename().string();
  page.data["kernels"] = kernels_json(*network.parameters);
  page.view["has_kernels"] = !page.data["kernels"].empty();
  add_provenance(network.path, page);
  add_judgement(context, network, page);
}

}  // namespace

ReportPage run_report(const CommandContext& context, const fs::path& run) {
  ReportPage page{.body = "run.mustache",
                  .scripts = {"report.js", "run.js"},
                  .view = {},
                  .data = {},
                  .notes = {}};
  page.view["title"] = run.filename().string();
  page.view["kind"] = "Run";
  page.view["path"] = run.string();
  add_records(run, page);
  note_failure(page, [&] {
    page.view["configuration"] = read_resolved(run);
    const ExperimentConfig config = read_resolved_experiment(run);
    page.view["title"] = config.name;
    page.view["layers"] = layers_view(*build_graph(config.model));
  });
  note_failure(page, [&] { add_network(context, run, page); });
  add_commands(run, page);
  return page;
}

}  // namespace lockstep

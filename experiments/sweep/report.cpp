#include "experiments/sweep/report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/text/figures.hpp"
#include "experiments/text/value_json.hpp"
#include "framework/config/yaml_writer.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kDrawInterval = 0.25;  // seconds
constexpr std::size_t kNameColumns = 48;
constexpr std::size_t kMostRows = 16;

double metric_of(const SweepRun& run, const SweptTrial& trial) {
  return figure_of(trial.state.last, run.plan().sweep.metric.name);
}

std::string metric_text(const SweepRun& run, const SweptTrial& trial) {
  const double value = metric_of(run, trial);
  return run.plan().sweep.metric.name.ends_with("accuracy") ? percent(value) : figure(value);
}

std::string digest_text(const TrialState& state) {
  return state.digest ? state.digest->hex() : "-";
}

Json parameters_json(const SweptTrial& trial) {
  Json parameters = Json::object();
  for (const TrialSetting& setting : trial.plan.settings) {
    parameters[setting.key] = to_json(setting.value);
  }
  return parameters;
}

Json metric_json(const SweepRun& run, const SweptTrial& trial) {
  const double value = metric_of(run, trial);
  return std::isnan(value) ? Json() : Json(value);
}

Json trial_json(const SweepRun& run, const SweptTrial& trial) {
  const TrialState& state = trial.state;
  return {{"trial", trial.plan.name},
          {"run_dir", trial.plan.folder.string()},
          {"parameters", parameters_json(trial)},
          {"status", to_string(state.status)},
          {"reason", state.reason},
          {"code", code_json(state.reason)},
          {"steps", state.steps},
          {"metric", metric_json(run, trial)},
          {"digest", state.digest ? Json(state.digest->hex()) : Json()}};
}

Json sweep_json(const SweepRun& run) {
  const SweepPlan& plan = run.plan();
  Json best;
  if (const SweptTrial* trial = run.best()) {
    best = {{"trial", trial->plan.name},
            {"parameters", parameters_json(*trial)},
            {"metric", metric_json(run, *trial)}};
  }
  Json results = Json::array();
  for (const SweptTrial& trial : run.trials()) results.push_back(trial_json(run, trial));
  return {{"name", plan.sweep.name},
          {"sweep_dir", plan.folder.string()},
          {"metric",
           {{"name", plan.sweep.metric.name},
            {"goal", plan.sweep.metric.maximize ? "maximize" : "minimize"}}},
          {"trials", run.trials().size()},
          {"done", run.count(TrialStatus::done)},
          {"failed", run.count(TrialStatus::failed)},
          {"pruned", run.count(TrialStatus::pruned)},
          {"best", best},
          {"results", results}};
}

// "7 done, 2 pruned, 0 failed"
std::string counts_text(const SweepRun& run) {
  const std::size_t pruned = run.count(TrialStatus::pruned);
  return fmt::format("{} done,{} {} failed", run.count(TrialStatus::done),
                     pruned > 0 ? fmt::format(" {} pruned,", pruned) : "",
                     run.count(TrialStatus::failed));
}

// The current number of steps, if a process is training the trial.
Index steps_of(const SweptTrial& trial) {
  const bool is_trained =
      trial.turn == SweptTrial::Turn::here || trial.turn == SweptTrial::Turn::elsewhere;
  return is_trained ? last_step(trial.plan.folder) : trial.state.steps;
}

Index end_of(const SweptTrial& trial) { return trial.until > 0 ? trial.until : trial.plan.steps; }

bool is_at_work(const SweptTrial& trial) { return trial.turn == SweptTrial::Turn::here; }

}  // namespace

SweepIndex index_of(const SweepRun& run) {
  const SweepConfig& sweep = run.plan().sweep;
  SweepIndex index{.name = sweep.name,
                   .metric = sweep.metric.name,
                   .maximize = sweep.metric.maximize,
                   .keys = {},
                   .rows = {}};
  for (const TrialSetting& setting : run.trials().front().plan.settings) {
    index.keys.push_back(setting.key);
  }
  for (const SweptTrial& trial : run.trials()) {
    SweepIndexRow row{.trial = trial.plan.name,
                      .parameters = {},
                      .status = std::string(to_string(trial.state.status)),
                      .steps = trial.state.steps,
                      .digest = trial.state.digest,
                      .last = trial.state.last,
                      .curve = &trial.state.curve};
    for (const TrialSetting& setting : trial.plan.settings) {
      row.parameters.push_back(setting.value.is_text() ? setting.value.text
                                                       : write_yaml_flow(setting.value));
    }
    index.rows.push_back(std::move(row));
  }
  return index;
}

void report_sweep(const Console& console, const SweepRun& run) {
  if (console.json()) return console.json_object(sweep_json(run).dump(2));
  console.result(console.bold(fmt::format("{:<11} {:>7} {:>10}  {:<32}  {}", "status", "steps",
                                          "metric", "digest", "trial")));
  for (const SweptTrial& trial : run.trials()) {
    console.result(fmt::format("{:<11} {:>7} {:>10}  {:<32}  {}", to_string(trial.state.status),
                               trial.state.steps, metric_text(run, trial), digest_text(trial.state),
                               trial.plan.name));
  }
  console.result("");
  const SweptTrial* best = run.best();
  if (best != nullptr) {
    console.result(fmt::format("best       {} {}: {}", run.plan().sweep.metric.name,
                               console.bold(metric_text(run, *best)),
                               to_text(best->plan.settings)));
  }
  console.result(fmt::format("trials     {}: {}", run.trials().size(), counts_text(run)));
  console.result(fmt::format("sweep      {}", run.plan().folder.string()));
}

std::string failures_of(const SweepRun& run) {
  std::string text;
  for (const SweptTrial& trial : run.trials()) {
    if (trial.state.status != TrialStatus::failed) continue;
    text += fmt::format("\n  {}: {}", trial.plan.folder.string(), trial.state.reason);
  }
  if (text.empty()) return "";
  return fmt::format(
      "{} of {} failed; each folder has log.txt, and --retry-failed runs them again:{}",
      run.count(TrialStatus::failed), count_of(static_cast<Index>(run.trials().size()), "trial"),
      text);
}

std::string lost_figures_of(const SweepRun& run) {
  std::string text;
  for (const SweptTrial& trial : run.trials()) {
    if (trial.state.status != TrialStatus::done || trial.state.reason.empty()) continue;
    text += fmt::format("\n  {}: {}", trial.plan.folder.string(), trial.state.reason);
  }
  if (text.empty()) return "";
  return "finished trials whose figures are damaged may be missing from the choice of the best; "
         "remove a trial's folder, and the same command trains it again:" +
         text;
}

SweepProgress::SweepProgress(const Console& console, bool quiet, double (*clock)(),
                             const SweepRun& run)
    : console_(console), quiet_(quiet), clock_(clock), started_(clock()) {
  for (const SweptTrial& trial : run.trials()) {
    steps_before_ += static_cast<double>(trial.state.steps);
  }
}

void SweepProgress::on_end(const SweepRun& run, const SweptTrial& trial) {
  if (quiet_) return;
  clear();
  const std::string& metric = run.plan().sweep.metric.name;
  const double value = metric_of(run, trial);
  console_.remark(fmt::format("trial={} status={} step={}{} done={} pruned={} failed={} trials={}",
                              trial.plan.name, to_string(trial.state.status), trial.state.steps,
                              std::isnan(value) ? "" : fmt::format(" {}={}", metric, figure(value)),
                              run.count(TrialStatus::done), run.count(TrialStatus::pruned),
                              run.count(TrialStatus::failed), run.trials().size()));
}

void SweepProgress::on_look(const SweepRun& run) {
  const double now = clock_();
  if (quiet_ || !console_.redraws() || now - drawn_ < kDrawInterval) return;
  drawn_ = now;
  const std::vector<std::string> rows = table(run);
  clear();
  std::string text;
  for (const std::string& row : rows) text += (text.empty() ? "" : "\n\033[K") + row;
  console_.redraw(text);
  lines_ = rows.size();
}

void SweepProgress::finish() { clear(); }

// Moves to the first line of the table, and clears it and everything below.
void SweepProgress::clear() {
  if (lines_ == 0) return;
  console_.redraw(lines_ > 1 ? fmt::format("\033[{}A\033[J", lines_ - 1) : "\033[J");
  lines_ = 0;
}

std::string SweepProgress::time_left(const SweepRun& run) const {
  double done = -steps_before_;
  double left = 0;
  for (const SweptTrial& trial : run.trials()) {
    const Index steps = steps_of(trial);
    done += static_cast<double>(steps);
    if (trial.turn != SweptTrial::Turn::over) left += static_cast<double>(end_of(trial) - steps);
  }
  if (done <= 0) return "-:--";
  return clock_text((clock_() - started_) / done * left);
}

std::vector<std::string> SweepProgress::table(const SweepRun& run) const {
  std::vector<std::string> rows;
  for (const SweptTrial& trial : run.trials()) {
    if (!is_at_work(trial) || rows.size() == kMostRows) continue;
    rows.push_back(fmt::format("{:<48} step {} of {}", shortened(trial.plan.name, kNameColumns),
                               steps_of(trial), end_of(trial)));
  }
  const SweptTrial* best = run.best();
  rows.push_back(
      fmt::format("{} trials, {}, {} left", run.trials().size(), counts_text(run), time_left(run)));
  if (best != nullptr) {
    rows.push_back(fmt::format("best {} {}", metric_text(run, *best),
                               shortened(best->plan.name, kNameColumns)));
  }
  return rows;
}

}  // namespace lockstep

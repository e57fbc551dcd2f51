#include "experiments/report/sweep.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cluster/binding.hpp"
#include "experiments/report/curves.hpp"
#include "experiments/results/trial_state.hpp"
#include "experiments/text/figures.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"
#include "framework/storage/run/run_directory.hpp"
#include "framework/storage/run/sweep_index.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

struct ReportedTrial {
  SweepIndexRow row;  ///< as its folder says now
  TrialState state;
  std::string link;  ///< to its page; "" if it has none

  bool is_done() const { return row.status == "done"; }
};

struct ReportedSweep {
  SweepIndex index;
  std::vector<ReportedTrial> trials;

  double metric_of(const ReportedTrial& trial) const {
    return figure_of(trial.row.last, index.metric);
  }
  bool is_share() const { return index.metric.ends_with("accuracy"); }
};

// Bytes with a meaning in addresses are written as numbers.
std::string address_of(const fs::path& path) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/";
  std::string address;
  for (const char c : path.generic_string()) {
    if (kPlain.find(c) != std::string_view::npos) {
      address += c;
    } else {
      address += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return address;
}

std::string link_to(const fs::path& page, const fs::path& place) {
  std::error_code problem;
  if (!fs::exists(page, problem)) return "";
  const fs::path from = place.empty() ? fs::path(".") : place;
  const fs::path relative = fs::relative(page, from, problem);
  return problem ? "" : address_of(relative);
}

ReportedSweep read_sweep(const fs::path& sweep, const fs::path& place) {
  ReportedSweep read{.index = read_sweep_index(sweep / "index.h5"), .trials = {}};
  for (SweepIndexRow& row : read.index.rows) {
    const fs::path folder = sweep / "trials" / row.trial;
    TrialState state = read_trial_state(folder);
    if (is_run_directory(folder)) bring_up_to_date(row, state);
    read.trials.push_back(
        {.row = row, .state = std::move(state), .link = link_to(folder / "report.html", place)});
  }
  return read;
}

Json value_json(const std::string& text) {
  if (const auto integer = parse_integer(text)) return *integer;
  if (const auto real = parse_real(text)) return *real;
  return text;
}

Json metric_cell(const ReportedSweep& sweep, const ReportedTrial& trial) {
  const double value = sweep.metric_of(trial);
  return number_cell("metric", std::isnan(value) ? Json() : Json(value),
                     sweep.is_share() ? percent(value) : figure(value));
}

Json trial_view(const ReportedSweep& sweep, std::size_t number) {
  const ReportedTrial& trial = sweep.trials[number];
  Json parameters = Json::array();
  for (std::size_t i = 0; i < sweep.index.keys.size(); ++i) {
    const std::string& text = trial.row.parameters.at(i);
    parameters.push_back({{"key", sweep.index.keys[i]},
                          {"cell", number_cell(sweep.index.keys[i], value_json(text), text)}});
  }
  const std::string digest = trial.row.digest ? trial.row.digest->hex() : "";
  return {{"number", number + 1},
          {"trial", trial.row.trial},
          {"link", trial.link.empty() ? Json() : Json(trial.link)},
          {"parameters", parameters},
          {"metric", metric_cell(sweep, trial)},
          {"steps", number_cell("steps", trial.row.steps, thousands(trial.row.steps))},
          {"status", trial.row.status},
          {"reason", trial.state.reason.empty() ? Json() : Json(trial.state.reason)},
          {"digest", digest}};
}

template <class Record>
Json points_of(const std::vector<Record>& records, double Record::*member) {
  Json steps = Json::array();
  Json values = Json::array();
  for (const Record& record : records) {
    if (!std::isfinite(record.*member)) continue;
    steps.push_back(record.step);
    values.push_back(record.*member);
  }
  return {{"x", steps}, {"y", values}};
}

Json loss_curve_of(const TrialState& state) {
  constexpr std::size_t kMost = 240;
  std::vector<StepRecord> drawn;
  for (const std::size_t i : drawn_steps(state.curve.steps, kMost)) {
    drawn.push_back(state.curve.steps[i]);
  }
  return points_of(drawn, &StepRecord::loss);
}

Json metric_curve_of(const ReportedSweep& sweep, const TrialState& state) {
  Json steps = Json::array();
  Json values = Json::array();
  for (const EpochRecord& epoch : state.curve.epochs) {
    const double value = figure_of(epoch, sweep.index.metric);
    if (!std::isfinite(value)) continue;
    steps.push_back(epoch.step);
    values.push_back(value);
  }
  return {{"x", steps}, {"y", values}};
}

Json trial_data(const ReportedSweep& sweep, const ReportedTrial& trial) {
  Json values = Json::array();
  for (const std::string& text : trial.row.parameters) values.push_back(value_json(text));
  const double metric = sweep.metric_of(trial);
  return {{"name", trial.row.trial},
          {"status", trial.row.status},
          {"values", values},
          {"metric", std::isfinite(metric) ? Json(metric) : Json()},
          {"loss_curve", loss_curve_of(trial.state)},
          {"metric_curve", metric_curve_of(sweep, trial.state)}};
}

bool says_log_uniform(const Value* parameters, const std::string& key) {
  const Value* const parameter = parameters == nullptr ? nullptr : parameters->find(key);
  const Value* const kind = parameter == nullptr ? nullptr : parameter->find("distribution");
  return kind != nullptr && kind->text == "log_uniform";
}

// Lists that span magnitudes, such as 0.001, 0.01, 0.1, are read by their ratios, too.
bool spans_magnitudes(const ReportedSweep& sweep, std::size_t column) {
  constexpr double kWide = 20;
  double least = std::numeric_limits<double>::infinity();
  double largest = 0;
  for (const ReportedTrial& trial : sweep.trials) {
    const auto value = parse_real(trial.row.parameters.at(column));
    if (!value || *value <= 0) return false;
    least = std::min(least, *value);
    largest = std::max(largest, *value);
  }
  return largest >= kWide * least;
}

Json parameters_data(const ReportedSweep& sweep, const fs::path& file, ReportPage& page) {
  Value document;
  try {
    document = read_yaml_file(file);
  } catch (const Error& error) {
    page.notes.emplace_back(error.what());
  }
  Json parameters = Json::array();
  for (std::size_t i = 0; i < sweep.index.keys.size(); ++i) {
    const std::string& key = sweep.index.keys[i];
    const bool is_log =
        says_log_uniform(document.find("parameters"), key) || spans_magnitudes(sweep, i);
    parameters.push_back({{"key", key}, {"is_log", is_log}});
  }
  return parameters;
}

Json counts_view(const ReportedSweep& sweep) {
  Json counts = Json::array();
  counts.push_back({{"label", "trials"}, {"text", std::to_string(sweep.trials.size())}});
  for (const char* const status :
       {"done", "pruned", "failed", "running", "stopped", "interrupted", "waiting"}) {
    const auto number =
        std::count_if(sweep.trials.begin(), sweep.trials.end(),
                      [status](const ReportedTrial& trial) { return trial.row.status == status; });
    if (number > 0) counts.push_back({{"label", status}, {"text", std::to_string(number)}});
  }
  return counts;
}

void add_trials(const ReportedSweep& sweep, ReportPage& page) {
  const SweepIndexRow* const best_row = best_of(sweep.index);
  std::optional<std::size_t> best;
  if (best_row != nullptr) best = static_cast<std::size_t>(best_row - sweep.index.rows.data());
  Json rows = Json::array();
  Json trials = Json::array();
  Json failures = Json::array();
  for (std::size_t i = 0; i < sweep.trials.size(); ++i) {
    rows.push_back(trial_view(sweep, i));
    rows.back()["is_best"] = best == i;
    trials.push_back(trial_data(sweep, sweep.trials[i]));
    if (rows.back()["status"] == "failed") failures.push_back(rows.back());
  }
  page.view["best"] = best ? rows[*best] : Json();
  page.view["trials"] = std::move(rows);
  page.view["failures"] = failures;
  page.view["has_failures"] = !failures.empty();
  page.data["trials"] = std::move(trials);
  page.data["best"] = best ? Json(*best) : Json();
}

}  // namespace

bool is_sweep_directory(const fs::path& folder) {
  std::error_code problem;
  return fs::exists(folder / "sweep.yaml", problem);
}

ReportPage sweep_report(const fs::path& sweep, const fs::path& place) {
  const ReportedSweep read = read_sweep(sweep, place);
  const SweepIndex& index = read.index;
  ReportPage page{.body = "sweep.mustache",
                  .scripts = {"d3.min.js", "report.js", "sweep.js"},
                  .view = {},
                  .data = {},
                  .notes = {}};
  page.view = {{"title", index.name},
               {"kind", "Sweep"},
               {"path", sweep.string()},
               {"counts", counts_view(read)},
               {"sweep_again", shell_line({"lockstep", "sweep", (sweep / "sweep.yaml").string(),
                                           "--out", "sweeps/again"})},
               {"report_trials",
                fmt::format("{}/trials/* {}", shell_line({"lockstep", "report", sweep.string()}),
                            shell_line({sweep.string()}))},
               {"keys", index.keys},
               {"metric_name", index.metric},
               {"goal", index.maximize ? "the larger the better" : "the smaller the better"}};
  page.data = {
      {"metric",
       {{"name", index.metric}, {"maximize", index.maximize}, {"is_share", read.is_share()}}},
      {"parameters", parameters_data(read, sweep / "sweep.yaml", page)}};
  add_trials(read, page);
  return page;
}

}  // namespace lockstep

#include "experiments/report/curves.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "experiments/text/figures.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostSteps = 4000;

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

// A step without a finite figure is what a reader looks for first, so it counts as the largest.
bool is_below(double a, double b) {
  return std::isfinite(a) && std::isfinite(b) ? a < b : std::isfinite(a) && !std::isfinite(b);
}

template <class Record>
Json column(const std::vector<Record>& records, double Record::*member) {
  Json values = Json::array();
  for (const Record& record : records) values.push_back(number_or_null(record.*member));
  return values;
}

template <class Record>
Json steps_of(const std::vector<Record>& records) {
  Json values = Json::array();
  for (const Record& record : records) values.push_back(record.step);
  return values;
}

// Everything of a training is drawn over the steps, except its speed.
bool is_drawn(const Column<StepRecord>& figure) {
  return figure.repeats && figure.member != &StepRecord::epoch;
}

Json steps_json(const std::vector<StepRecord>& drawn) {
  Json json = {{"step", steps_of(drawn)}};
  for (const auto& figure : kStepColumns) {
    if (is_drawn(figure)) json[figure.name] = column(drawn, figure.member);
  }
  return json;
}

// The figures of steps, each with a chart of its own. The loss shares its chart with the losses of
// evaluations.
Json charts_json() {
  Json charts = Json::array();
  for (const auto& figure : kStepColumns) {
    if (!is_drawn(figure) || figure.member == &StepRecord::loss) continue;
    const std::string label = spelled_out(figure.name);
    charts.push_back({{"name", figure.name},
                      {"label", label},
                      {"meaning", label == figure.long_name ? "" : figure.long_name}});
  }
  return charts;
}

Json evaluations_json(const std::vector<EpochRecord>& epochs) {
  Json json = {{"step", steps_of(epochs)}};
  for (const auto& figure : kFigureColumns) json[figure.name] = column(epochs, figure.member);
  return json;
}

}  // namespace

std::vector<std::size_t> drawn_steps(std::span<const StepRecord> steps, std::size_t most) {
  if (steps.size() <= most) {
    std::vector<std::size_t> all(steps.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
  }
  constexpr std::array kSpikes = {&StepRecord::loss, &StepRecord::gradient_norm};
  std::set<std::size_t> kept = {0, steps.size() - 1};
  const std::size_t stretches = most / 4;
  for (std::size_t i = 0; i < stretches; ++i) {
    const std::size_t begin = i * steps.size() / stretches;
    const std::size_t end = (i + 1) * steps.size() / stretches;
    const auto stretch = steps.subspan(begin, end - begin);
    for (const auto figure : kSpikes) {
      const auto [least, largest] = std::minmax_element(
          stretch.begin(), stretch.end(), [figure](const StepRecord& a, const StepRecord& b) {
            return is_below(a.*figure, b.*figure);
          });
      kept.insert(begin + static_cast<std::size_t>(least - stretch.begin()));
      kept.insert(begin + static_cast<std::size_t>(largest - stretch.begin()));
    }
  }
  return {kept.begin(), kept.end()};
}

Json curves_json(const MetricsTables& tables) {
  std::vector<StepRecord> drawn;
  for (const std::size_t i : drawn_steps(tables.steps, kMostSteps)) {
    drawn.push_back(tables.steps[i]);
  }
  const double steps_per_epoch = drawn.empty() || drawn.back().epoch <= 0
                                     ? 0
                                     : static_cast<double>(drawn.back().step) / drawn.back().epoch;
  return {{"steps", steps_json(drawn)},
          {"charts", charts_json()},
          {"recorded_steps", tables.steps.size()},
          {"steps_per_epoch", steps_per_epoch},
          {"evaluations", evaluations_json(tables.epochs)}};
}

}  // namespace lockstep

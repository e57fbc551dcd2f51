#include "experiments/compare/report.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "experiments/text/figures.hpp"
#include "experiments/text/report_lines.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kKeyColumns = 24;
constexpr std::size_t kWidth = 80;
constexpr std::size_t kGap = 2;
constexpr std::size_t kFewestValueColumns = 8;

// "A" for the first, "B" for the second.
std::string letter(std::size_t number) {
  constexpr std::size_t kLetters = 26;
  if (number >= kLetters) return fmt::format("#{}", number + 1);
  return std::string(1, static_cast<char>('A' + static_cast<char>(number)));
}

std::string digest_of(const Compared& compared) {
  const std::vector<StepRecord>& steps = compared.tables.steps;
  return steps.empty() || !steps.back().has_digest ? "" : steps.back().digest.hex();
}

double last_figure(const Compared& compared, const Column<EpochRecord>& figure) {
  const std::vector<EpochRecord>& epochs = compared.tables.epochs;
  return epochs.empty() ? kNotMeasured : epochs.back().*figure.member;
}

std::string outcome_of(const Compared& compared) {
  return compared.end ? std::string(to_string(compared.end->outcome)) : "";
}

bool names_element(const TensorDifference& found) { return found.differing > 0; }

// ---- JSON ---------------------------------------------------------------------------------------

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json results_json(const Compared& compared) {
  const std::string digest = digest_of(compared);
  Json json = {{"path", compared.path.string()},
               {"kind", to_string(compared.kind)},
               {"outcome", text_or_null(outcome_of(compared))},
               {"steps", compared.steps()},
               {"digest", text_or_null(digest)}};
  for (const Column<EpochRecord>& column : kFigureColumns) {
    const double value = last_figure(compared, column);
    json[column.name] = std::isnan(value) ? Json() : Json(value);
  }
  return json;
}

Json shape_json(const Shape& shape) {
  const auto extents = shape.extents();
  return std::vector<Index>(extents.begin(), extents.end());
}

Json tensor_json(const TensorDifference& found) {
  Json json = {{"checkpoint_step", found.step},
               {"layer", found.layer},
               {"tensor", found.tensor},
               {"shapes", {shape_json(found.shape), shape_json(found.other)}}};
  if (!names_element(found)) return json;
  json["index"] = index_of(found.shape, found.position);
  json["values"] = {found.a, found.b};
  json["differing"] = found.differing;
  json["elements"] = found.shape.size();
  return json;
}

Json difference_json(const Compared& other, const FirstDifference& found) {
  Json json = {{"with", other.path.string()}};
  const std::optional<StepDifference>& figure = found.step ? found.step : found.number;
  json["step"] = figure ? figure->step : found.tensor->step;
  if (figure) {
    json["figure"] = figure->figure;
    json["figures"] = {figure->a, figure->b};
  }
  if (found.tensor) json.update(tensor_json(*found.tensor));
  return json;
}

Json first_difference_json(const Comparison& comparison) {
  for (std::size_t i = 0; i < comparison.results.size(); ++i) {
    const FirstDifference& found = comparison.results[i];
    if (found.step || found.tensor || found.number)
      return difference_json(comparison.compared[i + 1], found);
  }
  return {};
}

// ---- Text ---------------------------------------------------------------------------------------

std::string row(const std::string& key, const std::vector<std::string>& values) {
  const std::size_t columns =
      std::max(kFewestValueColumns, (kWidth - kKeyColumns) / values.size() - kGap);
  // A longer key has a line of its own.
  const bool fits = key.size() <= kKeyColumns;
  std::string text = fmt::format("{:<{}}", fits ? key : key + "\n", fits ? kKeyColumns : 0);
  if (!fits) text += std::string(kKeyColumns, ' ');
  for (const std::string& value : values) {
    text += fmt::format("  {:<{}}", shortened(value.empty() ? "-" : value, columns), columns);
  }
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

template <class ValueOf>
std::vector<std::string> each(const Comparison& comparison, const ValueOf& value_of) {
  std::vector<std::string> values;
  for (const Compared& compared : comparison.compared) values.push_back(value_of(compared));
  return values;
}

std::vector<std::string> letters(const Comparison& comparison) {
  std::vector<std::string> names;
  while (names.size() < comparison.compared.size()) names.push_back(letter(names.size()));
  return names;
}

void report_configuration(const Console& console, const Comparison& comparison) {
  console.result("");
  if (!comparison.same_configuration()) {
    console.result("configuration: not in all of them, so it is not compared");
    return;
  }
  if (comparison.configuration.empty()) {
    console.result("configuration: the same");
    return;
  }
  console.result(console.bold(row("configuration", letters(comparison))));
  for (const ConfigurationDifference& found : comparison.configuration) {
    // Keys that no result depends on are in brackets.
    console.result(row(found.changes_results ? found.key : "(" + found.key + ")", found.values));
  }
}

void report_results(const Console& console, const Comparison& comparison) {
  console.result("");
  console.result(console.bold(row("results", letters(comparison))));
  console.result(row("outcome", each(comparison, outcome_of)));
  console.result(row("steps", each(comparison, [](const Compared& compared) {
                       return fmt::format("{}", compared.steps());
                     })));
  console.result(row("digest", each(comparison, digest_of)));
  for (const Column<EpochRecord>& column : kFigureColumns) {
    console.result(row(column.name, each(comparison, [&](const Compared& compared) {
                         const double value = last_figure(compared, column);
                         return column.is_share ? percent(value) : figure(value);
                       })));
  }
}

std::string step_sentence(const StepDifference& found) {
  if (found.figure == "steps") return fmt::format("{} steps against {}.", found.a, found.b);
  return fmt::format("step {} is the first that differs: its {} is {} against {}.", found.step,
                     found.figure, found.a, found.b);
}

std::string tensor_sentence(const TensorDifference& found) {
  const std::string where =
      fmt::format("at the checkpoint of step {}, {} {}", found.step, found.layer, found.tensor);
  if (!names_element(found)) {
    return fmt::format("{} has the shape {} against {}.", where, found.shape.to_string(),
                       found.other.to_string());
  }
  return fmt::format("{} [{}] is {} against {}; {} of {} elements differ.", where,
                     fmt::join(index_of(found.shape, found.position), ", "), found.a, found.b,
                     found.differing, found.shape.size());
}

std::string number_sentence(const StepDifference& found) {
  return fmt::format("at the checkpoint of step {}, {} is {} against {}.", found.step, found.figure,
                     found.a, found.b);
}

std::string same_sentence(const FirstDifference& found) {
  if (!found.same()) return "no step is in both, so nothing says that they are the same.";
  return fmt::format("the same weights in all that both have, {} and {}.",
                     count_of(found.steps, "step"), count_of(found.checkpoints, "checkpoint"));
}

void report_difference(const Console& console, const std::string& pair,
                       const FirstDifference& found) {
  std::vector<ReportLine> lines;
  if (found.step) add_wrapped(pair, step_sentence(*found.step), lines);
  if (found.tensor) add_wrapped(pair, tensor_sentence(*found.tensor), lines);
  if (found.number) add_wrapped(pair, number_sentence(*found.number), lines);
  if (lines.empty()) add_wrapped(pair, same_sentence(found), lines);
  for (const ReportLine& line : lines) console.result(line.text);
}

}  // namespace

std::string to_json(const Comparison& comparison) {
  Json configuration = Json::array();
  for (const ConfigurationDifference& found : comparison.configuration) {
    configuration.push_back(
        {{"key", found.key}, {"values", found.values}, {"changes_results", found.changes_results}});
  }
  Json results = Json::array();
  for (const Compared& compared : comparison.compared) results.push_back(results_json(compared));
  const std::optional<bool> same = comparison.same_configuration();
  const Json json = {{"same_configuration", same ? Json(*same) : Json()},
                     {"same_results", comparison.same_results()},
                     {"first_difference", first_difference_json(comparison)},
                     {"configuration", configuration},
                     {"results", results}};
  return json.dump(2);
}

void report_comparison(const Console& console, const Comparison& comparison) {
  for (std::size_t i = 0; i < comparison.compared.size(); ++i) {
    const Compared& compared = comparison.compared[i];
    console.result(fmt::format("{}  {} {}", console.bold(letter(i)), to_string(compared.kind),
                               compared.path.string()));
  }
  report_configuration(console, comparison);
  report_results(console, comparison);
  console.result("");
  for (std::size_t i = 0; i < comparison.results.size(); ++i) {
    report_difference(console, fmt::format("A, {}", letter(i + 1)), comparison.results[i]);
  }
}

}  // namespace lockstep

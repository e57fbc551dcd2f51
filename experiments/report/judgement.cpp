#include "experiments/report/judgement.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/program/experiment_file.hpp"
#include "experiments/report/network.hpp"
#include "experiments/report/pictures.hpp"
#include "experiments/report/samples.hpp"
#include "experiments/results/class_counts.hpp"
#include "experiments/text/figures.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/core/error.hpp"
#include "framework/training/evaluation/evaluator.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostOfCell = 12;
constexpr std::size_t kMostMistakes = 24;
constexpr Index kMostPictureBytes = 700'000;

struct JudgedData {
  std::unique_ptr<const LoadedData> data;
  DataSplits splits;
  std::string name;  ///< of the split

  const ImageSplit& split() const { return splits.test ? *splits.test : *splits.validation; }
};

JudgedData load_judged_data(const CommandContext& context, const SavedNetwork& network) {
  const DataSection section = data_section(network.config);
  const auto load = [&](DataParts parts, Index validation) {
    JudgedData judged;
    judged.data = std::make_unique<const LoadedData>(
        open_dataset({section.source, context.data_places, parts}));
    check_fit(*network.graph, judged.data->any());
    judged.splits = split_data(*judged.data,
                               {.validation = validation, .preprocessing = section.preprocessing});
    judged.name = judged.splits.test ? "test" : "validation";
    return judged;
  };
  // Files that hold both parts, or only the training part, are opened as a whole.
  const bool is_file = !section.source.path.empty();
  JudgedData judged =
      load(is_file ? DataParts::both : DataParts::test, is_file ? section.validation : 0);
  if (judged.splits.test || judged.splits.validation) return judged;
  throw Error(errors::kEmptyPart,
              fmt::format("The data set {} at {} has neither test nor validation "
                          "samples.",
                          judged.data->name, judged.data->origin));
}

// Limits the pictures, so that many or large cells do not make the page heavy.
std::size_t most_of_cell(const JudgedSamples& judged, Index bytes_each) {
  const auto cells = samples_of_cells(judged, 1);
  const auto used = std::count_if(cells.begin(), cells.end(),
                                  [](const std::vector<Index>& cell) { return !cell.empty(); });
  const Index most = kMostPictureBytes / std::max<Index>(1, used * bytes_each);
  return std::clamp<std::size_t>(static_cast<std::size_t>(most), 1, kMostOfCell);
}

Json cells_json(const JudgedSamples& judged, PictureSheet& sheet) {
  Json cells = Json::array();
  for (const auto& samples : samples_of_cells(judged, most_of_cell(judged, sheet.bytes_each()))) {
    Json places = Json::array();
    for (const Index sample : samples) places.push_back(sheet.add(sample));
    cells.push_back(std::move(places));
  }
  return cells;
}

Json probable_classes(const JudgedSamples& judged, Index sample) {
  constexpr std::size_t kShown = 3;
  const std::span<const float> row = judged.of(sample);
  std::vector<std::size_t> order(row.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::stable_sort(order.begin(), order.end(),
                   [row](std::size_t a, std::size_t b) { return row[a] > row[b]; });
  Json classes = Json::array();
  for (std::size_t i = 0; i < std::min(kShown, order.size()); ++i) {
    const auto probability = static_cast<double>(row[order[i]]);
    classes.push_back({{"class", order[i]},
                       {"is_truth", order[i] == judged.truth(sample)},
                       {"cell", number_cell("", row[order[i]], percent(probability))}});
  }
  return classes;
}

Json mistakes_view(const JudgedSamples& judged, PictureSheet& sheet) {
  Json mistakes = Json::array();
  for (const Index sample : worst_mistakes(judged, kMostMistakes)) {
    mistakes.push_back({{"picture", sheet.add(sample)},
                        {"sample", sample},
                        {"truth", judged.truth(sample)},
                        {"guess", judged.guess(sample)},
                        {"classes", probable_classes(judged, sample)}});
  }
  return mistakes;
}

Json samples_json(const JudgedSamples& judged, const PictureSheet& sheet) {
  Json samples = Json::array();
  for (const Index sample : sheet.samples()) {
    const std::span<const float> row = judged.of(sample);
    samples.push_back({{"sample", sample},
                       {"truth", judged.truth(sample)},
                       {"guess", judged.guess(sample)},
                       {"probabilities", std::vector<float>(row.begin(), row.end())}});
  }
  return samples;
}

Json figures_view(const JudgedData& judged, const EvaluationResult& result) {
  return {{"dataset", judged.data->name},
          {"split", judged.name},
          {"samples", number_cell("samples", result.samples, thousands(result.samples))},
          {"correct", number_cell("correct", result.correct, thousands(result.correct))},
          {"wrong", thousands(result.samples - result.correct)},
          {"accuracy", number_cell("accuracy", result.accuracy(), percent(result.accuracy()))},
          {"loss", number_cell("loss", result.loss(), figure(result.loss()))}};
}

void judge(const CommandContext& context, const SavedNetwork& network, ReportPage& page) {
  const JudgedData data = load_judged_data(context, network);
  if (!data.data->warning.empty()) page.notes.push_back(data.data->warning);
  const ImageSplit& split = data.split();
  const ParameterStore& parameters = *network.parameters;
  const WorkerTeam team(context.threads());
  Evaluator evaluator(*network.graph, parameters.layout(), team, *network.loss);
  SoloCommunicator alone;
  const EvaluationResult result = evaluator.evaluate(parameters.values(), split, alone);
  const std::vector<float> probabilities = evaluator.probabilities(parameters.values(), split);
  const JudgedSamples judged{.labels = split.labels(), .probabilities = probabilities};
  PictureSheet sheet(split);
  page.view["judged"] = figures_view(data, result);
  page.view["confusion"] = confusion_view(result.confusion);
  page.view["mistakes"] = mistakes_view(judged, sheet);
  page.data["cells"] = cells_json(judged, sheet);
  const std::vector<Index> shown = first_of_classes(judged, 10);
  Json digits = Json::array();
  for (const Index sample : shown) digits.push_back(sheet.add(sample));
  page.data["digits"] = digits;
  page.data["feature_maps"] = feature_maps_json(*network.graph, parameters, split, shown);
  page.data["samples"] = samples_json(judged, sheet);
  page.data["sheet"] = sheet.to_json();
}

}  // namespace

Json confusion_view(const std::vector<Index>& confusion) {
  const std::vector<ClassCount> counts = class_counts(confusion);
  const std::size_t classes = counts.size();
  Json rows = Json::array();
  Json names = Json::array();
  for (std::size_t truth = 0; truth < classes; ++truth) {
    Json cells = Json::array();
    for (std::size_t guess = 0; guess < classes; ++guess) {
      const Index count = confusion[truth * classes + guess];
      cells.push_back({{"cell", truth * classes + guess},
                       {"count", count},
                       {"guess", guess},
                       {"truth", truth},
                       {"is_right", truth == guess},
                       {"is_empty", count == 0}});
    }
    const double accuracy = counts[truth].accuracy();
    rows.push_back({{"class", truth},
                    {"cells", cells},
                    {"samples", counts[truth].samples},
                    {"accuracy", number_cell(fmt::format("per_class.{}.accuracy", truth), accuracy,
                                             percent(accuracy))}});
    names.push_back(truth);
  }
  return {{"classes", names}, {"rows", rows}};
}

void add_judgement(const CommandContext& context, const SavedNetwork& network, ReportPage& page) {
  try {
    judge(context, network, page);
  } catch (const Error& error) {
    page.notes.push_back(
        fmt::format("Without its data the run is shown as its files record it, with no pictures, "
                    "mistakes or feature maps: {}",
                    error.what()));
  }
}

}  // namespace lockstep

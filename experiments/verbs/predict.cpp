#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "data/images/image_split.hpp"
#include "data/pictures/pictures.hpp"
#include "experiments/program/command.hpp"
#include "experiments/program/experiment_file.hpp"
#include "experiments/program/launch.hpp"
#include "experiments/workbench/saved_network.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/core/error.hpp"
#include "framework/training/diagnosis/numeric_failure.hpp"
#include "framework/training/evaluation/evaluator.hpp"
#include "framework/training/evaluation/predictor.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

Shape picture_shape(const Graph& graph) {
  if (graph.input_shape().rank() == 3) return graph.input_shape();
  throw Error(errors::kPictureShape,
              fmt::format("The model '{}' takes {} numbers, not (channels, rows, columns), so "
                          "pictures cannot be fitted to it.",
                          graph.name(), graph.input_shape().to_string()));
}

// Without the augmentation, but with the normalisation.
Preprocessing for_prediction(const ExperimentConfig& config) {
  Preprocessing preprocessing = data_section(config).preprocessing;
  preprocessing.augment = Value::mapping();
  return preprocessing;
}

// (samples, classes)
std::vector<float> probabilities_of(const Dataset& pictures, const SavedNetwork& network,
                                    int threads) {
  const ParameterStore& parameters = *network.parameters;
  if (pictures.size() == 1) {
    Predictor predictor(*network.graph, parameters.layout(), parameters.values(), *network.loss);
    const std::span<const float> row = predictor.probabilities(pictures, 0);
    return {row.begin(), row.end()};
  }
  const WorkerTeam team(threads);
  Evaluator evaluator(*network.graph, parameters.layout(), team, *network.loss);
  return evaluator.probabilities(parameters.values(), pictures);
}

class PredictCommand final : public Command {
 public:
  std::string_view name() const override { return "predict"; }
  std::string_view summary() const override {
    return "Class and probabilities for pictures (PNG, JPEG, PGM) or an IDX file";
  }
  int place() const override { return 21; }
  std::vector<std::string_view> examples() const override {
    return {"predict runs/quickstart digits/seven.png digits/three.png",
            "predict runs/quickstart scan.jpg --invert --json"};
  }
  std::vector<std::string_view> refused() const override {
    return {"predict run", "predict run a.png --inverted"};
  }
  std::string_view notes() const override {
    return "Networks trained on MNIST expect light digits on black: use --invert for dark ink on "
           "white paper. Pictures of another size are scaled and centred. Of a RUN the latest "
           "checkpoint is used.";
  }
  void add_options(OptionList& list) override {
    list.argument("CHECKPOINT|RUN", file_, "A checkpoint file or a run's folder");
    list.arguments("IMAGE", images_, "Picture files, or IDX files of images, raw or gzipped");
    list.flag("--invert", invert_, "The pictures are dark on white");
  }

  // Everything is computed on rank 0: there is too little work to share.
  int run(const CommandContext& context) override {
    SavedNetwork network;
    Pictures pictures;
    fail_together(context.communicator(), [&] {
      if (!context.is_root()) return;
      network = load_saved_network(file_, {});
      pictures = read_pictures({.files = {images_.begin(), images_.end()},
                                .shape = picture_shape(*network.graph),
                                .invert = invert_});
    });
    if (!context.is_root()) return 0;
    tell_about(network, context.console);
    warn_about_launch(context);
    const ImageSplit split(pictures.images, {.first = 0, .count = pictures.images.size()},
                           for_prediction(network.config));
    const std::vector<float> probabilities = probabilities_of(split, network, context.threads());
    require_finite(network, split, pictures.names, probabilities);
    report(context.console, pictures.names, probabilities);
    return 0;
  }

 private:
  std::string file_;
  std::vector<std::string> images_;
  bool invert_ = false;

  static void require_finite(const SavedNetwork& network, const Dataset& pictures,
                             const std::vector<std::string>& names,
                             const std::vector<float>& probabilities) {
    const auto bad =
        std::ranges::find_if(probabilities, [](float value) { return !std::isfinite(value); });
    if (bad == probabilities.end()) return;
    const std::size_t classes = probabilities.size() / names.size();
    const auto picture = static_cast<std::size_t>(bad - probabilities.begin()) / classes;
    const std::string where = first_output_not_finite(*network.graph, network.parameters->values(),
                                                      pictures, *network.loss);
    throw Error(
        errors::kNotFinite,
        fmt::format("{} gives numbers that are not finite for {}{}{}, so there is no "
                    "prediction: its weights are too large or damaged; take an earlier "
                    "checkpoint, or look at it with 'lockstep inspect'.",
                    network.path.string(), names[picture], where.empty() ? "" : ", ", where));
  }

  static void report(const Console& console, const std::vector<std::string>& names,
                     const std::vector<float>& probabilities) {
    const std::size_t classes = probabilities.size() / std::max<std::size_t>(names.size(), 1);
    std::size_t widest = 5;
    for (const std::string& name : names) widest = std::max(widest, name.size());
    Json predictions = Json::array();
    console.result(fmt::format("{:<{}}  class  probability", "image", widest));
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto row = std::span(probabilities).subspan(i * classes, classes);
      const auto best =
          static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
      if (console.json()) {
        predictions.push_back({{"image", names[i]},
                               {"class", best},
                               {"probabilities", std::vector<float>(row.begin(), row.end())}});
      }
      console.result(fmt::format("{:<{}}  {:>5}  {:>9.2f} %", names[i], widest, best,
                                 100 * static_cast<double>(row[best])));
    }
    console.json_object(Json{{"predictions", predictions}}.dump(2));
  }
};

}  // namespace

Verb predict_verb() { return std::make_unique<PredictCommand>(); }

}  // namespace lockstep

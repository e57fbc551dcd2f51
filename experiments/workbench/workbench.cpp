#include "experiments/workbench/workbench.hpp"

#include <fmt/format.h>

#include "experiments/program/agreement.hpp"
#include "experiments/program/experiment_file.hpp"
#include "experiments/workbench/host_data.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

// Runs something that may find a mistake in a setting, and adds where that setting was written.
template <class Body>
auto with_place(const ExperimentConfig& config, const Body& body) {
  try {
    return body();
  } catch (const SettingError& error) {
    throw Error(error.code(), place_of(config, error.key()) + error.what());
  }
}

DataSplits splits_of(const ExperimentConfig& config, const Graph& graph, const LoadedData& data) {
  const DataSection section = data_section(config);
  return with_place(config, [&] {
    check_fit(graph, data.any());
    return split_data(data,
                      {.validation = section.validation, .preprocessing = section.preprocessing});
  });
}

void require_training(const Graph& graph, const LoadedData& data, const DataSplits& splits) {
  if (graph.parameter_count() == 0) {
    throw Error(errors::kNothingToTrain,
                fmt::format("The model '{}' has no trainable parameters, so there is nothing to "
                            "train; add a conv2d or dense layer.",
                            graph.name()));
  }
  if (!splits.train) {
    throw Error(errors::kEmptyPart, fmt::format("The data set {} at {} has no training samples.",
                                                data.name, data.origin));
  }
}

}  // namespace

TrainingSets training_sets(const DataSplits& splits) {
  const auto held_out = [](const std::optional<ImageSplit>& split) -> const Dataset* {
    return split ? &*split : nullptr;
  };
  return {.training = *splits.train,
          .validation = held_out(splits.validation),
          .test = held_out(splits.test)};
}

std::unique_ptr<const Graph> build_graph(const Value& model) {
  return std::make_unique<const Graph>(parse_graph_spec(model));
}

void check_fit(const Graph& graph, const ImageSet& images) {
  const bool same_input = graph.input_shape() == images.sample_shape() ||
                          (graph.input_shape().rank() == 1 &&
                           graph.input_shape().size() == images.sample_shape().size());
  if (!same_input) {
    throw SettingError(
        errors::kModelAndData, "model.input.shape",
        fmt::format("The model '{}' takes inputs of {}, but the images of {} are {} "
                    "(channels x rows x columns); change the model's input.shape or take "
                    "another data set.",
                    graph.name(), graph.input_shape().to_string(), images.name(),
                    images.sample_shape().to_string()));
  }
  const std::string last_layer = fmt::format("model.layers.{}.units", graph.nodes().back().name);
  if (graph.output_shape().rank() != 1) {
    throw SettingError(
        errors::kModelAndData, last_layer,
        fmt::format("The model '{}' ends in an output of {}, but a classifier's output is one "
                    "number per class; add a flatten layer and a dense layer with {} units.",
                    graph.name(), graph.output_shape().to_string(), images.classes()));
  }
  if (graph.output_shape().size() < images.classes()) {
    throw SettingError(
        errors::kModelAndData, last_layer,
        fmt::format("The model '{}' has {} outputs, but the labels of {} have {} classes; "
                    "give the last layer {} units.",
                    graph.name(), graph.output_shape().size(), images.name(), images.classes(),
                    images.classes()));
  }
}

Workbench load_data(const CommandContext& context, const ExperimentConfig& config,
                    const Graph& graph, DataParts parts) {
  const DataRequest request{data_section(config).source, context.data_places, parts};
  HostData loaded = load_once_a_host(
      context.communicator(), {.sharers = sharers_of(context, request), .open = [&] {
                                 return with_place(config, [&] { return open_dataset(request); });
                               }});
  if (!loaded.warning.empty()) context.console.warning(loaded.warning);
  Workbench bench{.memory = std::move(loaded.memory), .data = std::move(loaded.data), .splits = {}};
  fail_together(context.communicator(),
                [&] { bench.splits = splits_of(config, graph, *bench.data); });
  return bench;
}

Workbench load_training_data(const CommandContext& context, const ExperimentConfig& config,
                             const Graph& graph, DataParts parts) {
  Workbench bench = load_data(context, config, graph, parts);
  fail_together(context.communicator(),
                [&] { require_training(graph, *bench.data, bench.splits); });
  return bench;
}

DataSplits training_splits(const ExperimentConfig& config, const Graph& graph,
                           const LoadedData& data) {
  DataSplits splits = splits_of(config, graph, data);
  require_training(graph, data, splits);
  return splits;
}

}  // namespace lockstep

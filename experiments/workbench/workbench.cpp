#include "experiments/workbench/workbench.hpp"

#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/workbench/host_data.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

// Runs what may find a setting wrong, and says where that was written.
template <class Body>
auto with_place(const ExperimentConfig& config, const Body& body) {
  try {
    return body();
  } catch (const SettingError& error) {
    throw Error(error.kind(), place_of(config, error.key()) + error.what());
  }
}

DataSplits splits_of(const ExperimentConfig& config, const Graph& graph, const LoadedData& data) {
  return with_place(config, [&] {
    check_fit(graph, data.any());
    return split_data(data, {.validation = config.data.validation,
                             .preprocessing = preprocessing_of(config.data)});
  });
}

void require_training(const Graph& graph, const LoadedData& data, const DataSplits& splits) {
  if (graph.parameter_count() == 0) {
    throw Error(ErrorKind::usage,
                fmt::format("The model '{}' has no trainable parameters, so there is nothing to "
                            "train; add a conv2d or dense layer.",
                            graph.name()));
  }
  if (!splits.train) {
    throw Error(ErrorKind::data, fmt::format("The data set {} at {} has no training samples.",
                                             data.name, data.origin));
  }
}

}  // namespace

std::string sharers_of(const CommandContext& context, const DataRequest& request) {
  const auto place = [](const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::absolute(path, ignored).string();
  };
  const DataPlaces& places = request.places;
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{} {} {} {} {}", context.session.host_name(),
                     HostMemory::reach(), fmt::join(request.names, " "), place(request.path),
                     fmt::join({place(places.chosen), place(places.source), place(places.installed),
                                place(places.packages)},
                               "\n"),
                     static_cast<int>(request.parts), request.synthetic_train,
                     request.synthetic_test, request.synthetic_channels, request.synthetic_side);
}

std::unique_ptr<const Graph> build_graph(const Value& model) {
  return std::make_unique<const Graph>(parse_graph_spec(model));
}

DataRequest data_request(const ExperimentConfig& config, DataParts parts,
                         const DataPlaces& places) {
  return {.names = config.data.datasets,
          .path = config.data.path,
          .places = places,
          .parts = parts,
          .synthetic_train = config.data.synthetic.train,
          .synthetic_test = config.data.synthetic.test,
          .synthetic_channels = config.data.synthetic.channels,
          .synthetic_side = config.data.synthetic.side};
}

Preprocessing preprocessing_of(const DataConfig& data) {
  return {.mean = data.normalize.mean,
          .standard_deviation = data.normalize.std,
          .shift = data.augment.shift};
}

void check_fit(const Graph& graph, const ImageSet& images) {
  const bool same_input = graph.input_shape() == images.sample_shape() ||
                          (graph.input_shape().rank() == 1 &&
                           graph.input_shape().size() == images.sample_shape().size());
  if (!same_input) {
    throw SettingError(
        ErrorKind::usage, "model.input.shape",
        fmt::format("The model '{}' takes inputs of {}, but the images of {} are {} "
                    "(channels x rows x columns); change the model's input.shape or take "
                    "another data set.",
                    graph.name(), graph.input_shape().to_string(), images.name(),
                    images.sample_shape().to_string()));
  }
  const std::string last_layer = fmt::format("model.layers.{}.units", graph.nodes().back().name);
  if (graph.output_shape().rank() != 1) {
    throw SettingError(
        ErrorKind::usage, last_layer,
        fmt::format("The model '{}' ends in an output of {}, but a classifier's output is "
                    "one number a class; add a flatten layer and a dense layer with {} "
                    "units.",
                    graph.name(), graph.output_shape().to_string(), images.classes()));
  }
  if (graph.output_shape().size() < images.classes()) {
    throw SettingError(
        ErrorKind::usage, last_layer,
        fmt::format("The model '{}' has {} outputs, but the labels of {} have {} classes; "
                    "give the last layer {} units.",
                    graph.name(), graph.output_shape().size(), images.name(), images.classes(),
                    images.classes()));
  }
}

Workbench load_data(const CommandContext& context, const ExperimentConfig& config,
                    const Graph& graph, DataParts parts) {
  const DataRequest request = data_request(config, parts, context.data_places);
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

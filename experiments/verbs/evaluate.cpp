#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/program/agreement.hpp"
#include "experiments/program/command.hpp"
#include "experiments/program/experiment_file.hpp"
#include "experiments/program/launch.hpp"
#include "experiments/program/progress.hpp"
#include "experiments/results/class_counts.hpp"
#include "experiments/text/clock.hpp"
#include "experiments/text/figures.hpp"
#include "experiments/workbench/saved_network.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/config/overrides.hpp"
#include "framework/config/yaml_writer.hpp"
#include "framework/core/error.hpp"
#include "framework/training/diagnosis/numeric_failure.hpp"
#include "framework/training/evaluation/evaluator.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

// The data set that a network was trained on; "" for weights from elsewhere.
std::string data_of(const Checkpoint& checkpoint) {
  for (const auto& [key, value] : checkpoint.provenance.entries) {
    if (key == "data") return to_text(value);
  }
  return "";
}

class EvaluateCommand final : public Command {
 public:
  std::string_view name() const override { return "evaluate"; }
  std::string_view summary() const override {
    return "Exact loss, accuracy and per-class counts of saved weights";
  }
  int place() const override { return 20; }
  std::vector<std::string_view> examples() const override {
    return {"evaluate runs/quickstart", "evaluate runs/quickstart --split train --json"};
  }
  std::vector<std::string_view> refused() const override {
    return {"evaluate", "evaluate run --split tests"};
  }
  std::string_view notes() const override {
    return "Of a RUN the latest checkpoint is used. The loss is the experiment's, with its "
           "settings. A file with only /model and /parameters is fine: pixels are then scaled to "
           "0..1 and not normalised, unless data.normalize.mean=... and .std=... say so.";
  }
  void add_options(OptionList& list) override {
    list.argument("CHECKPOINT|RUN", file_, "A checkpoint file or a run's folder");
    list.overrides(overrides_,
                   "key.path=value of the experiment, such as data.normalize.mean=0.1307");
    list.choice({"--split", "SPLIT"}, {"train", "validation", "test"}, split_,
                "train, validation or test (default)");
    list.text({"--data", "NAME_OR_DIR"}, data_,
              "Another data set than trained on: a name, a folder, or an HDF5 file");
  }

  int run(const CommandContext& context) override {
    SavedNetwork network;
    std::string trained_on;
    fail_together(context.communicator(), [&] {
      network = load_saved_network(file_, overrides_);
      trained_on = choose_data(network);
    });
    const Workbench bench = load_data_of(context, network, trained_on);
    const Dataset* split = nullptr;
    fail_together(context.communicator(), [&] { split = &chosen_split(bench); });
    check_same_program(context);
    require_agreement(
        context.communicator(),
        {.what = "network",
         .mine = network.parameters->digest().hex() + "\n" + write_yaml(to_value(network.config)),
         .code = errors::kRanksHaveOtherData,
         .advice = "give all ranks the same file and overrides."});
    check_same_data(context, *bench.data);
    tell_about(network, context.console);
    if (!bench.data->warning.empty()) context.console.warning(bench.data->warning);
    tell_launch(context);
    const WorkerTeam team(context.threads());
    Evaluator evaluator(*network.graph, network.parameters->layout(), team, *network.loss);
    const ProgressMode mode =
        context.options.quiet ? ProgressMode::none : progress_mode("auto", context.console);
    Progress progress(context.console, {.mode = mode, .clock = seconds_now});
    evaluator.set_watcher([&](Index samples, Index of) { progress.on_evaluating(samples, of); });
    const EvaluationResult result =
        evaluator.evaluate(network.parameters->values(), *split, context.communicator());
    require_finite(network, *split, result);
    report(context.console, network, *bench.data, result);
    return 0;
  }

 private:
  std::string file_;
  std::vector<std::string> overrides_;
  std::string split_ = "test";
  std::string data_;

  /// @return the data set that the network was trained on, if it is to be used; else ""
  std::string choose_data(SavedNetwork& network) const {
    const std::string trained_on = names_other_data() ? "" : data_of(network.checkpoint);
    Value& data = network.config.data;
    if (!trained_on.empty()) data.set("dataset", Value::string(trained_on));
    if (!data_.empty()) {
      const DataSource source = data_source_for(data_);
      data.set("dataset", Value::string(source.names.front()));
      data.set("path", Value::string(source.path.string()));
      network.config.source = {};  // mistakes in the data were not written there
    }
    if (split_ == "test") data.set("validation", Value::integer(0));
    network.config = complete(std::move(network.config));
    return trained_on;
  }

  Workbench load_data_of(const CommandContext& context, const SavedNetwork& network,
                         const std::string& trained_on) const {
    try {
      return load_data(context, network.config, *network.graph, wanted_parts(trained_on));
    } catch (const Error& error) {
      if (trained_on.empty() || error.kind() != ErrorKind::data) throw;
      throw CollectiveError(  // like the one caught, on every rank
          error.code(),
          fmt::format("{} was trained on the data set {}, which cannot be loaded: {} Or name "
                      "another with --data.",
                      network.path.string(), trained_on, error.what()));
    }
  }

  // Whether the user chooses other data than those the network was trained on.
  bool names_other_data() const {
    const auto names_data = [](const std::string& text) {
      const std::string key = parse_override(text).key();
      return key == "data" || key == "data.dataset" || key == "data.path";
    };
    return !data_.empty() || std::any_of(overrides_.begin(), overrides_.end(), names_data);
  }

  // A file with only one part may be evaluated on as it is, but it is no test set for a network
  // that was trained on it. If both parts are wanted, it counts as the training part.
  DataParts wanted_parts(const std::string& trained_on) const {
    if (split_ != "test") return DataParts::training;
    return serves_alone(trained_on) ? DataParts::both : DataParts::test;
  }

  const Dataset& chosen_split(const Workbench& bench) const {
    const std::optional<ImageSplit>& split = split_ == "train"        ? bench.splits.train
                                             : split_ == "validation" ? bench.splits.validation
                                                                      : bench.splits.test;
    if (!split) {
      throw Error(errors::kEmptyPart,
                  fmt::format("The data set {} has no {} split here; choose another with --split.",
                              bench.data->name, split_));
    }
    return *split;
  }

  // Every rank finds the same.
  void require_finite(const SavedNetwork& network, const Dataset& split,
                      const EvaluationResult& result) const {
    if (std::isfinite(result.loss())) return;
    const std::string where =
        first_output_not_finite(*network.graph, network.parameters->values(), split, *network.loss);
    throw CollectiveError(
        errors::kNotFinite,
        fmt::format("{} gives numbers that are not finite on the {} split{}{}, so there is no "
                    "result: its weights, or the data, are too large or damaged; take an earlier "
                    "checkpoint, or look at both with 'lockstep inspect' and 'lockstep check'.",
                    network.path.string(), split_, where.empty() ? "" : ", ", where));
  }

  void report(const Console& console, const SavedNetwork& network, const LoadedData& data,
              const EvaluationResult& result) const {
    const std::vector<ClassCount> counts = class_counts(result.confusion);
    if (console.json()) {
      console.json_object(to_json(network, data, result, counts).dump(2));
      return;
    }
    console.result(fmt::format("{} on {} {} ({} samples)", network.path.string(), data.name, split_,
                               result.samples));
    console.result(fmt::format("accuracy {}  ({} of {} correct)",
                               console.bold(percent(result.accuracy())), result.correct,
                               result.samples));
    console.result(fmt::format("loss     {:.6f}", result.loss()));
    console.result("class  samples  correct  accuracy");
    for (std::size_t k = 0; k < counts.size(); ++k) {
      if (counts[k].samples == 0) continue;
      console.result(fmt::format("{:>5}  {:>7}  {:>7}  {:>9}", k, counts[k].samples,
                                 counts[k].correct, percent(counts[k].accuracy())));
    }
  }

  Json to_json(const SavedNetwork& network, const LoadedData& data, const EvaluationResult& result,
               const std::vector<ClassCount>& counts) const {
    return {{"checkpoint", network.path.string()},
            {"verified", network.verified},
            {"dataset", data.name},
            {"split", split_},
            {"samples", result.samples},
            {"correct", result.correct},
            {"accuracy", result.accuracy()},
            {"loss", result.loss()},
            {"digest", network.parameters->digest().hex()},
            {"per_class", per_class_json(counts)}};
  }
};

}  // namespace

Verb evaluate_verb() { return std::make_unique<EvaluateCommand>(); }

}  // namespace lockstep

#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/program/command.hpp"
#include "experiments/program/experiment_file.hpp"
#include "experiments/program/run_requests.hpp"
#include "experiments/run/training_run.hpp"
#include "experiments/text/clock.hpp"
#include "experiments/text/value_json.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/config/yaml_writer.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

constexpr int kMostSteps = std::numeric_limits<int>::max();

class TrainCommand final : public Command {
 public:
  std::string_view name() const override { return "train"; }
  std::string_view summary() const override {
    return "Train the network of an experiment file and record the run";
  }
  int place() const override { return 10; }
  std::vector<std::string_view> examples() const override {
    return {"train experiments/lenet5_mnist.yaml seed=2 train.epochs=3",
            "train experiments/quickstart.yaml --out runs/quickstart --resume"};
  }
  std::vector<std::string_view> refused() const override {
    return {"train", "train a.yaml --out", "train a.yaml --resum"};
  }
  std::string_view notes() const override {
    return "Overrides come after the file: train.epochs=2 learning_rate.peak=0.01 "
           "model.layers.c1.filters=8. Start it under mpirun for several ranks: the result has the "
           "same bits. SIGUSR1, SIGTERM and Ctrl-C save a checkpoint and stop with 75, for "
           "--resume to go on from; SIGUSR2 saves one and goes on.";
  }
  void add_options(OptionList& list) override {
    list.argument("EXPERIMENT", options_.experiment, "Experiment file (YAML)");
    list.overrides(options_.overrides, "key.path=value");
    list.text({"--out", "DIR"}, options_.out,
              "Folder of the run (default: runs/NAME, NAME-2, ...)");
    list.flag(
        "--resume", options_.resume,
        "Go on with the run in --out (default: the newest of runs/NAME, NAME-2, ...) from its "
        "newest checkpoint");
    list.flag("--overwrite", options_.overwrite,
              "Replace the run in --out (the same default as --resume)");
    list.flag("--dry-run", options_.dry_run,
              "Check everything, data and folder included; train and write nothing");
    list.flag("--print-config", options_.print_config,
              "Print the experiment with all defaults and overrides, and stop");
    list.count({"--until", "STEP"}, kMostSteps, options_.until,
               "Evaluate, save a checkpoint and stop after this step, with exit code 75");
    list.choice({"--progress", "MODE"}, {"auto", "bar", "lines", "none"}, options_.progress,
                "auto, bar, lines or none");
  }

  int run(const CommandContext& context) override {
    if (options_.resume && options_.overwrite) {  // on every rank: they were given the same options
      throw CollectiveError(errors::kOptionsExclude,
                            "--resume goes on with the run in the folder and --overwrite removes "
                            "it: give one of them.");
    }
    RunRequests requests(seconds_now, context.session.heartbeat());
    if (!options_.print_config) return train_experiment(context, options_, requests);
    fail_together(context.communicator(), [&] {
      print_config(context.console, read_experiment(options_.experiment, options_.overrides));
    });
    return 0;
  }

 private:
  TrainOptions options_;

  static void print_config(const Console& console, ExperimentConfig config) {
    config.model = to_value(*build_graph(config.model));
    const Value document = to_value(config);
    if (console.json()) return console.json_object(to_json(document).dump(2));
    std::string text = write_yaml(document);
    text.pop_back();  // a result brings its own line feed
    console.result(text);
  }
};

}  // namespace

Verb train_verb() { return std::make_unique<TrainCommand>(); }

}  // namespace lockstep

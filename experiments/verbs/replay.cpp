#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/compare/first_difference.hpp"
#include "experiments/program/agreement.hpp"
#include "experiments/program/command.hpp"
#include "experiments/program/launch.hpp"
#include "experiments/program/progress.hpp"
#include "experiments/results/run_summary.hpp"
#include "experiments/results/stored_experiment.hpp"
#include "experiments/run/resume.hpp"
#include "experiments/text/clock.hpp"
#include "experiments/text/figures.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/config/experiment_training.hpp"
#include "framework/config/yaml_writer.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/checkpoint/training_state.hpp"
#include "framework/storage/run/run_directory.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

// The steps in order, from journal and snapshot.
std::vector<StepRecord> recorded_steps(const Console& console, const std::filesystem::path& run) {
  RecordedMetrics recorded = metrics_of_run(run);
  warn_about(console, recorded.problems);
  if (recorded.tables.steps.empty()) {
    throw Error(errors::kNothingRecorded,
                fmt::format("The run {} has recorded no step in metrics.jsonl or metrics.h5, so "
                            "there is nothing to compare with.",
                            run.string()));
  }
  return std::move(recorded.tables.steps);
}

class ReplayCommand final : public Command {
 public:
  std::string_view name() const override { return "replay"; }
  std::string_view summary() const override {
    return "Train a recorded run, or a stretch of it, again and compare every step's bits";
  }
  int place() const override { return 33; }
  std::vector<std::string_view> examples() const override {
    return {"replay runs/quickstart", "replay runs/quickstart --from 400 --to 500 --threads 1"};
  }
  std::vector<std::string_view> refused() const override {
    return {"replay", "replay run --from -1"};
  }
  std::string_view notes() const override {
    return "Ranks and threads need not be those of the run. Training starts at the newest "
           "checkpoint at or before --from, or at the beginning if there is none. It ends at the "
           "first difference and changes nothing in the run's folder. Exit code 0: the same bits; "
           "1: a difference.";
  }
  void add_options(OptionList& list) override {
    list.argument("RUN", run_, "A run's folder");
    list.count({"--from", "STEP"}, kMostSteps, from_,
               "Compare the steps after this one (default: from the first on)");
    list.count({"--to", "STEP"}, kMostSteps, to_,
               "Compare up to this step (default: the last recorded one)");
  }

  int run(const CommandContext& context) override {
    Replay replay;
    fail_together(context.communicator(), [&] { read_experiment(replay); });
    replay.bench = load_training_data(context, replay.config, *replay.graph, DataParts::training);
    fail_together(context.communicator(), [&] { prepare(context, replay); });
    check_same_program(context);
    require_agreement(context.communicator(), {.what = "run",
                                               .mine = write_yaml(to_value(replay.config)),
                                               .code = errors::kRanksHaveOtherData,
                                               .advice = "give all ranks the same run."});
    check_same_data(context, *replay.bench.data);
    share(context.communicator(), replay);
    check_same_start(context.communicator(), replay.setup->parameters.digest());
    tell(context, replay);
    const std::optional<StepDifference> found = train(context, replay);
    report(context, replay, found);
    return agree(context.communicator(), found.has_value()) ? 1 : 0;
  }

 private:
  static constexpr int kMostSteps = 2'000'000'000;

  std::string run_;
  int from_ = 0;
  int to_ = 0;

  // What is trained again. Only that of rank 0 has the records.
  struct Replay {
    ExperimentConfig config;
    std::unique_ptr<const Graph> graph;
    Workbench bench;
    std::optional<TrainingSetup> setup;
    std::vector<StepRecord> recorded;
    Index last = 0;
    Index start = 0;
    Index compared = 0;
    Digest digest{};
  };

  void read_experiment(Replay& replay) const {
    if (!is_run_directory(run_)) {
      throw Error(errors::kNoRun,
                  fmt::format("{} is not a run's folder: it has no resolved.yaml; give the folder "
                              "that train has recorded into.",
                              run_));
    }
    replay.config = read_resolved_experiment(run_);
    replay.graph = build_graph(replay.config.model);
  }

  void prepare(const CommandContext& context, Replay& replay) const {
    replay.setup.emplace(
        training_of(replay.config, *replay.graph, {.training = *replay.bench.splits.train}));
    if (!context.is_root()) return;
    replay.recorded = recorded_steps(context.console, run_);
    choose_stretch(replay);
    go_to_start(context, replay);
  }

  void choose_stretch(Replay& replay) const {
    const Index recorded = replay.recorded.back().step;
    replay.last = to_ > 0 ? to_ : recorded;
    if (replay.last > recorded) {
      throw Error(
          errors::kOptionValue,
          fmt::format("--to {} lies beyond the run's last recorded step, {}; ask for at most that.",
                      to_, recorded));
    }
    if (from_ >= replay.last) {
      throw Error(errors::kOptionValue,
                  fmt::format("--from {} leaves no step to compare before step {}; ask for less.",
                              from_, replay.last));
    }
  }

  void go_to_start(const CommandContext& context, Replay& replay) const {
    const RunCheckpoints checkpoints(run_);
    const std::vector<Index> steps = checkpoints.steps();
    if (steps.empty() || steps.front() > from_) return;
    const auto too_late = [&](const FoundCheckpoint& found) -> std::optional<std::string> {
      if (found.checkpoint.state->progress.step > from_) return "it is later than --from";
      return why_of_another_run(found, replay.config);
    };
    const auto found = checkpoints.newest_good(too_late);
    if (!found) return;
    const LoadedData& data = *replay.bench.data;
    TrainingSetup& setup = *replay.setup;
    setup.progress =
        resume_training(*found, {.digest = data.train.digest(), .origin = data.origin},
                        {.parameters = setup.parameters, .optimizer = *setup.optimizer});
    context.console.remark(fmt::format("starting from {}", found->path.string()));
  }

  static void share(Communicator& communicator, Replay& replay) {
    TrainingSetup& setup = *replay.setup;
    share_state(communicator, setup.parameters, *setup.optimizer, setup.progress);
    broadcast_value(communicator, replay.last, 0);
    replay.start = setup.progress.step;
  }

  static void tell(const CommandContext& context, const Replay& replay) {
    context.console.remark(
        fmt::format("training steps {} to {} again", replay.start + 1, replay.last));
    tell_launch(context);
  }

  // Puts rank 0's answer on every rank.
  static bool agree(Communicator& communicator, bool answer) {
    broadcast_value(communicator, answer, 0);
    return answer;
  }

  std::optional<StepDifference> train(const CommandContext& context, Replay& replay) const {
    constexpr Index kAgreeEverySteps = 32;
    const WorkerTeam team(context.threads());
    Trainer trainer(*replay.setup, {.team = team,
                                    .communicator = context.communicator(),
                                    .clock = seconds_now,
                                    .heartbeat = &context.session.heartbeat()});
    context.session.set_deadline(replay.config.train.step_deadline);
    Progress progress(context.console, progress_setup(context, replay, trainer));
    std::optional<StepDifference> found;
    while (trainer.progress().step < replay.last) {
      const StepRecord record = trainer.train_step();
      if (context.is_root() && !found) found = compare(replay, record);
      progress.on_step(record);
      const bool asks = record.step % kAgreeEverySteps == 0;
      if (asks && agree(context.communicator(), found.has_value())) break;
    }
    progress.finish();
    replay.digest = trainer.weights_digest();
    return found;
  }

  static Progress::Setup progress_setup(const CommandContext& context, const Replay& replay,
                                        const Trainer& trainer) {
    return {
        .mode = context.options.quiet ? ProgressMode::none : progress_mode("auto", context.console),
        .total_steps = replay.last,
        .total_epochs =
            static_cast<double>(replay.last) / static_cast<double>(trainer.steps_per_epoch()),
        .clock = seconds_now};
  }

  std::optional<StepDifference> compare(Replay& replay, const StepRecord& record) const {
    if (record.step <= from_) return {};
    const auto recorded =
        std::lower_bound(replay.recorded.begin(), replay.recorded.end(), record.step,
                         [](const StepRecord& of, Index step) { return of.step < step; });
    if (recorded == replay.recorded.end() || recorded->step != record.step) return {};
    ++replay.compared;
    return step_difference(*recorded, record);
  }

  void report(const CommandContext& context, const Replay& replay,
              const std::optional<StepDifference>& found) const {
    if (context.console.json()) {
      Json first;
      if (found) {
        first = {{"step", found->step},
                 {"figure", found->figure},
                 {"recorded", found->a},
                 {"replayed", found->b}};
      }
      context.console.json_object(Json{
          {"same", !found.has_value()},
          {"first_difference", first},
          {"steps", replay.compared},
          {"from", from_},
          {"to", replay.last},
          {"digest", replay.digest.hex()},
          {"ranks", context.session.size()},
          {"threads",
           context.threads()}}.dump(2));
      return;
    }
    context.console.result(
        found ? fmt::format("step {} differs: its {} was recorded as {}, and is {} now",
                            found->step, found->figure, found->a, found->b)
              : fmt::format("the same bits: {} compared, up to step {} with digest {}",
                            count_of(replay.compared, "step"), replay.last, replay.digest.hex()));
  }
};

}  // namespace

Verb replay_verb() { return std::make_unique<ReplayCommand>(); }

}  // namespace lockstep

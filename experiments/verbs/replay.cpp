#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/program/command.hpp"
#include "experiments/program/launch.hpp"
#include "experiments/program/progress.hpp"
#include "experiments/results/stored_experiment.hpp"
#include "experiments/run/resume.hpp"
#include "experiments/text/clock.hpp"
#include "experiments/text/figures.hpp"
#include "experiments/workbench/agreement.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/config/trainer_settings.hpp"
#include "framework/config/yaml_writer.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/checkpoint/training_state.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/storage/metrics/metrics_journal.hpp"
#include "framework/storage/run/run_directory.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

// A figure of one step that is not what the run has recorded.
struct Difference {
  Index step;
  std::string figure;
  std::string recorded;
  std::string replayed;
};

std::optional<Difference> difference(const StepRecord& recorded, const StepRecord& replayed) {
  const auto compare = [&](const char* figure, double before,
                           double now) -> std::optional<Difference> {
    if (before == now) return {};
    return Difference{recorded.step, figure, fmt::format("{}", before), fmt::format("{}", now)};
  };
  if (auto found = compare("learning_rate", recorded.learning_rate, replayed.learning_rate)) {
    return found;
  }
  if (auto found = compare("loss", recorded.loss, replayed.loss)) return found;
  if (auto found = compare("gradient_norm", recorded.gradient_norm, replayed.gradient_norm)) {
    return found;
  }
  if (!recorded.has_digest || recorded.digest == replayed.digest) return {};
  return Difference{recorded.step, "digest", recorded.digest.hex(), replayed.digest.hex()};
}

// The recorded steps, by step; the snapshot has those that the journal has lost.
std::vector<StepRecord> recorded_steps(const std::filesystem::path& run) {
  std::vector<StepRecord> steps = read_journal(run / "metrics.jsonl").tables.steps;
  if (steps.empty() && std::filesystem::exists(run / "metrics.h5")) {
    steps = read_metrics(run / "metrics.h5").steps;
  }
  if (steps.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("The run {} has recorded no step in metrics.jsonl or metrics.h5, so "
                            "there is nothing to compare with.",
                            run.string()));
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const StepRecord& a, const StepRecord& b) { return a.step < b.step; });
  return steps;
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
           "checkpoint at or before --from, or from the beginning where there is none, ends at the "
           "first difference, and changes nothing in the run's folder. Exit code 0: the same bits; "
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
                                               .kind = ErrorKind::data,
                                               .advice = "give all ranks the same run."});
    check_same_data(context, *replay.bench.data);
    share_state(context.communicator(), *replay.parameters, *replay.optimizer, replay.progress);
    check_same_start(context.communicator(), replay.parameters->digest());
    share_last_step(context.communicator(), replay);
    tell(context, replay);
    const std::optional<Difference> found = train(context, replay);
    report(context, replay, found);
    return agree(context.communicator(), found.has_value()) ? 1 : 0;
  }

 private:
  static constexpr int kMostSteps = 2'000'000'000;

  std::string run_;
  int from_ = 0;
  int to_ = 0;

  // What is trained again. Rank 0's alone has the records.
  struct Replay {
    ExperimentConfig config;
    std::unique_ptr<const Graph> graph;
    Workbench bench;
    std::unique_ptr<ParameterStore> parameters;
    std::unique_ptr<Optimizer> optimizer;
    TrainingProgress progress;
    std::vector<StepRecord> recorded;
    Index last = 0;
    Index start = 0;
    Index compared = 0;
    Digest digest{};
  };

  void read_experiment(Replay& replay) const {
    if (!is_run_directory(run_)) {
      throw Error(ErrorKind::data,
                  fmt::format("{} is not a run's folder: it has no resolved.yaml; give the folder "
                              "that train has recorded into.",
                              run_));
    }
    replay.config = read_resolved_experiment(run_);
    replay.graph = build_graph(replay.config.model);
  }

  void prepare(const CommandContext& context, Replay& replay) const {
    replay.parameters = std::make_unique<ParameterStore>(*replay.graph, replay.config.seed);
    replay.optimizer = make_optimizer(replay.config.optimizer, replay.parameters->layout().size());
    if (!context.is_root()) return;
    replay.recorded = recorded_steps(run_);
    choose_stretch(replay);
    go_to_start(context, replay);
  }

  void choose_stretch(Replay& replay) const {
    const Index recorded = replay.recorded.back().step;
    replay.last = to_ > 0 ? to_ : recorded;
    if (replay.last > recorded) {
      throw Error(ErrorKind::usage, fmt::format("--to {} lies behind the run's last recorded step, "
                                                "{}; ask for at most that.",
                                                to_, recorded));
    }
    if (from_ >= replay.last) {
      throw Error(ErrorKind::usage,
                  fmt::format("--from {} leaves no step to compare before step {}; ask for less.",
                              from_, replay.last));
    }
  }

  void go_to_start(const CommandContext& context, Replay& replay) const {
    const RunCheckpoints checkpoints(run_);
    const std::vector<Index> steps = checkpoints.steps();
    if (steps.empty() || steps.front() > from_) return;
    const auto too_late = [&](const FoundCheckpoint& found) -> std::optional<std::string> {
      if (found.checkpoint.state->step > from_) return "it lies behind the start";
      return why_of_another_run(found, replay.config);
    };
    const auto found = checkpoints.newest_good(too_late);
    if (!found) return;
    check_same_training_data(*found, replay.bench.data->train.digest(), replay.bench.data->origin);
    const std::string what = found->path.string();
    restore_parameters(found->checkpoint, what, *replay.parameters);
    restore_optimizer(found->checkpoint, what, replay.parameters->layout(), *replay.optimizer);
    replay.progress = restore_progress(*found->checkpoint.state);
    context.console.remark(fmt::format("starting from {}", what));
  }

  static void share_last_step(Communicator& communicator, Replay& replay) {
    replay.start = replay.progress.step;
    communicator.broadcast(std::as_writable_bytes(std::span(&replay.last, 1)), 0);
  }

  static void tell(const CommandContext& context, const Replay& replay) {
    context.console.remark(
        fmt::format("training steps {} to {} again", replay.start + 1, replay.last));
    tell_launch(context);
  }

  // Rank 0's answer on every rank.
  static bool agree(Communicator& communicator, bool answer) {
    std::array<char, 1> byte{static_cast<char>(answer)};
    communicator.broadcast(std::as_writable_bytes(std::span(byte)), 0);
    return byte[0] != 0;
  }

  std::optional<Difference> train(const CommandContext& context, Replay& replay) const {
    constexpr Index kAgreeEverySteps = 32;
    const WorkerTeam team(context.threads());
    const Index steps = total_steps(replay.config.train, replay.bench.splits.train->size());
    Trainer trainer({.graph = *replay.graph,
                     .parameters = *replay.parameters,
                     .optimizer = *replay.optimizer,
                     .schedule = replay.config.learning_rate,
                     .training = *replay.bench.splits.train,
                     .validation = nullptr,
                     .test = nullptr,
                     .team = team,
                     .communicator = context.communicator(),
                     .clock = seconds_now,
                     .heartbeat = &context.session.heartbeat()},
                    trainer_settings_of(replay.config, steps), replay.progress);
    context.session.set_deadline(replay.config.train.step_deadline);
    Progress progress(context.console, progress_setup(context, replay, trainer));
    std::optional<Difference> found;
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

  std::optional<Difference> compare(Replay& replay, const StepRecord& record) const {
    if (record.step <= from_) return {};
    const auto recorded =
        std::lower_bound(replay.recorded.begin(), replay.recorded.end(), record.step,
                         [](const StepRecord& of, Index step) { return of.step < step; });
    if (recorded == replay.recorded.end() || recorded->step != record.step) return {};
    ++replay.compared;
    return difference(*recorded, record);
  }

  void report(const CommandContext& context, const Replay& replay,
              const std::optional<Difference>& found) const {
    if (context.console.json()) {
      Json first;
      if (found) {
        first = {{"step", found->step},
                 {"figure", found->figure},
                 {"recorded", found->recorded},
                 {"replayed", found->replayed}};
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
                            found->step, found->figure, found->recorded, found->replayed)
              : fmt::format("the same bits: {} compared, up to step {} with digest {}",
                            count_of(replay.compared, "step"), replay.last, replay.digest.hex()));
  }
};

}  // namespace

Verb replay_verb() { return std::make_unique<ReplayCommand>(); }

}  // namespace lockstep

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "experiments/program/command.hpp"
#include "experiments/program/launch.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/sweep/report.hpp"
#include "experiments/sweep/run.hpp"
#include "experiments/sweep/trial_folder.hpp"
#include "experiments/sweep/trial_processes.hpp"
#include "experiments/sweep/trial_ranks.hpp"
#include "experiments/text/clock.hpp"
#include "experiments/text/figures.hpp"
#include "framework/storage/run/sweep_index.hpp"

namespace lockstep {
namespace {

constexpr int kMostJobs = 1024;

// Publishes the index when it has changed, as long as this takes a small part of the time: the
// index of a thousand trials is large.
class IndexPublisher {
 public:
  explicit IndexPublisher(std::filesystem::path file) : file_(std::move(file)) {}

  void publish(const SweepRun& run) {
    const double began = seconds_now();
    publish_sweep_index(file_, index_of(run));
    ended_ = seconds_now();
    seconds_ = ended_ - began;
  }

  void publish_now_and_then(const SweepRun& run) {
    constexpr double kPauses = 20;  // multiples of the time that publishing takes
    if (seconds_now() - ended_ >= kPauses * seconds_) publish(run);
  }

 private:
  std::filesystem::path file_;
  double ended_ = 0;    // when it was last published
  double seconds_ = 0;  // how long that took
};

class SweepCommand final : public Command {
 public:
  std::string_view name() const override { return "sweep"; }
  std::string_view summary() const override {
    return "Train the trials of a sweep that are missing, several at a time";
  }
  int place() const override { return 40; }
  std::vector<std::string_view> examples() const override {
    return {"sweep experiments/adam_search.yaml",
            "sweep experiments/quickstart.yaml train.batch_size=64,128 seed=1,2"};
  }
  std::vector<std::string_view> refused() const override {
    return {"sweep", "sweep a.yaml --jobs 0"};
  }
  std::string_view notes() const override {
    return "Lists make parameters, single values are the same for all trials: "
           "learning_rate.peak=0.05,0.1 seed=1,2,3 train.epochs=1. The same command again does "
           "what is missing and goes on with what was interrupted. Ctrl-C, SIGTERM and SIGUSR1 "
           "stop the trials with checkpoints (exit code 75). --threads is for all trials together. "
           "Under mpirun or srun every rank, or every --ranks-per-trial of them together, trains "
           "trials of its own, on its own cores; --threads and --jobs are then for each rank.";
  }
  void add_options(OptionList& list) override {
    list.argument("SWEEP|EXPERIMENT", file_, "Sweep file or experiment file (YAML)");
    list.overrides(words_, "key.path=value or key.path=a,b,c");
    list.text({"--out", "DIR"}, out_, "Folder of the sweep (default: sweeps/NAME)");
    list.flag("--list", list_, "Print the trials and their progress, and stop");
    list.flag("--retry-failed", retry_failed_, "Run trials that failed once more");
    list.flag("--fail-fast", options_.fail_fast, "Stop all trials when one fails");
    list.count(
        {"--jobs", "N"}, kMostJobs, options_.jobs,
        "Trials at a time on each rank (default: one per core, but no more than there are trials)");
    list.count({"--ranks-per-trial", "N"}, kMostJobs, ranks_per_trial_,
               "Ranks that train a trial together (default: the sweep file's, else 1)");
  }

  int run(const CommandContext& context) override {
    RunRequests requests(seconds_now, context.session.heartbeat());
    SweepPlan plan;
    fail_together(context.communicator(), [&] { plan = plan_sweep(context, file_, words_, out_); });
    check_same_plan(context, plan);
    if (plan.repeated > 0) {
      context.console.remark(
          fmt::format("{} left out, since they are the same experiments as others", plan.repeated));
    }
    if (!list_) return work_on(context, std::move(plan), requests);
    report(context.console, SweepRun(std::move(plan), options_));
    return 0;
  }

 private:
  std::string file_;
  std::vector<std::string> words_;
  std::string out_;
  bool list_ = false;
  bool retry_failed_ = false;
  int ranks_per_trial_ = 0;
  SweepOptions options_;

  // From the option, else from the sweep's file.
  int ranks_per_trial(const CommandContext& context, const SweepPlan& plan) const {
    const int size = ranks_per_trial_ > 0 ? ranks_per_trial_ : plan.sweep.ranks_per_trial;
    const int ranks = context.ranks();
    if (ranks % size != 0) {  // on every rank
      throw CollectiveError(
          errors::kSweepRanks,
          fmt::format("ranks_per_trial is {}, but the job has {}, which is no multiple of it: "
                      "start a multiple with mpirun or srun, or give another "
                      "--ranks-per-trial; results do not depend on it.",
                      size, count_of(ranks, "rank")));
    }
    if (size > 1 && options_.jobs > 1) {
      throw CollectiveError(
          errors::kOptionsExclude,
          fmt::format(
              "--jobs {} is the number of trials at a time on each rank, but ranks that train a "
              "trial together (ranks_per_trial is {}) train one at a time; leave --jobs out.",
              options_.jobs, size));
    }
    return size;
  }

  int work_on(const CommandContext& context, SweepPlan plan, RunRequests& requests) {
    const int size = ranks_per_trial(context, plan);
    warn_about_launch(context);
    open_sweep_folder(context, plan);
    fail_together(context.communicator(), [&] {
      if (retry_failed_ && context.is_root()) forget_failures(plan);
    });
    Heartbeat& heartbeat = context.session.heartbeat();
    heartbeat.enter("words of the sweep's ranks", 0);
    SweepPeers peers(context.communicator(), heartbeat, seconds_now);
    int code = 0;
    if (size > 1) {
      TrialRanks group(context, requests, size);
      if (group.leads()) {
        options_.jobs = 1;
        code = sweep(context, std::move(plan), {requests, peers, group});
        group.dismiss();
      } else {
        group.follow(plan, peers);
      }
    } else {
      TrialProcesses processes;
      context.session.set_deadline(MpiSession::kStartUpDeadline);
      code = sweep(context, std::move(plan), {requests, peers, processes});
    }
    context.session.set_deadline(0);
    return std::stoi(broadcast_text(context.communicator(), fmt::format("{}", code), 0));
  }

  int sweep(const CommandContext& context, SweepPlan plan, const SweepRun::Parts& parts) {
    const Console& console = context.console;
    options_.cores = context.threads();
    options_.first = static_cast<double>(context.session.rank()) / context.ranks();
    SweepRun run(std::move(plan), options_);
    if (options_.jobs > options_.cores) {
      console.warning(
          fmt::format("--jobs {} is more than there are cores for; {} trials run at a time.",
                      options_.jobs, run.jobs()));
    }
    std::optional<IndexPublisher> index;
    if (context.is_root()) index.emplace(run.plan().folder / "index.h5");
    if (index) index->publish(run);
    SweepProgress progress(console, context.options.quiet, seconds_now, run);
    run.run(parts, {.on_end =
                        [&](const SweepRun& now, const SweptTrial& trial) {
                          if (index) index->publish_now_and_then(now);
                          progress.on_end(now, trial);
                        },
                    .on_look = [&](const SweepRun& now) { progress.on_look(now); }});
    progress.finish();
    if (index) index->publish(run);
    report(console, run);
    return exit_code(console, run);
  }

  static void report(const Console& console, const SweepRun& run) {
    report_sweep(console, run);
    const std::string lost = lost_figures_of(run);
    if (!lost.empty()) console.warning(lost);
  }

  static int exit_code(const Console& console, const SweepRun& sweep) {
    const std::string failures = failures_of(sweep);
    if (!failures.empty()) console.warning(failures);
    const std::size_t over = sweep.count(TrialStatus::done) + sweep.count(TrialStatus::failed) +
                             sweep.count(TrialStatus::pruned);
    const bool goes_on = over < sweep.trials().size();
    if (goes_on && (failures.empty() || sweep.was_asked_to_stop())) {
      console.warning("stopped on request; the same command goes on");
      return kStoppedOnRequest;
    }
    return failures.empty() ? 0 : 1;
  }
};

}  // namespace

Verb sweep_verb() { return std::make_unique<SweepCommand>(); }

}  // namespace lockstep

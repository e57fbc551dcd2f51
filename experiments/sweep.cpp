#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "experiments/clock.hpp"
#include "experiments/command.hpp"
#include "experiments/sweep_plan.hpp"
#include "experiments/sweep_report.hpp"
#include "experiments/sweep_run.hpp"
#include "framework/config/yaml_writer.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/atomic_file.hpp"

namespace lockstep {
namespace {

constexpr int kMostJobs = 1024;
constexpr int kStoppedOnRequest = 75;

// Publishes the index when it has changed, as long as that takes little of the time: the index of
// a thousand trials is large.
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
    constexpr double kPauses = 20;  // each as long as publishing takes
    if (seconds_now() - ended_ >= kPauses * seconds_) publish(run);
  }

 private:
  std::filesystem::path file_;
  double ended_ = 0;    // when it was published last
  double seconds_ = 0;  // and how long that took
};

class SweepCommand final : public Command {
 public:
  std::string_view name() const override { return "sweep"; }
  std::string_view summary() const override {
    return "Train the trials of a sweep that are missing, several at a time";
  }
  std::string_view notes() const override {
    return "Lists make parameters, single values are the same for all trials: "
           "learning_rate.peak=0.05,0.1 seed=1,2,3 train.epochs=1. The same command again does "
           "what is missing and goes on with what was interrupted. Ctrl-C, SIGTERM and SIGUSR1 "
           "stop the trials with checkpoints (exit code 75). --threads is for all trials together.";
  }
  void add_options(OptionList& list) override {
    list.argument("SWEEP|EXPERIMENT", file_, "Sweep file or experiment file (YAML)");
    list.overrides(words_, "key.path=value or key.path=a,b,c");
    list.text({"--out", "DIR"}, out_, "Folder of the sweep (default: sweeps/NAME)");
    list.flag("--list", list_, "Print the trials and how far they are, and stop");
    list.flag("--retry-failed", options_.retry_failed, "Run trials that failed once more");
    list.flag("--fail-fast", options_.fail_fast, "Stop all trials when one fails");
    list.count({"--jobs", "N"}, kMostJobs, options_.jobs,
               "Trials at a time (default: one a core, as long as there are as many)");
  }

  int run(const CommandContext& context) override {
    if (context.session.size() > 1) {  // on every rank
      throw CollectiveError(ErrorKind::usage,
                            "sweep runs its trials as processes of its own and uses all cores of "
                            "one machine: start it without mpirun, or with one rank.");
    }
    RunRequests requests(seconds_now, context.session.heartbeat());
    options_.cores = context.threads();
    SweepRun sweep(plan_sweep(context, file_, words_, out_), options_);
    if (sweep.plan().repeated > 0) {
      context.console.remark(fmt::format(
          "{} left out, since they are the same experiments as others", sweep.plan().repeated));
    }
    if (!list_) work_on(context, sweep, requests);
    report_sweep(context.console, sweep);
    return list_ ? 0 : exit_code(context.console, sweep);
  }

 private:
  std::string file_;
  std::vector<std::string> words_;
  std::string out_;
  bool list_ = false;
  SweepOptions options_;

  void work_on(const CommandContext& context, SweepRun& sweep, RunRequests& requests) const {
    const Console& console = context.console;
    if (options_.jobs > options_.cores) {
      console.warning(
          fmt::format("--jobs {} is more than there are cores for; {} trials run at a "
                      "time.",
                      options_.jobs, sweep.jobs()));
    }
    const std::filesystem::path& folder = sweep.plan().folder;
    std::filesystem::create_directories(folder);
    write_text_file(folder / "sweep.yaml", write_yaml(to_value(sweep.plan().sweep)));
    IndexPublisher index(folder / "index.h5");
    index.publish(sweep);
    SweepProgress progress(console, context.options.quiet, seconds_now, sweep);
    sweep.run(requests, {.on_end =
                             [&](const SweepRun& run, const SweptTrial& trial) {
                               index.publish_now_and_then(run);
                               progress.on_end(run, trial);
                             },
                         .on_look = [&](const SweepRun& run) { progress.on_look(run); }});
    progress.finish();
    index.publish(sweep);
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

std::unique_ptr<Command> make_sweep_command() { return std::make_unique<SweepCommand>(); }

}  // namespace lockstep

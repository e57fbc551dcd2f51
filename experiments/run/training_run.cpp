#include "experiments/run/training_run.hpp"

#include <cstdint>
#include <exception>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/binding.hpp"
#include "experiments/program/agreement.hpp"
#include "experiments/program/experiment_file.hpp"
#include "experiments/program/progress.hpp"
#include "experiments/run/recorder.hpp"
#include "experiments/run/resume.hpp"
#include "experiments/text/clock.hpp"
#include "experiments/text/figures.hpp"
#include "framework/config/experiment_training.hpp"
#include "framework/config/yaml_writer.hpp"
#include "framework/core/build_info.hpp"
#include "framework/core/error.hpp"
#include "framework/kernels/isa.hpp"
#include "framework/schedules/schedule.hpp"
#include "framework/storage/checkpoint/training_state.hpp"
#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/metrics/journal_recovery.hpp"

namespace lockstep {
namespace {

std::string check_line(const TrainOptions& options) {
  std::vector<const char*> words{"lockstep", "check", options.experiment.c_str()};
  for (const std::string& text : options.overrides) words.push_back(text.c_str());
  return shell_line(words);
}

}  // namespace

TrainingRun::TrainingRun(const CommandContext& context, const TrainOptions& options,
                         TrainingSubject subject)
    : context_(context),
      options_(options),
      config_(std::move(subject.config)),
      graph_(std::move(subject.graph)),
      bench_(std::move(subject.bench)),
      setup_(training_of(config_, *graph_, training_sets(bench_.splits))) {
  setup_.settings.pause_step = options.until;
  // What is recorded can run by itself, on the same data, whichever other sets of the list are
  // present.
  asked_for_ = write_key_lines(to_value(config_));
  config_.model = to_value(*graph_);
  config_.data.set("dataset", Value::string(bench_.data->name));
}

// Ranks with different files, data or programs would train, but not the same network.
void TrainingRun::check_agreement() const {
  check_same_program(context_);
  require_agreement(context_.communicator(),
                    {.what = "experiment",
                     .mine = asked_for_,
                     .code = errors::kRanksDiffer,
                     .advice = "start all ranks with the same file and overrides."});
  check_same_data(context_, *bench_.data);
}

int TrainingRun::train(RunRequests& requests) {
  check_agreement();
  if (context_.is_root()) requests.set_max_runtime(config_.train.max_runtime);
  fail_together(context_.communicator(), [this] {
    if (context_.is_root()) open_directory();
  });
  share_state(context_.communicator(), setup_.parameters, *setup_.optimizer, setup_.progress);
  check_same_start(context_.communicator(), setup_.parameters.digest());
  const WorkerTeam team(context_.threads());
  Trainer trainer(setup_, {.team = team,
                           .communicator = context_.communicator(),
                           .clock = seconds_now,
                           .requests = &requests,
                           .heartbeat = &context_.session.heartbeat()});
  advise_on_threads(trainer);
  context_.session.set_deadline(config_.train.step_deadline);
  try {
    Progress progress = make_progress(trainer);
    trainer.watch_evaluations(
        [&](Index samples, Index of) { progress.on_evaluating(samples, of); });
    const TrainingEnd end = run_trainer(trainer, progress);
    return end == TrainingEnd::finished ? finish(trainer) : stop(trainer.progress(), requests);
  } catch (const std::exception& error) {
    record_failure(error);
    throw;
  }
}

RunRequest TrainingRun::run_request() const {
  RunRequest request{.name = config_.name,
                     .start = options_.resume      ? RunStart::resume
                              : options_.overwrite ? RunStart::overwrite
                                                   : RunStart::fresh};
  if (!options_.out.empty()) request.out = options_.out;
  return request;
}

// Like open_directory, but makes, removes and writes nothing.
std::filesystem::path TrainingRun::check_directory() {
  const std::filesystem::path run = check_run_folder(run_request());
  if (options_.resume && is_run_directory(run)) {
    check_same_experiment(run, config_);
    if (const auto found = newest_own_checkpoint(RunCheckpoints(run))) go_on_from(*found);
  }
  return run;
}

void TrainingRun::open_directory() {
  // Read before anything else: with --overwrite, the file may lie in the folder that is emptied.
  constexpr std::int64_t kLongest = std::int64_t{1} << 24;
  const std::string experiment = read_text_file(options_.experiment, kLongest);
  directory_.emplace(run_request());
  const bool goes_on = options_.resume && is_run_directory(directory_->path());
  if (goes_on) resume();
  if (!directory_->is_locked()) {
    context_.console.warning(
        "this file system knows no locks, so nothing keeps a second run out "
        "of the same folder.");
  }
  if (is_finished_) return;
  recover_metrics();
  directory_->clear_end();
  if (!goes_on) directory_->write_experiment(experiment);
  directory_->write_resolved(write_yaml(to_value(config_)));
  context_.console.remark(
      setup_.progress.step > 0
          ? fmt::format("going on after step {} in {}", setup_.progress.step,
                        directory_->path().string())
          : fmt::format("recording the run in {}", directory_->path().string()));
  directory_->log(fmt::format("lockstep {} ({}), {} x {}, {}, from step {}", build_info().version,
                              build_info().commit, count_of(context_.ranks(), "rank"),
                              count_of(context_.threads(), "thread"), current_isa(),
                              setup_.progress.step));
}

std::optional<FoundCheckpoint> TrainingRun::newest_own_checkpoint(
    const RunCheckpoints& checkpoints) const {
  return checkpoints.newest_good(
      [this](const FoundCheckpoint& candidate) { return why_of_another_run(candidate, config_); });
}

void TrainingRun::resume() {
  const std::filesystem::path& run = directory_->path();
  check_same_experiment(run, config_);
  const auto found = newest_own_checkpoint(directory_->checkpoints());
  if (!found) return;
  go_on_from(*found);
  const std::optional<RunEnd> end = read_run_end(run);
  is_finished_ = end && end->outcome == RunOutcome::done && setup_.progress.step == steps();
  if (is_finished_) {
    context_.console.remark(
        fmt::format("the run in {} is already finished; here is its result", run.string()));
    renew_metrics();
  } else {
    directory_->checkpoints().rewind(setup_.progress.step, setup_.progress.best_step);
  }
}

void TrainingRun::go_on_from(const FoundCheckpoint& found) {
  for (const std::string& message : found.messages) context_.console.warning(message);
  setup_.progress =
      resume_training(found, {.digest = bench_.data->train.digest(), .origin = bench_.data->origin},
                      {.parameters = setup_.parameters, .optimizer = *setup_.optimizer});
  if (setup_.progress.step > steps()) {
    throw Error(errors::kRunIsLonger,
                fmt::format("The run of {} has done {} steps already, but the experiment asks for "
                            "{}; ask for at least as many.",
                            found.path.string(), setup_.progress.step, steps()));
  }
}

// The only change to a finished run.
void TrainingRun::renew_metrics() {
  const std::filesystem::path metrics = directory_->metrics_path();
  const MetricsFiles files{.journal = directory_->journal_path(), .snapshot = metrics};
  const std::string experiment = write_yaml(to_value(config_));
  if (!renew_snapshot(files, {.experiment = experiment, .provenance = provenance()})) return;
  const std::string message = fmt::format(
      "{} was missing or damaged, and was made anew from the journal.", metrics.string());
  context_.console.warning(message);
  directory_->log(message);
}

void TrainingRun::recover_metrics() {
  RecoveredJournal recovered = recover_journal(
      {.journal = directory_->journal_path(), .snapshot = directory_->metrics_path()},
      setup_.progress.step);
  if (!recovered.warning.empty()) {
    context_.console.warning(recovered.warning);
    directory_->log(recovered.warning);
  }
  tables_ = std::move(recovered.tables);
}

Provenance TrainingRun::provenance() const {
  const BuildInfo build = build_info();
  return {{{"version", std::string(build.version)},
           {"commit", std::string(build.commit)},
           {"compiler", std::string(build.compiler)},
           {"build_type", std::string(build.build_type)},
           {"isa", current_isa()},
           {"mpi", context_.session.mpi_library()},
           {"ranks", std::int64_t{context_.ranks()}},
           {"threads", std::int64_t{context_.threads()}},
           {"hosts", std::int64_t{context_.hosts()}},
           {"host", context_.session.host_name()},
           {"data", bench_.data->name},
           {kDataDigest, bench_.data->train.digest().hex()},
           {"experiment_file", options_.experiment},
           {"overrides", fmt::format("{}", fmt::join(options_.overrides, " "))}}};
}

Progress TrainingRun::make_progress(const Trainer& trainer) const {
  const ProgressMode mode = context_.options.quiet
                                ? ProgressMode::none
                                : progress_mode(options_.progress, context_.console);
  const auto total = static_cast<double>(steps());
  return {context_.console,
          {.mode = mode,
           .total_steps = steps(),
           .total_epochs = total / static_cast<double>(trainer.steps_per_epoch()),
           .clock = seconds_now}};
}

TrainingEnd TrainingRun::run_trainer(Trainer& trainer, Progress& progress) {
  if (!records()) {
    SilentObserver observer;
    return trainer.run(observer);
  }
  RunRecorder recorder(
      {.directory = *directory_,
       .progress = progress,
       .monitor = LearningMonitor(setup_.loss->guessing_loss(graph_->output_shape().size()),
                                  setup_.schedule.warmup_steps(steps())),
       .check_line = check_line(options_),
       .graph = *graph_,
       .parameters = setup_.parameters,
       .optimizer = *setup_.optimizer,
       .config = config_,
       .experiment_text = write_yaml(to_value(config_)),
       .model_text = write_yaml(config_.model),
       .provenance = provenance(),
       .steps_per_epoch = trainer.steps_per_epoch(),
       .clock = seconds_now},
      std::move(tables_));
  try {
    const TrainingEnd end = trainer.run(recorder);
    recorder.finish();
    return end;
  } catch (const std::exception&) {
    recorder.fail();
    throw;
  }
}

int train_experiment(const CommandContext& context, const TrainOptions& options,
                     RunRequests& requests) {
  context.session.set_deadline(MpiSession::kStartUpDeadline);
  TrainingSubject subject;
  fail_together(context.communicator(), [&] {
    subject.config = read_experiment(options.experiment, options.overrides);
    context.session.set_deadline(start_up_deadline(subject.config.train));
    subject.graph = build_graph(subject.config.model);
  });
  subject.bench = load_training_data(context, subject.config, *subject.graph, DataParts::both);
  std::optional<TrainingRun> run;
  fail_together(context.communicator(), [&] { run.emplace(context, options, std::move(subject)); });
  run->describe();
  return options.dry_run ? run->rehearse() : run->train(requests);
}

}  // namespace lockstep

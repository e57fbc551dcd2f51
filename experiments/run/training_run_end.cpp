// How a run ends: finished, stopped on request, or by an error.

#include <new>

#include <fmt/format.h>

#include "experiments/run/training_run.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

// As the session ends the process.
int exit_code_of(const std::exception& error) {
  if (const auto* known = dynamic_cast<const Error*>(&error)) return known->exit_code();
  const bool is_memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  return static_cast<int>(is_memory ? ErrorKind::usage : ErrorKind::data);
}

}  // namespace

FinalFigures TrainingRun::final_figures(Trainer& trainer) const {
  const auto evaluate = [&](const std::optional<ImageSplit>& split) {
    return split ? std::optional(trainer.evaluate(*split)) : std::nullopt;
  };
  return {.train = evaluate(bench_.splits.train),
          .validation = evaluate(bench_.splits.validation),
          .test = evaluate(bench_.splits.test)};
}

int TrainingRun::finish(Trainer& trainer) {
  const FinalFigures figures = final_figures(trainer);
  if (records()) {
    directory_->finish({.outcome = RunOutcome::done, .exit_code = 0, .reason = "finished"});
  }
  report(trainer, figures);
  return 0;
}

int TrainingRun::stop(const TrainingProgress& progress, const RunRequests& requests) {
  if (!directory_) return kStoppedOnRequest;
  const bool is_pause = options_.until > 0 && progress.step >= options_.until;
  const std::string reason =
      fmt::format("stopped after step {} of {}, as {} asked", progress.step, steps_,
                  is_pause ? fmt::format("--until {}", options_.until) : requests.who_asked());
  directory_->log(reason);
  directory_->finish(
      {.outcome = RunOutcome::stopped, .exit_code = kStoppedOnRequest, .reason = reason});
  report_stop(context_.console, {.name = config_.name,
                                 .run_dir = directory_->path().string(),
                                 .reason = reason,
                                 .steps = progress.step,
                                 .total_steps = steps_,
                                 .digest = parameters_.digest(),
                                 .is_pause = is_pause});
  return kStoppedOnRequest;
}

// Whatever hinders the record, a full disk for one, must not take the place of the error itself.
void TrainingRun::record_failure(const std::exception& error) {
  if (!records()) return;
  const auto attempt = [](const auto& write) {
    try {
      write();
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): see above
    }
  };
  attempt([&] { directory_->log(error.what()); });
  attempt([&] {
    directory_->finish(
        {.outcome = RunOutcome::failed, .exit_code = exit_code_of(error), .reason = error.what()});
  });
}

}  // namespace lockstep

// How a run ends: finished, stopped on request, or by an error.

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string_view>

#include "experiments/run/training_run.hpp"
#include "framework/core/error.hpp"
#include "framework/training/diagnosis/numeric_failure.hpp"

namespace lockstep {
FinalFigures TrainingRun::final_figures(Trainer& trainer) const {
  const auto evaluate = [&](const std::optional<ImageSplit>& split) {
    return split ? std::optional(trainer.evaluate(*split)) : std::nullopt;
  };
  return {.train = evaluate(bench_.splits.train),
          .validation = evaluate(bench_.splits.validation),
          .test = evaluate(bench_.splits.test)};
}

// A network that gives infinity or NaN is no result, although every step was finite.
void TrainingRun::require_finite(const FinalFigures& figures) const {
  const auto check = [&](const std::optional<EvaluationResult>& result,
                         const std::optional<ImageSplit>& split, std::string_view name) {
    if (!result || std::isfinite(result->loss())) return;
    const std::string where =
        first_output_not_finite(*graph_, setup_.parameters.values(), *split, *setup_.loss);
    throw CollectiveError(
        errors::kNotFinite,
        fmt::format("After the last step the network gives numbers that are not finite on the {} "
                    "split{}{}, so there is no result: lower learning_rate.peak, set "
                    "train.clip_norm, or look for numbers that are not finite in the data; "
                    "checkpoints saved before are unharmed.",
                    name, where.empty() ? "" : ", ", where));
  };
  check(figures.train, bench_.splits.train, "training");
  check(figures.validation, bench_.splits.validation, "validation");
  check(figures.test, bench_.splits.test, "test");
}

int TrainingRun::finish(Trainer& trainer) {
  const FinalFigures figures = final_figures(trainer);
  require_finite(figures);
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
      fmt::format("stopped after step {} of {}, as {} asked", progress.step, steps(),
                  is_pause ? fmt::format("--until {}", options_.until) : requests.who_asked());
  directory_->log(reason);
  directory_->finish(
      {.outcome = RunOutcome::stopped, .exit_code = kStoppedOnRequest, .reason = reason});
  report_stop(context_.console, {.name = config_.name,
                                 .run_dir = directory_->path().string(),
                                 .reason = reason,
                                 .steps = progress.step,
                                 .total_steps = steps(),
                                 .digest = setup_.parameters.digest(),
                                 .is_pause = is_pause});
  return kStoppedOnRequest;
}

// A failure to record, such as a full disk, must not hide the error itself.
void TrainingRun::record_failure(const std::exception& error) {
  if (!records()) return;
  const auto attempt = [](const auto& write) {
    try {
      write();
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): see above
    }
  };
  const std::string reason = sentence_of(error);
  attempt([&] { directory_->log(reason); });
  attempt([&] {
    directory_->finish({.outcome = RunOutcome::failed,
                        .exit_code = as_error(error).exit_code(),
                        .reason = reason});
  });
}

}  // namespace lockstep

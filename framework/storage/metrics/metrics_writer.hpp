#pragma once

#include <functional>

#include "framework/storage/metrics/journal_recovery.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/storage/metrics/metrics_journal.hpp"
#include "framework/storage/metrics/publishing_rhythm.hpp"

namespace lockstep {

/// Records a run's metrics while it is trained: in the journal at once, in metrics.h5 now and then.
///
/// The journal has everything, so that a kill at any moment loses nothing. metrics.h5 is published
/// after every evaluation, and after a step when the last version is 10 s old, but more rarely
/// where that would take more than a hundredth of the time so far (PublishingRhythm); `publish`
/// does it in any case. The memory holds the evaluations and those steps that metrics.h5 has not:
/// a new version takes the others from the one before, or, where that was damaged meanwhile, from
/// the journal.
/// One thread at a time. Every failure throws Error (data) with path and reason.
class MetricsWriter {
 public:
  struct Setup {
    MetricsFiles files;
    MetricsOrigin origin;
    std::function<double()> clock;  ///< seconds since any fixed moment
  };

  explicit MetricsWriter(Setup setup);

  /// Once and first of all, where a run goes on: what the journal holds already (recover_journal).
  void go_on(MetricsTables recorded);

  void append(const StepRecord& record);
  void append(const EpochRecord& record);

  /// What was appended survives the machine's failing, too, once this has returned.
  void sync() { journal_.sync(); }

  /// Publishes what metrics.h5 has not yet, if anything.
  void publish();

  /// The step of the last evaluation; 0 without any.
  Index last_evaluation() const { return tables_.epochs.empty() ? 0 : tables_.epochs.back().step; }

 private:
  Setup setup_;
  MetricsJournal journal_;
  MetricsTables tables_;       ///< of the steps, those that are not published
  std::size_t published_ = 0;  ///< steps in metrics.h5
  Index last_published_ = 0;   ///< the last of them
  bool has_news_ = true;       ///< metrics.h5 lacks something, or is not there
  PublishingRhythm rhythm_;

  Index rows() const;
  std::vector<std::byte> contents();
  void take_published_from_journal();
};

}  // namespace lockstep

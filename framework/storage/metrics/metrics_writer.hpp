#pragma once

#include <functional>

#include "framework/storage/metrics/journal_recovery.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/storage/metrics/metrics_journal.hpp"
#include "framework/storage/metrics/publishing_rhythm.hpp"

namespace lockstep {

/// Records a run's metrics while it is trained: in the journal at once, in metrics.h5 now and then.
///
/// The journal has everything, so a kill at any moment loses nothing. metrics.h5 is published after
/// every evaluation, and after a step if the last version is 10 s old. It is published more rarely
/// if that would take more than a hundredth of the time so far (PublishingRhythm). `publish` does
/// it in any case.
///
/// Memory holds the evaluations and, of a long run, only the last steps. A new version takes the
/// others from the previous version, or from the journal if that file has been damaged.
///
/// Used by one thread at a time. Every failure throws Error (data) with path and reason.
class MetricsWriter {
 public:
  struct Setup {
    MetricsFiles files;
    MetricsOrigin origin;
    std::function<double()> clock;  ///< seconds since any fixed moment
    /// A run of more steps has only the last ones in memory; some 10 MB.
    std::size_t most_steps_in_memory = std::size_t{1} << 17;
  };

  explicit MetricsWriter(Setup setup);

  /// If a run is resumed, call this once, before anything else.
  /// @param recorded  what the journal holds already, see recover_journal
  void go_on(MetricsTables recorded);

  void append(const StepRecord& record);
  void append(const EpochRecord& record);

  /// Once this has returned, what was appended also survives a failure of the machine.
  void sync() { journal_.sync(); }

  /// Publishes what metrics.h5 lacks, if anything.
  void publish();

  /// The step of the last evaluation; 0 if there was none.
  Index last_evaluation() const { return tables_.epochs.empty() ? 0 : tables_.epochs.back().step; }

 private:
  Setup setup_;
  MetricsJournal journal_;
  MetricsTables tables_;       ///< without the steps that are left to metrics.h5
  std::size_t published_ = 0;  ///< those steps
  Index last_published_ = 0;   ///< the last of them
  bool has_news_ = true;       ///< metrics.h5 lacks something or does not exist
  PublishingRhythm rhythm_;

  Index rows() const;
  void leave_steps_to_file();
  std::vector<std::byte> contents();
  void take_published_from_journal();
};

}  // namespace lockstep

#pragma once

#include <string>
#include <vector>

#include "experiments/program/console.hpp"
#include "experiments/sweep/run.hpp"
#include "framework/storage/run/sweep_index.hpp"

namespace lockstep {

/// The trials as they are now, for index.h5; their curves are those of `run`.
SweepIndex index_of(const SweepRun& run);

/// Prints the trials and the best of them on stdout, as a table or as JSON.
void report_sweep(const Console& console, const SweepRun& run);

/// The sentence on trials that failed, one a line; "" without any.
std::string failures_of(const SweepRun& run);

/// The sentence on finished trials whose figures cannot be read, one a line; "" without any.
std::string lost_figures_of(const SweepRun& run);

/// Shows on stderr how a sweep goes: a redrawn table on a terminal, else a stable line (key=value)
/// for each trial that is over.
class SweepProgress {
 public:
  /// @param clock  seconds
  SweepProgress(const Console& console, bool quiet, double (*clock)(), const SweepRun& run);

  void on_end(const SweepRun& run, const SweptTrial& trial);
  void on_look(const SweepRun& run);
  /// Leaves the terminal's line clean.
  void finish();

 private:
  const Console& console_;
  bool quiet_;
  double (*clock_)();
  double started_;
  double steps_before_ = 0;  ///< of all trials, at the start
  double drawn_ = 0;         ///< when
  std::size_t lines_ = 0;    ///< of the table on the screen

  // By the steps since the start; of a method that prunes, up to where the trials pause next.
  std::string time_left(const SweepRun& run) const;
  std::vector<std::string> table(const SweepRun& run) const;
  void clear();
};

}  // namespace lockstep

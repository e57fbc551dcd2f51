#pragma once

#include <string>
#include <vector>

#include "experiments/program/console.hpp"
#include "experiments/sweep/run.hpp"
#include "framework/storage/run/sweep_index.hpp"

namespace lockstep {

/// The current state of the trials, for index.h5. Their curves are those of `run`.
SweepIndex index_of(const SweepRun& run);

/// Prints the trials and the best of them on stdout, as a table or as JSON.
void report_sweep(const Console& console, const SweepRun& run);

/// A sentence about the trials that failed, one per line; "" if there are none.
std::string failures_of(const SweepRun& run);

/// A sentence about finished trials whose figures cannot be read, one per line; "" if there are
/// none.
std::string lost_figures_of(const SweepRun& run);

/// Shows on stderr how a sweep goes: a redrawn table on a terminal, otherwise a stable line
/// (key=value) for each trial that is over.
class SweepProgress {
 public:
  /// @param clock  seconds
  SweepProgress(const Console& console, bool quiet, double (*clock)(), const SweepRun& run);

  void on_end(const SweepRun& run, const SweptTrial& trial);
  void on_look(const SweepRun& run);
  /// Leaves the current line of the terminal empty.
  void finish();

 private:
  const Console& console_;
  bool quiet_;
  double (*clock_)();
  double started_;
  double steps_before_ = 0;  ///< of all trials, at the start of this process
  double drawn_ = 0;         ///< when the table was last drawn
  std::size_t lines_ = 0;    ///< of the table on the screen

  // Estimated from the steps done since the start. If the method prunes, up to where the trials
  // pause next.
  std::string time_left(const SweepRun& run) const;
  std::vector<std::string> table(const SweepRun& run) const;
  void clear();
};

}  // namespace lockstep

#pragma once

#include <functional>
#include <vector>

#include "framework/core/parallel.hpp"

namespace lockstep {

/// A quantity that was measured in several windows of time.
struct Measured {
  double median = 0;
  double best = 0;  ///< the greatest
};

/// How fast something went.
struct Pace {
  Measured per_second;     ///< of what was counted
  Measured peak_fraction;  ///< of the peak of all the team's threads
};

/// GFLOP/s of fused multiply-adds, the mean over a team's threads while all of them run.
double measure_peak(const WorkerTeam& team);

/// Measures work in windows of time, and the processor's limit right before each window, so that
/// the two are compared at the same clock.
class Stopwatch {
 public:
  struct Setup {
    int windows;                                    ///< at least 1
    std::function<double()> clock;                  ///< seconds
    std::function<double()> cpu_clock;              ///< seconds that this process has computed
    std::function<double(const WorkerTeam&)> peak;  ///< GFLOP/s of one thread, of this moment
  };
  explicit Stopwatch(Setup setup) : setup_(std::move(setup)) {}

  struct Task {
    const WorkerTeam& team;        ///< what it runs on
    double window;                 ///< seconds, at least
    double operations;             ///< floating point, of each thing that is counted
    std::function<double()> work;  ///< @return how many things it did
  };
  /// Works once beforehand, so that memory and caches are those of work that is under way. Where
  /// one call takes much longer than a window, there are fewer windows.
  Pace measure(const Task& task);

  /// One thread's GFLOP/s over the windows so far.
  Measured peak_gflops() const;

  /// How far the peak falls below its best in a tenth of the windows: 0 is not at all.
  double peak_drop() const;

  /// The share of the time of windows on one thread that it did not compute: something else had its
  /// core.
  double waiting_share() const;

 private:
  Setup setup_;
  std::vector<double> peaks_;
  double alone_seconds_ = 0;  // of windows on one thread
  double alone_cpu_seconds_ = 0;
};

}  // namespace lockstep

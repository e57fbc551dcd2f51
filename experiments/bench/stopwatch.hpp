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

/// How fast work went.
struct Pace {
  Measured per_second;     ///< the number of things counted
  Measured peak_fraction;  ///< of the peak of all the team's threads
};

/// GFLOP/s of fused multiply-adds: the mean over a team's threads while all of them run.
double measure_peak(const WorkerTeam& team);

/// Measures work in windows of time, and the processor's limit just before each window, so that the
/// two are compared at the same clock frequency.
class Stopwatch {
 public:
  struct Setup {
    int windows;                                    ///< at least 1
    std::function<double()> clock;                  ///< seconds
    std::function<double()> cpu_clock;              ///< seconds of computing by this process
    std::function<double(const WorkerTeam&)> peak;  ///< GFLOP/s of one thread at this moment
  };
  explicit Stopwatch(Setup setup) : setup_(std::move(setup)) {}

  struct Task {
    const WorkerTeam& team;        ///< the threads it runs on
    double window;                 ///< seconds, at least
    double operations;             ///< floating point operations per thing counted
    std::function<double()> work;  ///< @return how many things it did
  };
  /// Does the work once in advance, so that memory and caches are in the state of continuous work.
  /// If one call takes much longer than a window, there are fewer windows.
  Pace measure(const Task& task);

  /// GFLOP/s of one thread over the windows so far.
  Measured peak_gflops() const;

  /// How far the peak falls below its best in a tenth of the windows; 0 means not at all.
  double peak_drop() const;

  /// The share of the time, in windows on one thread, in which that thread did not compute because
  /// something else had its core.
  double waiting_share() const;

 private:
  Setup setup_;
  std::vector<double> peaks_;
  double alone_seconds_ = 0;  // of windows on one thread
  double alone_cpu_seconds_ = 0;
};

}  // namespace lockstep

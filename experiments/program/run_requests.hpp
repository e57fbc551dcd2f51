#pragma once

#include <functional>
#include <string>
#include <utility>

#include "framework/training/exchange/training_request.hpp"
#include "framework/training/step/heartbeat.hpp"

namespace lockstep {

/// The exit code of a training that stopped on request, with a checkpoint.
inline constexpr int kStoppedOnRequest = 75;

/// From here on SIGUSR1 and SIGUSR2 wait until RunRequests exists, instead of ending a program that
/// is starting. Verbs without a run never see them. To be called before any thread is started.
void hold_requests();

/// Requests to a run: signals to this process, and the end of its time.
///
/// SIGUSR1, SIGTERM and SIGINT stop the run with a checkpoint. SIGUSR2 saves one. A second SIGINT
/// ends the process at once, as in any other program. A SIGINT that the process was started to
/// ignore, as in the background of a script, stays ignored. Signals may come at any time and more
/// than once.
/// A SIGTERM from the parent process means that a launcher will kill this rank soon. The watchdog
/// is informed, so that a rank that then waits in vain ends by itself instead of waiting to be
/// killed.
class RunRequests final : public RequestSource {
 public:
  /// From now on signals are requests, until the process ends. One object per process.
  /// @param clock      seconds since any fixed moment; the run's time begins now
  /// @param heartbeat  lives as long as the process takes signals
  RunRequests(double (*clock)(), Heartbeat& heartbeat);

  /// Asks for a stop after this many seconds since construction, or since the last begin_run; 0:
  /// never.
  void set_max_runtime(double seconds) { max_runtime_ = seconds; }
  /// Begins one run of several, each of which has its own time.
  void begin_run() {
    started_ = clock_();
    max_runtime_ = 0;
  }

  /// Another reason to stop: `others` returns true. Each call of `take` asks it, and passes whether
  /// a signal has asked this rank.
  void set_others(std::function<bool(bool was_asked)> others) { others_ = std::move(others); }

  TrainingRequest take() override;

  /// Whether a signal has asked this rank to stop.
  bool was_asked() const;
  /// Who asked this rank to stop: "SIGTERM"; "another rank" if this rank was not asked.
  std::string who_asked() const;

 private:
  double (*clock_)();
  double started_;
  double max_runtime_ = 0;
  bool is_over_ = false;  // max_runtime_ has passed
  std::function<bool(bool)> others_;
};

}  // namespace lockstep

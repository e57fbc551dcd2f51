#pragma once

#include <functional>
#include <string>
#include <utility>

#include "framework/training/exchange/training_request.hpp"
#include "framework/training/step/heartbeat.hpp"

namespace lockstep {

/// The exit code of a training that stopped on request, with a checkpoint.
inline constexpr int kStoppedOnRequest = 75;

/// SIGUSR1 and SIGUSR2 wait from here on until there are RunRequests, instead of ending a program
/// that starts; verbs without a run never hear of them. Call it before any thread is started.
void hold_requests();

/// What a run is asked by signals to this process and by the end of its time.
///
/// SIGUSR1, SIGTERM and SIGINT stop it with a checkpoint, SIGUSR2 saves one; a second SIGINT ends
/// the process at once, as it would any other. A SIGINT that the process was started to ignore, as
/// in the background of a script, stays ignored. Signals may come at any time and more than once.
/// A SIGTERM from the process that started this one, a launcher that kills next, is told to its
/// watchdog, too: a rank that then waits in vain need not wait to be killed.
class RunRequests final : public RequestSource {
 public:
  /// From here on signals are requests, until the process ends. One a process.
  /// @param clock      seconds since any fixed moment; the run's time begins now
  /// @param heartbeat  lives as long as the process takes signals
  RunRequests(double (*clock)(), Heartbeat& heartbeat);

  /// Ask for a stop once so many seconds have passed since construction, or since the last run's
  /// begin; 0: never.
  void set_max_runtime(double seconds) { max_runtime_ = seconds; }
  /// One run of several begins, whose time is its own.
  void begin_run() {
    started_ = clock_();
    max_runtime_ = 0;
  }

  /// Also stop when this says so. It is asked with every `take`, by whoever calls that, and told
  /// whether a signal has asked this rank.
  void set_others(std::function<bool(bool was_asked)> others) { others_ = std::move(others); }

  TrainingRequest take() override;

  /// Whether a signal has asked this rank to stop.
  bool was_asked() const;
  /// Who asked this rank to stop: "SIGTERM"; "another rank" when nobody asked this one.
  std::string who_asked() const;

 private:
  double (*clock_)();
  double started_;
  double max_runtime_ = 0;
  bool is_over_ = false;  // max_runtime_ has passed
  std::function<bool(bool)> others_;
};

}  // namespace lockstep

#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "framework/training/step/heartbeat.hpp"

namespace lockstep {

/// Ends the process with exit code 4 when its heart has not beaten for too long. First it writes
/// one line on stderr that says where the process stood still.
///
/// A rank that is stopped, spins or has silently left makes all others wait for ever, and MPI does
/// not notice. The watchdog does, whatever the main thread hangs in. Time in which the whole
/// process was stopped does not count. The end is as sudden as a kill: nothing is written to the
/// run's folder, and the run can go on from its last checkpoint. When the launcher is about to kill
/// the rank anyway, a wait for others that takes twice as long as any before it also ends the
/// process: mpirun is then done more than a second earlier.
/// Threading contract: one owner. Its own thread takes no lock that others use, allocates nothing
/// and calls no MPI.
class Watchdog {
 public:
  /// @param who  how the line begins: "[rank 1 host]"
  Watchdog(const Heartbeat& heartbeat, std::string who);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Sets how long, in seconds, may pass without a beat; 0, the initial value: any time.
  ///
  void set_deadline(double seconds);

 private:
  const Heartbeat& heartbeat_;
  std::string who_;
  std::atomic<double> deadline_ = 0;
  std::jthread thread_;

  void watch(const std::stop_token& stop) const;
  [[noreturn]] void end_after(double deadline) const;
  [[noreturn]] void end_with_the_job() const;
};

}  // namespace lockstep

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cluster/placement.hpp"
#include "cluster/watchdog.hpp"
#include "framework/training/exchange/communicator.hpp"
#include "framework/training/step/heartbeat.hpp"

namespace lockstep {

/// Owns MPI's lifetime, and knows where this rank runs.
///
/// MPI is initialised only under a launcher (its variables OMPI_COMM_WORLD_SIZE, PMIX_RANK or
/// PMI_RANK are set), since initialising it costs 0.4 s. Otherwise the session is a group of one.
/// Ranks that may have to wait for others are watched from before MPI's start to its end. A group
/// of one is never watched: nobody waits for it, and slow work is no failure.
/// Threading contract: only the main thread uses it (MPI_THREAD_FUNNELED). One session per process.
class MpiSession {
 public:
  /// @throws Error (usage) when started as one of several Slurm tasks without a PMI, since each of
  ///         them would train alone; Error (peer) when MPI cannot be initialised.
  MpiSession();
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  Communicator& communicator() { return *communicator_; }
  int rank() const { return communicator_->rank(); }
  int size() const { return communicator_->size(); }
  bool under_launcher() const { return initialized_; }

  /// Where all ranks run.
  const JobPlacement& placement() const { return placement_; }
  /// Cores for this rank, at least 1: those of its affinity mask, divided by the ranks of this host
  /// that have the same mask.
  int fair_threads() const { return placement_.fair_threads(rank()); }
  /// Number of different hosts of the job.
  int hosts() const { return static_cast<int>(placement_.hosts().size()); }
  const std::string& host_name() const { return host_name_; }
  /// "Open MPI v4.1.4" or "none".
  std::string mpi_library() const;
  /// How many threads may call MPI: "funneled" (only the main thread, which is all that is
  /// requested) or more; "none" without MPI.
  std::string thread_level() const;

  /// Where this rank reports its progress.
  Heartbeat& heartbeat() { return heartbeat_; }
  /// Sets how long this rank may stand still before the watchdog ends the job with 4, in seconds;
  /// 0: for ever. At first it is `kStartUpDeadline`.
  void set_deadline(double seconds);
  static constexpr double kStartUpDeadline = 120;

  /// The ranks that name the same group, in their order. Collective. Must be destroyed before the
  /// session.
  std::unique_ptr<Communicator> make_group(int group) const;

  /// Whether all of these ranks make this call within some seconds. A finding that every rank
  /// should share may be that of one rank only, whose machine miscalculates.
  bool all_ranks_come(Communicator& ranks);

  /// Ends every rank of the job at once with this exit code.
  [[noreturn]] void abort(int exit_code) const;

 private:
  Heartbeat heartbeat_;
  std::optional<Watchdog> watchdog_;  // empty in a group of one
  bool initialized_ = false;
  std::unique_ptr<Communicator> communicator_;
  std::string host_name_;
  JobPlacement placement_{{Placement{}}};

  void start_mpi();
};

/// Runs a program's body inside a session. It turns what escapes from the body into one line on
/// stderr and the exit code of the contract. An error that all ranks find together is reported by
/// rank 0 alone. Any other error names its rank and ends the whole job.
int run_in_session(const std::function<int(MpiSession&)>& body);

}  // namespace lockstep

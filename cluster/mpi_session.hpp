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
/// PMI_RANK are set), since initialising it costs 0.4 s; otherwise the session is a group of one.
/// Ranks that have others to wait for are watched from before MPI's start to its end, a group of
/// one never: nobody waits for it, and slow work is no failure.
/// Threading contract: the main thread's alone (MPI_THREAD_FUNNELED). One session a process.
class MpiSession {
 public:
  /// @throws Error (usage) when started as one of several Slurm tasks without a PMI, which would
  ///         make each of them train alone; Error (peer) when MPI cannot be initialised.
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
  /// Cores for this rank: those of its affinity mask, divided by the ranks of this host that have
  /// the same mask. At least 1.
  int fair_threads() const { return placement_.fair_threads(rank()); }
  /// Number of different hosts of the job.
  int hosts() const { return static_cast<int>(placement_.hosts().size()); }
  const std::string& host_name() const { return host_name_; }
  /// "Open MPI v4.1.4" or "none".
  std::string mpi_library() const;
  /// How many threads may call MPI: "funneled" (the main thread alone, all that is asked for) or
  /// more; "none" without MPI.
  std::string thread_level() const;

  /// Where this rank says that it is alive.
  Heartbeat& heartbeat() { return heartbeat_; }
  /// From now on this rank may stand still for so long before the watchdog ends the job with 4; 0:
  /// for ever. At first it may for `kStartUpDeadline`.
  void set_deadline(double seconds);
  static constexpr double kStartUpDeadline = 120;

  /// The ranks that name the same group, in their order. Collective; to be gone before the session.
  std::unique_ptr<Communicator> make_group(int group) const;

  /// Whether all of these ranks make this call within some seconds. What every rank is thought to
  /// have found, one whose machine miscalculates may have found alone.
  bool all_ranks_come(Communicator& ranks);

  /// Ends every rank of the job at once with this exit code.
  [[noreturn]] void abort(int exit_code) const;

 private:
  Heartbeat heartbeat_;
  std::optional<Watchdog> watchdog_;  // none in a group of one
  bool initialized_ = false;
  std::unique_ptr<Communicator> communicator_;
  std::string host_name_;
  JobPlacement placement_{{Placement{}}};

  void start_mpi();
};

/// Runs a program's body inside a session and turns what escapes from it into one line on stderr
/// and the exit code of the contract. An error that all ranks find together is spoken by rank 0
/// alone; any other names its rank and ends the whole job.
int run_in_session(const std::function<int(MpiSession&)>& body);

}  // namespace lockstep

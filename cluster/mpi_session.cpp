#include "cluster/mpi_session.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <new>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <mpi.h>

#include "cluster/mpi_check.hpp"
#include "cluster/mpi_communicator.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

bool is_set(const char* variable) { return std::getenv(variable) != nullptr; }

bool launched() {
  return is_set("OMPI_COMM_WORLD_SIZE") || is_set("PMIX_RANK") || is_set("PMI_RANK");
}

// As the launcher has it, before MPI can be asked.
std::string_view launched_rank() {
  for (const char* const variable : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    if (is_set(variable)) return std::getenv(variable);
  }
  return "?";
}

// Several tasks of one Slurm step that cannot find one another would each train alone, all into the
// same folder.
void refuse_lonely_tasks() {
  const char* const tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  if (tasks == nullptr || std::string_view(tasks) == "1") return;
  throw Error(ErrorKind::usage,
              fmt::format("Slurm started {} tasks, but without a process manager through which "
                          "they find one another; start them with 'srun --mpi=pmix' or 'mpirun'.",
                          tasks));
}

std::string this_host() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

cpu_set_t affinity_mask() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof(mask), &mask) != 0) CPU_SET(0, &mask);
  return mask;
}

// Host and mask in one text, equal for ranks that share the same cores.
std::string place_of(const std::string& host, const cpu_set_t& mask) {
  std::string place = host + ':';
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &mask)) place += fmt::format("{},", cpu);
  }
  return place;
}

// One write, so that lines of several ranks do not mix.
void speak(const std::string& line) {
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = write(STDERR_FILENO, rest.data(), rest.size());
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

// An error of one rank: the others wait for it in vain, so the job ends here.
int report(MpiSession* session, int exit_code, std::string_view message) {
  if (session == nullptr || session->rank() == 0) {
    speak(fmt::format("lockstep: {}\n", message));
  } else {
    speak(fmt::format("[rank {} {}] {}\n", session->rank(), session->host_name(), message));
  }
  if (session != nullptr && session->size() > 1) session->abort(exit_code);
  return exit_code;
}

}  // namespace

MpiSession::MpiSession() : host_name_(this_host()) {
  if (!launched()) {
    refuse_lonely_tasks();
    communicator_ = std::make_unique<SoloCommunicator>();
    fair_threads_ = []() {
      const cpu_set_t mask = affinity_mask();
      return std::max(1, CPU_COUNT(&mask));
    }();
    return;
  }
  watchdog_.emplace(heartbeat_, fmt::format("[rank {} {}]", launched_rank(), host_name_));
  set_deadline(kStartUpDeadline);
  int provided = 0;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  initialized_ = true;
  communicator_ = std::make_unique<MpiCommunicator>();
  if (size() == 1) watchdog_.reset();
  look_around();
}

MpiSession::~MpiSession() {
  heartbeat_.enter("end of MPI", 0);
  communicator_.reset();
  if (initialized_) MPI_Finalize();
}

void MpiSession::set_deadline(double seconds) {
  heartbeat_.beat();
  if (watchdog_) watchdog_->set_deadline(seconds);
}

void MpiSession::look_around() {
  const cpu_set_t mask = affinity_mask();
  const std::string mine = place_of(host_name_, mask);
  const std::vector<std::string> places = all_gather_text(*communicator_, mine);
  const auto sharing = std::count(places.begin(), places.end(), mine);
  fair_threads_ = std::max(1, CPU_COUNT(&mask) / static_cast<int>(sharing));
  std::set<std::string> hosts;
  for (const std::string& place : places) hosts.insert(place.substr(0, place.find(':')));
  hosts_ = static_cast<int>(hosts.size());
}

std::string MpiSession::library() const {
  if (!initialized_) return "none";
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  check_mpi(MPI_Get_library_version(text.data(), &length), "MPI_Get_library_version");
  const std::string_view version(text.data(), static_cast<std::size_t>(length));
  return std::string(version.substr(0, version.find(',')));
}

void MpiSession::abort(int exit_code) const {
  if (initialized_) MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

int run_in_session(const std::function<int(MpiSession&)>& body) {
  std::optional<MpiSession> session;
  const auto fail = [&session](ErrorKind kind, std::string_view message) {
    return report(session ? &*session : nullptr, static_cast<int>(kind), message);
  };
  try {
    session.emplace();
    return body(*session);
  } catch (const CollectiveError& error) {
    if (session->rank() == 0) speak(fmt::format("lockstep: {}\n", error.what()));
    return error.exit_code();
  } catch (const Error& error) {
    return fail(error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::usage,
                "There is not enough memory for this; use a smaller batch, network or data set.");
  } catch (const std::exception& error) {
    return fail(ErrorKind::data, fmt::format("Something unforeseen failed: {}.", error.what()));
  }
}

}  // namespace lockstep

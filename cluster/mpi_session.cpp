#include "cluster/mpi_session.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <mpi.h>

#include "cluster/mpi_check.hpp"
#include "cluster/mpi_communicator.hpp"
#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {
namespace {

// For ranks that should end together, some of which may still be writing files.
constexpr std::chrono::seconds kPatience(3);

// The rank by the launcher's variables, before MPI can be asked.
std::string_view launched_rank() {
  for (const char* const variable : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    if (const char* const rank = std::getenv(variable)) return rank;
  }
  return "?";
}

// Several tasks of one Slurm step that cannot find one another would each train alone, all of them
// into the same folder.
void refuse_lonely_tasks() {
  const char* const tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  if (tasks == nullptr || std::string_view(tasks) == "1") return;
  throw Error(errors::kLaunch,
              fmt::format("Slurm started {} tasks without a process manager (PMI), so they cannot "
                          "find one another; start them with 'srun --mpi=pmix' or 'mpirun'.",
                          tasks));
}

std::string this_host() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

// A single write, so that lines of several ranks do not mix.
void speak(const std::string& line) {
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = write(STDERR_FILENO, rest.data(), rest.size());
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

// An error of one rank: the others would wait for it in vain, so the job ends here.
int report(MpiSession* session, int exit_code, std::string_view message) {
  if (session == nullptr || session->rank() == 0) {
    speak(fmt::format("lockstep: {}\n", escape_controls(message)));
  } else {
    speak(fmt::format("[rank {} {}] {}\n", session->rank(), session->host_name(),
                      escape_controls(message)));
  }
  if (session != nullptr && session->size() > 1) session->abort(exit_code);
  return exit_code;
}

}  // namespace

MpiSession::MpiSession() : host_name_(this_host()) {
  const Launcher launcher = launcher_here();
  if (launcher == Launcher::none) {
    refuse_lonely_tasks();
    communicator_ = std::make_unique<SoloCommunicator>();
  } else {
    start_mpi();
  }
  placement_ = gather_placements(*communicator_, placement_here(host_name_, launcher));
}

void MpiSession::start_mpi() {
  watchdog_.emplace(heartbeat_, fmt::format("[rank {} {}]", launched_rank(), host_name_));
  set_deadline(kStartUpDeadline);
  int provided = 0;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  initialized_ = true;
  communicator_ = std::make_unique<MpiCommunicator>();
  if (size() == 1) watchdog_.reset();
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

std::string MpiSession::mpi_library() const {
  if (!initialized_) return "none";
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  check_mpi(MPI_Get_library_version(text.data(), &length), "MPI_Get_library_version");
  const std::string_view version(text.data(), static_cast<std::size_t>(length));
  return std::string(version.substr(0, version.find(',')));
}

std::string MpiSession::thread_level() const {
  if (!initialized_) return "none";
  int level = MPI_THREAD_SINGLE;
  check_mpi(MPI_Query_thread(&level), "MPI_Query_thread");
  if (level == MPI_THREAD_SINGLE) return "single";
  if (level == MPI_THREAD_FUNNELED) return "funneled";
  return level == MPI_THREAD_SERIALIZED ? "serialized" : "multiple";
}

std::unique_ptr<Communicator> MpiSession::make_group(int group) const {
  if (!initialized_) return std::make_unique<SoloCommunicator>();
  return static_cast<const MpiCommunicator&>(*communicator_).split(group);
}

bool MpiSession::all_ranks_come(Communicator& ranks) {
  constexpr int kChannel = 1000;  // used by nothing else
  const auto exchange = ranks.make_exchange(kChannel);
  const std::byte here{1};
  std::vector<std::byte> there(static_cast<std::size_t>(ranks.size()));
  std::vector<OutgoingMessage> outgoing;
  std::vector<IncomingMessage> incoming;
  for (int other = 0; other < ranks.size(); ++other) {
    if (other == ranks.rank()) continue;
    outgoing.push_back({other, {&here, 1}});
    incoming.push_back({other, {&there[static_cast<std::size_t>(other)], 1}});
  }
  exchange->start(outgoing, incoming);
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  while (!exchange->progress()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    heartbeat_.beat();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

void MpiSession::abort(int exit_code) const {
  if (initialized_) MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

int run_in_session(const std::function<int(MpiSession&)>& body) {
  std::optional<MpiSession> session;
  const auto fail = [&session](const Error& error) {
    return report(session ? &*session : nullptr, error.exit_code(), sentence_of(error));
  };
  try {
    session.emplace();
    return body(*session);
  } catch (const CollectiveError& error) {
    if (!session->all_ranks_come(session->communicator())) {
      return fail(
          {error.code(), fmt::format("{} No other rank has found this: check the machine of this "
                                     "rank.",
                                     error.what())});
    }
    if (session->rank() == 0)
      speak(fmt::format("lockstep: {}\n", escape_controls(sentence_of(error))));
    return error.exit_code();
  } catch (const std::exception& exception) {
    return fail(as_error(exception));
  }
}

}  // namespace lockstep

#include "framework/storage/sandbox/sandboxed_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string>
#include <system_error>

#include "framework/storage/sandbox/limits.hpp"

namespace lockstep {
namespace {

// The descriptors that a sandboxed process has, beside the three standard ones.
constexpr int kChannel = 3;
constexpr int kFile = 4;

constexpr std::string_view kMark = "--sandboxed";

bool g_can_be_started_anew = false;

std::string system_reason(int error) { return std::generic_category().message(error); }

/// Owns the lists that posix_spawn takes.
struct SpawnLists {
  SpawnLists() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnLists() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnLists(const SpawnLists&) = delete;
  SpawnLists& operator=(const SpawnLists&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

/// Standard streams lead nowhere: the C library reports damaged memory on stderr, in words that
/// help nobody. Sanitizers report there what must be seen.
void set_descriptors(SpawnLists& lists, int channel, int file) {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO}) {
    ::posix_spawn_file_actions_addopen(&lists.actions, stream, "/dev/null", O_RDWR, 0);
  }
  if (!has_sanitizers()) {
    ::posix_spawn_file_actions_addopen(&lists.actions, STDERR_FILENO, "/dev/null", O_RDWR, 0);
  }
  ::posix_spawn_file_actions_adddup2(&lists.actions, channel, kChannel);
  ::posix_spawn_file_actions_adddup2(&lists.actions, file, kFile);
}

/// Signals are meant for the starter, also those that a terminal or a launcher sends to a group.
void set_apart(SpawnLists& lists) {
  sigset_t all;
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&lists.attributes, &all);
  ::posix_spawnattr_setflags(&lists.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
}

/// A copy of a descriptor beyond those that the new process gets, so that none is overwritten
/// before it is copied.
int out_of_the_way(int descriptor) {
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kFile + 1);
  if (copy < 0) throw NoProcess(system_reason(errno));
  return copy;
}

int start(const std::string& service, int channel, int file) {
  SpawnLists lists;
  set_descriptors(lists, channel, file);
  set_apart(lists);
  std::string program = "lockstep";
  std::string mark(kMark);
  std::string name = service;
  const std::array<char*, 4> arguments = {program.data(), mark.data(), name.data(), nullptr};
  pid_t process = -1;
  const int failure = ::posix_spawn(&process, "/proc/self/exe", &lists.actions, &lists.attributes,
                                    arguments.data(), environ);
  if (failure != 0) throw NoProcess(system_reason(failure));
  return process;
}

/// "Segmentation fault"
std::string describe_end(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGKILL) return "it was killed, perhaps for lack of memory";
    if (signal == SIGBUS) return "the file could not be read to its end";
    return fmt::format("it crashed ({})", ::strsignal(signal));
  }
  return fmt::format("it ended with code {}", WEXITSTATUS(status));
}

}  // namespace

bool can_be_started_anew() { return g_can_be_started_anew; }

std::optional<int> serve_if_sandboxed(std::span<const SandboxService> services, int argc,
                                      const char* const* argv) {
  g_can_be_started_anew = true;
  const std::span<const char* const> words(argv, static_cast<std::size_t>(argc));
  if (words.size() != 3 || words[1] != kMark) return {};
  const auto found = std::ranges::find(services, std::string_view(words[2]), &SandboxService::name);
  if (found == services.end()) return {};
  ::close_range(kFile + 1, ~0U, 0);
  try {
    const Channel channel(kChannel);
    found->serve(channel, kFile);
  } catch (...) {
    ::_exit(1);
  }
  ::_exit(0);  // without the work that libraries do at the end, which may be forbidden by now
}

SandboxedProcess::SandboxedProcess(std::string_view service, int file) {
  if (!can_be_started_anew()) {
    throw NoProcess("the main function of this program does not call serve_if_sandboxed first");
  }
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw NoProcess(system_reason(errno));
  }
  channel_.emplace(ends[0]);
  const Channel other(ends[1]);
  const Channel for_process(out_of_the_way(other.descriptor()));
  const Channel file_for_process(out_of_the_way(file));
  process_ = start(std::string(service), for_process.descriptor(), file_for_process.descriptor());
}

SandboxedProcess::~SandboxedProcess() { end(); }

int SandboxedProcess::end() {
  // A number below 1 would name other processes, even all of them.
  if (process_ < 1) return 0;
  ::kill(process_, SIGKILL);
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = 0;
  return status;
}

void SandboxedProcess::give_up(const std::string& reason) {
  if (process_ > 0) {
    const int status = end();
    loss_ = reason.empty() ? describe_end(status) : reason;
  }
  throw ProcessLost(loss_);
}

void SandboxedProcess::require_process() {
  if (process_ < 1) give_up("");
}

Channel::Waiting SandboxedProcess::patience(std::size_t bytes_of_work) {
  using Clock = std::chrono::steady_clock;
  constexpr double kSeconds = 2;
  constexpr double kBytesPerSecond = 2e7;
  constexpr double kSecondsWithoutComputing = 60;
  const double begun = computing_time(process_);
  const double most = kSeconds + static_cast<double>(bytes_of_work) / kBytesPerSecond;
  const auto began = Clock::now();
  return [=, this] {
    if (computing_time(process_) - begun > most) {
      give_up(fmt::format("it did not come to an end within {:.0f} s of computing", most));
    }
    // A machine under load gives little time, a suspended one none.
    const std::chrono::duration<double> waited = Clock::now() - began;
    if (waited.count() > most * kSecondsWithoutComputing) give_up("it did not answer");
  };
}

void SandboxedProcess::send(const Message& message) {
  require_process();
  if (!channel_->send(message)) give_up("");
}

Message SandboxedProcess::receive(std::size_t bytes_of_work) {
  constexpr std::size_t kLongest = std::size_t{1} << 28;
  require_process();
  Message message;
  if (!channel_->receive(message, kLongest, patience(bytes_of_work))) give_up("");
  return message;
}

void SandboxedProcess::receive_bytes(std::span<std::byte> bytes, std::size_t bytes_of_work) {
  require_process();
  if (!channel_->receive_bytes(bytes, patience(bytes_of_work))) give_up("");
}

void SandboxedProcess::allow_memory(std::size_t bytes) const {
  if (process_ < 1) return;
  limit_memory(process_, memory_in_use(process_) + bytes);
}

}  // namespace lockstep

#include "experiments/sweep/trial_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "framework/storage/files/descriptor.hpp"

namespace lockstep {
namespace {

// Works even if the program's file has been replaced.
constexpr const char* kThisProgram = "/proc/self/exe";

bool is_launchers(std::string_view variable) {
  constexpr auto kPrefixes = std::to_array<std::string_view>({"OMPI_", "PMIX_", "PMI_", "SLURM_"});
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return variable.starts_with(prefix); });
}

std::vector<char*> own_environment() {
  std::vector<char*> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!is_launchers(*variable)) variables.push_back(*variable);
  }
  variables.push_back(nullptr);
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Everything that the new process needs: between fork and exec nothing may be allocated.
struct Launch {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  int said;
  int nowhere;
  pid_t parent;
  sigset_t signals;  // blocked in the new program
};

void forget_handler(int signal) {
  struct sigaction action {};
  if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) {
    std::signal(signal, SIG_DFL);
  }
}

[[noreturn]] void become(const Launch& launch) {
  constexpr int kNotStarted = 127;
  // This process's handlers would swallow signals that are meant for the new program.
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGUSR2}) forget_handler(signal);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  // The parent ended before it could be watched.
  if (getppid() != launch.parent) _exit(kNotStarted);
  dup2(launch.nowhere, STDIN_FILENO);
  dup2(launch.nowhere, STDOUT_FILENO);
  dup2(launch.said, STDERR_FILENO);
  // Closes connections of MPI: other ranks would take the new process for this rank after its end.
  close_range(STDERR_FILENO + 1, ~0U, 0);
  pthread_sigmask(SIG_SETMASK, &launch.signals, nullptr);
  execve(kThisProgram, launch.arguments.data(), launch.environment.data());
  _exit(kNotStarted);
}

// SIGUSR1 and SIGUSR2 are held until the new program is ready for them.
sigset_t held_in_the_new_program() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGUSR2);
  return signals;
}

pid_t start(const std::vector<std::string>& arguments, const std::filesystem::path& said) {
  const Descriptor errors(said, OpenMode::append);
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), "lockstep");
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  const Launch launch{.arguments = pointers_to(words),
                      .environment = own_environment(),
                      .said = errors.number(),
                      .nowhere = nowhere,
                      .parent = getpid(),
                      .signals = held_in_the_new_program()};
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t started = fork();
  if (started == 0) become(launch);
  const int problem = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  close(nowhere);
  if (started < 0) throw system_error("start a process for", said.parent_path(), problem);
  return started;
}

}  // namespace

TrialProcess::TrialProcess(const std::vector<std::string>& arguments,
                           const std::filesystem::path& said)
    : pid_(start(arguments, said)) {}

TrialProcess::~TrialProcess() {
  send(SIGTERM);
  if (!end_) wait(0);
}

void TrialProcess::wait(int options) {
  int status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(pid_, &status, options);
  } while (ended < 0 && errno == EINTR);
  if (ended != pid_) return;
  end_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::optional<int> TrialProcess::poll() {
  if (!end_) wait(WNOHANG);
  return end_;
}

void TrialProcess::send(int signal) const {
  if (!end_) kill(pid_, signal);
}

}  // namespace lockstep

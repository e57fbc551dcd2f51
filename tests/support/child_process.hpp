#pragma once

// Runs a piece of a test in a process of its own: for limits that cannot be taken back, and for
// kills.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <exception>

namespace lockstep::testing {

/// How a child ended: its exit code, or minus the signal that killed it.
template <class Call>
int in_child(Call call) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 99;
    try {
      code = call();
    } catch (const std::exception&) {
      code = 98;
    }
    ::_exit(code);  // no destructors or exit handlers of the parent's twice
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// Lets files grow to `bytes` only; a write beyond fails with EFBIG, as one on a full disk with
/// ENOSPC.
inline void limit_file_size(std::size_t bytes) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{.rlim_cur = bytes, .rlim_max = bytes};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace lockstep::testing

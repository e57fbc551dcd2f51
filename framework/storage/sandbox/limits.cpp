#include "framework/storage/sandbox/limits.hpp"

#include <fmt/format.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fstream>

#include "framework/core/build_info.hpp"

namespace lockstep {
namespace {

void set_limit(decltype(RLIMIT_CORE) resource, rlim_t most) {
  const rlimit limit{.rlim_cur = most, .rlim_max = most};
  ::setrlimit(resource, &limit);
}

/// Computing, memory, messages on open descriptors, and the end.
constexpr std::array kAllowedCalls = {
    SCMP_SYS(read),         SCMP_SYS(pread64),        SCMP_SYS(lseek),        SCMP_SYS(fstat),
    SCMP_SYS(recvfrom),     SCMP_SYS(sendto),         SCMP_SYS(poll),         SCMP_SYS(ppoll),
    SCMP_SYS(brk),          SCMP_SYS(munmap),         SCMP_SYS(mremap),       SCMP_SYS(madvise),
    SCMP_SYS(futex),        SCMP_SYS(sched_yield),    SCMP_SYS(getpid),       SCMP_SYS(gettid),
    SCMP_SYS(getrandom),    SCMP_SYS(clock_gettime),  SCMP_SYS(gettimeofday), SCMP_SYS(time),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(exit),         SCMP_SYS(exit_group),
};

/// Memory may be mapped and protected, but not made executable.
bool allow_plain_memory(scmp_filter_ctx filter) {
  const scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
  return ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable) == 0 &&
         ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable) == 0;
}

bool limit_calls() {
  scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == nullptr) return false;
  bool done = allow_plain_memory(filter);
  for (const int call : kAllowedCalls) {
    // A call that this processor's Linux lacks needs no permission.
    const int result = ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
    done = done && (result == 0 || result == -EDOM);
  }
  done = done && ::seccomp_load(filter) == 0;
  ::seccomp_release(filter);
  return done;
}

}  // namespace

bool has_sanitizers() { return !build_info().sanitizers.empty(); }

bool give_up_rights(std::size_t memory) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // one that had gone before is noticed by the channel's end
  ::prctl(PR_SET_DUMPABLE, 0);
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_FSIZE, 0);
  limit_memory(::getpid(), memory_in_use(::getpid()) + memory);
  return !has_sanitizers() && limit_calls();
}

void limit_memory(int process, std::size_t memory) {
  if (has_sanitizers()) return;
  rlimit limit{};
  if (::prlimit(process, RLIMIT_AS, nullptr, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(memory, limit.rlim_max);
  ::prlimit(process, RLIMIT_AS, &limit, nullptr);
}

std::size_t memory_in_use(int process) {
  std::ifstream file(fmt::format("/proc/{}/statm", process));
  std::size_t pages = 0;
  file >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

double computing_time(int process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return -1;
  constexpr double kNanosecond = 1e-9;
  return static_cast<double>(time.tv_sec) + kNanosecond * static_cast<double>(time.tv_nsec);
}

}  // namespace lockstep

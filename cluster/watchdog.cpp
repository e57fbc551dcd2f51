#include "cluster/watchdog.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

using Seconds = std::chrono::duration<double>;
using Clock = std::chrono::steady_clock;

constexpr Seconds kInterval(0.1);
// The most time that one look counts for: a later look was held up itself.
constexpr Seconds kLongestInterval(0.5);
// The shortest wait for other ranks that counts, given how often the watchdog looks.
constexpr Seconds kShortestWait(0.15);
constexpr int kStalled = errors::kStalled.number;

// A pipe that nobody reads must not keep the process alive.
void speak_if_possible(std::string_view line) {
  pollfd descriptor{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (poll(&descriptor, 1, 0) == 1) {
    static_cast<void>(write(STDERR_FILENO, line.data(), line.size()) == 0);
  }
}

}  // namespace

Watchdog::Watchdog(const Heartbeat& heartbeat, std::string who)
    : heartbeat_(heartbeat),
      who_(std::move(who)),
      thread_([this](const std::stop_token& stop) { watch(stop); }) {}

Watchdog::~Watchdog() = default;

void Watchdog::set_deadline(double seconds) { deadline_ = seconds; }

void Watchdog::watch(const std::stop_token& stop) const {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  std::uint64_t beats = heartbeat_.beats();
  bool waited = false;
  Seconds still(0);
  Seconds longest_wait = kShortestWait;
  Clock::time_point last = Clock::now();
  while (!stopped.wait_for(lock, stop, kInterval, [&] { return stop.stop_requested(); })) {
    const Clock::time_point now = Clock::now();
    still += std::min<Seconds>(now - std::exchange(last, now), kLongestInterval);
    const double deadline = deadline_;
    const bool has_moved = std::exchange(beats, heartbeat_.beats()) != beats;
    if (has_moved && waited) longest_wait = std::max(longest_wait, still);
    waited = heartbeat_.waits_for_ranks();
    if (deadline == 0 || has_moved) still = Seconds(0);
    if (deadline > 0 && still.count() > deadline) end_after(deadline);
    if (waited && heartbeat_.end_is_near() && still > 2 * longest_wait) end_with_the_job();
  }
}

void Watchdog::end_after(double deadline) const {
  fmt::basic_memory_buffer<char, 2048> line;  // as much as fits without allocating
  fmt::format_to(std::back_inserter(line), "{} Nothing has moved for {} s", who_, deadline);
  if (heartbeat_.step() > 0) {
    fmt::format_to(std::back_inserter(line), " at step {}", heartbeat_.step());
  }
  fmt::format_to(std::back_inserter(line),
                 " ({}), so the job ends: another rank may have failed or been stopped; find the "
                 "cause, or raise train.step_deadline if steps take that long, and start the job "
                 "again with --resume. [E{}]\n",
                 heartbeat_.place(), kStalled);
  speak_if_possible({line.data(), line.size()});
  _exit(static_cast<int>(ErrorKind::peer));
}

void Watchdog::end_with_the_job() const {
  fmt::basic_memory_buffer<char, 2048> line;
  fmt::format_to(std::back_inserter(line),
                 "{} The launcher is ending the job, and the ranks that this one waits for at step "
                 "{} ({}) do not answer; start the job again with --resume. [E{}]\n",
                 who_, heartbeat_.step(), heartbeat_.place(), kStalled);
  speak_if_possible({line.data(), line.size()});
  _exit(static_cast<int>(ErrorKind::peer));
}

}  // namespace lockstep

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
// What one look counts for at most: a look that comes later than that was held up itself.
constexpr Seconds kLongestInterval(0.5);

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
  Seconds still(0);
  Clock::time_point last = Clock::now();
  while (!stopped.wait_for(lock, stop, kInterval, [&] { return stop.stop_requested(); })) {
    const Clock::time_point now = Clock::now();
    still += std::min<Seconds>(now - std::exchange(last, now), kLongestInterval);
    const double deadline = deadline_;
    if (deadline == 0 || std::exchange(beats, heartbeat_.beats()) != beats) still = Seconds(0);
    if (deadline > 0 && still.count() > deadline) end(deadline);
  }
}

void Watchdog::end(double deadline) const {
  fmt::basic_memory_buffer<char, 2048> line;  // as much without allocating
  fmt::format_to(std::back_inserter(line), "{} Nothing has moved for {} s", who_, deadline);
  if (heartbeat_.step() > 0) {
    fmt::format_to(std::back_inserter(line), " at step {}", heartbeat_.step());
  }
  fmt::format_to(std::back_inserter(line),
                 " ({}), so the job ends: another rank may have failed or been stopped; see "
                 "to it, or raise train.step_deadline where steps take that long, and start the "
                 "job again with --resume.\n",
                 heartbeat_.place());
  speak_if_possible({line.data(), line.size()});
  _exit(static_cast<int>(ErrorKind::peer));
}

}  // namespace lockstep

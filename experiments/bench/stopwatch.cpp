#include "experiments/bench/stopwatch.hpp"

#include <algorithm>
#include <cassert>

#include "experiments/text/clock.hpp"
#include "framework/kernels/machine_limits.hpp"

namespace lockstep {
namespace {

constexpr double kGiga = 1e9;
constexpr double kMostSeconds = 1.5;  // of one measurement, after the fewest windows
constexpr std::size_t kFewestWindows = 3;

double quantile(std::vector<double> values, double share) {
  assert(!values.empty());
  const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size()));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

Measured summary(const std::vector<double>& values) {
  return {.median = quantile(values, 0.5), .best = *std::max_element(values.begin(), values.end())};
}

// GFLOP/s of the best of three short stretches. It hardly ever happens that all three are
// interrupted.
double peak_of_this_thread() {
  constexpr double kStretch = 3e-5;  // seconds
  std::size_t rounds = 64;
  double best = 0;
  for (int stretch = 0; stretch < 3;) {
    const double start = seconds_now();
    const double operations = run_fused_multiply_adds(rounds).operations;
    const double seconds = seconds_now() - start;
    if (seconds < kStretch) {
      rounds *= 2;
      continue;
    }
    best = std::max(best, operations / seconds / kGiga);
    ++stretch;
  }
  return best;
}

}  // namespace

double measure_peak(const WorkerTeam& team) {
  std::vector<double> peaks(static_cast<std::size_t>(team.threads()));
  team.run([&](int slot) { peaks[static_cast<std::size_t>(slot)] = peak_of_this_thread(); });
  double sum = 0;
  for (const double peak : peaks) sum += peak;
  return sum / static_cast<double>(team.threads());
}

Pace Stopwatch::measure(const Task& task) {
  task.work();
  std::vector<double> rates;
  std::vector<double> fractions;
  const double begin = setup_.clock();
  for (int window = 0; window < setup_.windows; ++window) {
    if (rates.size() >= kFewestWindows && setup_.clock() - begin > kMostSeconds) break;
    peaks_.push_back(setup_.peak(task.team));
    const double start = setup_.clock();
    const double cpu_start = setup_.cpu_clock();
    double count = 0;
    double seconds = 0;
    do {
      count += task.work();
      seconds = setup_.clock() - start;
    } while (seconds < task.window);
    if (task.team.threads() == 1) {
      alone_seconds_ += seconds;
      alone_cpu_seconds_ += setup_.cpu_clock() - cpu_start;
    }
    rates.push_back(count / seconds);
    fractions.push_back(rates.back() * task.operations /
                        (kGiga * peaks_.back() * static_cast<double>(task.team.threads())));
  }
  return {.per_second = summary(rates), .peak_fraction = summary(fractions)};
}

Measured Stopwatch::peak_gflops() const { return summary(peaks_); }

double Stopwatch::peak_drop() const { return 1 - quantile(peaks_, 0.1) / summary(peaks_).best; }

double Stopwatch::waiting_share() const {
  return alone_seconds_ > 0 ? std::max(0.0, 1 - alone_cpu_seconds_ / alone_seconds_) : 0;
}

}  // namespace lockstep

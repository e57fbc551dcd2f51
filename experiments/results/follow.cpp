#include "experiments/results/follow.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "experiments/program/output.hpp"
#include "experiments/results/run_summary.hpp"
#include "experiments/text/clock.hpp"
#include "experiments/text/progress_lines.hpp"
#include "framework/storage/files/run_lock.hpp"

namespace lockstep {
namespace {

constexpr double kLinesInterval = 30;   // seconds between two lines
constexpr double kShortestWait = 0.5;   // seconds between two looks
constexpr double kWaitPerReading = 10;  // so that looking takes at most a tenth of a core

class Follower {
 public:
  Follower(const Console& console, const std::filesystem::path& run)
      : console_(console), run_(run), last_line_(seconds_now()) {}

  void look() {
    const MetricsTables tables = metrics_of_run(run_).tables;
    shown_ = std::min(shown_, tables.epochs.size());  // a run may begin anew
    for (; shown_ < tables.epochs.size(); ++shown_) {
      const EpochRecord& record = tables.epochs[shown_];
      say(evaluation_fields(record, loss_at(tables, record.step)));
    }
    if (tables.steps.empty() || seconds_now() - last_line_ < kLinesInterval) return;
    const StepRecord& step = tables.steps.back();
    say(step_fields(step, step.images_per_second));
  }

 private:
  const Console& console_;
  const std::filesystem::path& run_;
  double last_line_;
  std::size_t shown_ = 0;  // evaluations

  static double loss_at(const MetricsTables& tables, Index step) {
    const auto found = std::ranges::find(tables.steps, step, &StepRecord::step);
    return found == tables.steps.end() ? kNotMeasured : found->loss;
  }
  void say(const std::string& line) {
    console_.result(line);
    last_line_ = seconds_now();
  }
};

}  // namespace

void follow_run(const Console& console, const std::filesystem::path& run) {
  Follower follower(console, run);
  while (true) {
    // Asked first, so that what it writes last is seen too.
    const bool goes_on = is_run_locked(run);
    const double before = seconds_now();
    follower.look();
    if (is_reader_gone()) return;
    if (!goes_on) break;
    const double wait = std::max(kShortestWait, kWaitPerReading * (seconds_now() - before));
    std::this_thread::sleep_for(std::chrono::duration<double>(wait));
  }
  console.result(outcome_line(run));
}

}  // namespace lockstep

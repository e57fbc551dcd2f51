#include "experiments/program/progress.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "experiments/text/figures.hpp"
#include "experiments/text/progress_lines.hpp"

namespace lockstep {
namespace {

constexpr double kBarInterval = 0.1;   // seconds between two drawings
constexpr double kLinesInterval = 30;  // seconds between two lines
constexpr std::size_t kBarCells = 24;

std::string bar(double share) {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(kBarCells));
  return std::string(full, '#') + std::string(kBarCells - full, '.');
}

std::string accuracy_of(std::string_view split, double accuracy) {
  return std::isnan(accuracy) ? "" : fmt::format(", {} {}", split, percent(accuracy));
}

// For people, within 80 columns.
std::string evaluation_sentence(const EpochRecord& record) {
  return fmt::format("epoch {:.4g}: loss {}, accuracy{}{}{}", record.epoch,
                     figure(record.train_loss),
                     accuracy_of("train", record.train_accuracy).substr(1),
                     accuracy_of("validation", record.validation_accuracy),
                     accuracy_of("test", record.test_accuracy));
}

}  // namespace

ProgressMode progress_mode(std::string_view choice, const Console& console) {
  if (choice == "bar") return ProgressMode::bar;
  if (choice == "lines") return ProgressMode::lines;
  if (choice == "none") return ProgressMode::none;
  return console.redraws() ? ProgressMode::bar : ProgressMode::lines;
}

Progress::Progress(const Console& console, const Setup& setup)
    : console_(console), setup_(setup), last_shown_(setup.clock()), rate_since_(last_shown_) {}

void Progress::measure_rate(double now) {
  if (now > rate_since_) rate_ = static_cast<double>(rate_samples_) / (now - rate_since_);
  rate_since_ = now;
  rate_samples_ = 0;
}

void Progress::on_step(const StepRecord& record) {
  loss_ = record.loss;
  rate_samples_ += record.samples;
  if (setup_.mode == ProgressMode::none) return;
  const double now = setup_.clock();
  if (!started_) {
    started_ = true;
    started_at_ = now;
    started_step_ = record.step;
    rate_since_ = now;
    rate_samples_ = 0;
  }
  if (!is_due(now)) return;
  measure_rate(now);
  if (setup_.mode == ProgressMode::bar) {
    draw_bar(record, now);
  } else {
    say(step_fields(record, rate_));
  }
}

// Whether it is time to show something. If so, `now` becomes the time of the last display.
bool Progress::is_due(double now) {
  const double interval = setup_.mode == ProgressMode::bar ? kBarInterval : kLinesInterval;
  if (now - last_shown_ < interval) return false;
  last_shown_ = now;
  return true;
}

void Progress::draw_bar(const StepRecord& record, double now) {
  const double share = static_cast<double>(record.step) / static_cast<double>(setup_.total_steps);
  const Index done = record.step - started_step_;
  const Index left = setup_.total_steps - record.step;
  const std::string remaining =
      done > 0
          ? clock_text((now - started_at_) / static_cast<double>(done) * static_cast<double>(left))
          : "-:--";
  console_.redraw(fmt::format("epoch {:.2f}/{:.4g} [{}] loss {} {:.1f}k img/s {} left",
                              record.epoch, setup_.total_epochs, bar(share), figure(record.loss),
                              rate_ / 1000, remaining));
  line_open_ = true;
}

void Progress::on_evaluation(const EpochRecord& record) {
  if (setup_.mode == ProgressMode::none) return;
  say(setup_.mode == ProgressMode::bar ? evaluation_sentence(record)
                                       : evaluation_fields(record, loss_));
  last_shown_ = setup_.clock();
  // The time of the evaluation is not the training's.
  rate_since_ = last_shown_;
  rate_samples_ = 0;
}

void Progress::on_evaluating(Index samples, Index of) {
  if (setup_.mode == ProgressMode::none) return;
  if (samples == of) return finish();
  if (!is_due(setup_.clock())) return;
  if (setup_.mode == ProgressMode::lines)
    return say(fmt::format("evaluated={} of={}", samples, of));
  console_.redraw(fmt::format("evaluating [{}] {} of {} samples",
                              bar(static_cast<double>(samples) / static_cast<double>(of)), samples,
                              of));
  line_open_ = true;
}

void Progress::say(const std::string& line) {
  finish();
  console_.remark(line);
}

void Progress::warn(const std::string& message) {
  finish();
  console_.warning(message);
}

void Progress::finish() {
  if (!line_open_) return;
  console_.redraw("");
  line_open_ = false;
}

}  // namespace lockstep

#pragma once

#include <string>
#include <string_view>

#include "experiments/program/console.hpp"
#include "framework/training/diagnosis/run_records.hpp"

namespace lockstep {

enum class ProgressMode { bar, lines, none };

/// "auto" is a bar on a terminal of this process alone, and lines otherwise.
ProgressMode progress_mode(std::string_view choice, const Console& console);

/// Shows on stderr how training goes: a redrawn bar, or stable lines (key=value), one per
/// evaluation and at most one in 30 s between them. Long evaluations have a bar or lines as well.
class Progress {
 public:
  struct Setup {
    ProgressMode mode;
    Index total_steps = 0;
    double total_epochs = 0;
    double (*clock)();  ///< seconds
  };
  Progress(const Console& console, const Setup& setup);

  void on_step(const StepRecord& record);
  void on_evaluation(const EpochRecord& record);
  /// This many of all samples have been evaluated.
  void on_evaluating(Index samples, Index of);
  /// Warns in any mode.
  void warn(const std::string& message);
  /// Leaves the current line of the terminal empty.
  void finish();

 private:
  const Console& console_;
  Setup setup_;
  double last_shown_;
  double rate_ = 0;  ///< images per second since the last step shown
  double rate_since_;
  Index rate_samples_ = 0;  ///< since then
  bool started_ = false;
  bool line_open_ = false;
  double started_at_ = 0;
  Index started_step_ = 0;
  double loss_ = 0;

  bool is_due(double now);
  void draw_bar(const StepRecord& record, double now);
  void say(const std::string& line);
  void measure_rate(double now);
};

}  // namespace lockstep

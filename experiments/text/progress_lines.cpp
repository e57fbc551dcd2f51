#include "experiments/text/progress_lines.hpp"

#include <cmath>

#include <fmt/format.h>

#include "experiments/text/figures.hpp"

namespace lockstep {
namespace {

// " key=value" for a figure that was measured.
std::string field(std::string_view key, double value) {
  return std::isnan(value) ? "" : fmt::format(" {}={}", key, figure(value));
}

}  // namespace

std::string step_fields(const StepRecord& record, double images_per_second) {
  return fmt::format("epoch={:.4g} step={} loss={} learning_rate={:.4g} images_per_second={:.0f}",
                     record.epoch, record.step, figure(record.loss), record.learning_rate,
                     images_per_second);
}

std::string evaluation_fields(const EpochRecord& record, double loss) {
  return fmt::format(
      "epoch={:.4g} step={} loss={}{}{}{}{}{}{}", record.epoch, record.step, figure(loss),
      field("train_loss", record.train_loss), field("train_accuracy", record.train_accuracy),
      field("validation_loss", record.validation_loss),
      field("validation_accuracy", record.validation_accuracy),
      field("test_loss", record.test_loss), field("test_accuracy", record.test_accuracy));
}

}  // namespace lockstep

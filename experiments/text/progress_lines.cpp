#include "experiments/text/progress_lines.hpp"

#include <cmath>

#include <fmt/format.h>

#include "experiments/text/figures.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

// " key=value" if the figure was measured, else "".
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
  std::string fields =
      fmt::format("epoch={:.4g} step={} loss={}", record.epoch, record.step, figure(loss));
  for (const auto& column : kFigureColumns) fields += field(column.name, record.*column.member);
  return fields;
}

}  // namespace lockstep

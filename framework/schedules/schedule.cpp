#include "framework/schedules/schedule.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace lockstep {
namespace {

using Bounds = SettingsReader::Bounds;

constexpr Bounds kFraction{0, 1};
constexpr Bounds kSteps{0, 1e12};

Schedule::Warmup read_warmup(SettingsReader& settings, double usual) {
  Schedule::Warmup warmup;
  if (settings.second_of("warmup", "warmup_steps")) {
    warmup.steps = settings.integer("warmup_steps", kSteps);
    if (warmup.steps == 0) settings.keep_as("warmup_steps", "warmup", Value::real(0));
  } else {
    warmup.fraction = settings.real_or("warmup", kFraction, usual);
  }
  warmup.initial_fraction =
      settings.real_or("initial_fraction", kFraction, warmup.initial_fraction);
  return warmup;
}

// Another curve, stretched over more or fewer steps.
class Stretched final : public RateCurve {
 public:
  Stretched(const RateCurve& whole, double factor) : whole_(whole), factor_(factor) {}

  double fraction(const Position& position) const override {
    return whole_.fraction({.step = position.step * factor_, .steps = position.steps * factor_});
  }
  bool depends_on_length() const override { return whole_.depends_on_length(); }

 private:
  const RateCurve& whole_;
  double factor_;
};

}  // namespace

Schedule::Schedule(double peak, Warmup warmup, std::unique_ptr<const RateCurve> curve)
    : peak_(peak), warmup_(warmup), curve_(std::move(curve)) {}

float Schedule::rate(Index step, Index total_steps) const {
  assert(step >= 0 && step < total_steps);
  const Index warmup = warmup_steps(total_steps);
  double fraction = 0;
  if (step < warmup) {
    const double progress = static_cast<double>(step) / static_cast<double>(warmup);
    fraction = warmup_.initial_fraction + (1.0 - warmup_.initial_fraction) * progress;
  } else {
    fraction = curve_->fraction({.step = static_cast<double>(step - warmup),
                                 .steps = static_cast<double>(total_steps - warmup)});
  }
  return static_cast<float>(peak_ * fraction);
}

Index Schedule::warmup_steps(Index total_steps) const {
  if (warmup_.steps > 0) return warmup_.steps;
  return static_cast<Index>(std::round(warmup_.fraction * static_cast<double>(total_steps)));
}

bool Schedule::depends_on_total_steps() const {
  return curve_->depends_on_length() || (warmup_.steps == 0 && warmup_.fraction > 0);
}

Schedule read_schedule(SettingsReader& settings) {
  const std::vector<ScheduleType> types = all_schedule_types();
  std::vector<std::string_view> names;
  for (const ScheduleType& type : types) names.push_back(type.name);
  const std::string name = settings.choice("schedule", names);
  const auto type = std::ranges::find(types, name, &ScheduleType::name);
  const double peak = settings.real("peak", kRateBounds);
  const Schedule::Warmup warmup = read_warmup(settings, type->usual_warmup);
  return {peak, warmup, type->create(settings)};
}

Schedule make_schedule(const Value& settings) {
  SettingsReader reader(settings, "learning_rate");
  Schedule schedule = read_schedule(reader);
  reader.finish();
  return schedule;
}

Schedule constant_schedule(double peak) {
  Value settings = Value::mapping();
  settings.set("schedule", Value::string("constant"));
  settings.set("peak", Value::real(peak));
  return make_schedule(settings);
}

Schedule shortened(const Schedule& whole, Index total_steps, Index steps, double factor) {
  const auto total = static_cast<double>(total_steps);
  const Schedule::Warmup warmup{
      .fraction = std::min(1.0, static_cast<double>(whole.warmup_steps(total_steps)) / total),
      .initial_fraction = whole.warmup().initial_fraction};
  return {whole.peak() * factor, warmup,
          std::make_unique<Stretched>(whole.curve(), total / static_cast<double>(steps))};
}

}  // namespace lockstep

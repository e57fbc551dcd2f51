#include "framework/schedules/schedule.hpp"

namespace lockstep {
namespace {

/// final + (1 - final) * (1 - step / steps), final = final_fraction: a straight line that would
/// reach `final` at the step after the last. Together with warm-up, its rising slope, it is one
/// cycle (Smith and Topin 2018).
class OneCycle final : public RateCurve {
 public:
  explicit OneCycle(SettingsReader& settings)
      : final_fraction_(settings.real_or("final_fraction", {0, 1}, 0)) {}

  double fraction(const Position& position) const override {
    const double progress = position.step / position.steps;
    const double fall = 1.0 - final_fraction_;
    return final_fraction_ + fall * (1.0 - progress);
  }
  bool depends_on_length() const override { return true; }

 private:
  double final_fraction_;
};

std::unique_ptr<const RateCurve> create(SettingsReader& settings) {
  return std::make_unique<OneCycle>(settings);
}

}  // namespace

ScheduleType one_cycle_schedule_type() {
  return {.name = "one_cycle",
          .create = create,
          .usual_warmup = 0.1,
          .examples = {{}, {{"final_fraction", "0.5"}, {"warmup", "0"}}, {{"warmup_steps", "5"}}},
          .refused = {{{"final_fraction", "-0.1"}}, {{"final_fraction", "1.5"}}}};
}

}  // namespace lockstep

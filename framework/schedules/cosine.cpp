#include <numbers>

#include "framework/core/elementary.hpp"
#include "framework/schedules/schedule.hpp"

namespace lockstep {
namespace {

/// final + (1 - final) * (1 + cos(pi * step / steps)) / 2, final = final_fraction: half a wave that
/// would reach `final` at the step after the last (Loshchilov and Hutter 2017, without restarts).
class Cosine final : public RateCurve {
 public:
  explicit Cosine(SettingsReader& settings)
      : final_fraction_(settings.real_or("final_fraction", {0, 1}, 0)) {}

  double fraction(const Position& position) const override {
    const double progress = position.step / position.steps;
    const double fall = 1.0 - final_fraction_;
    return final_fraction_ + fall * (1.0 + elementary::cos(std::numbers::pi * progress)) / 2.0;
  }
  bool depends_on_length() const override { return true; }

 private:
  double final_fraction_;
};

std::unique_ptr<const RateCurve> create(SettingsReader& settings) {
  return std::make_unique<Cosine>(settings);
}

}  // namespace

ScheduleType cosine_schedule_type() {
  return {.name = "cosine",
          .create = create,
          .examples = {{}, {{"final_fraction", "0.25"}}, {{"warmup_steps", "5"}}},
          .refused = {{{"final_fraction", "-0.1"}}, {{"final_fraction", "1.5"}}}};
}

}  // namespace lockstep

#include <cmath>

#include "framework/core/elementary.hpp"
#include "framework/schedules/schedule.hpp"

namespace lockstep {
namespace {

using Bounds = SettingsReader::Bounds;

/// factor^floor(step / every_steps): stairs that fall by the same factor each time.
///
class Step final : public RateCurve {
 public:
  explicit Step(SettingsReader& settings)
      : factor_(settings.real_or("factor", {0, 1, Bounds::Ends::above_low}, 0.1)),
        every_steps_(settings.integer("every_steps", {1, 1e12})) {}

  double fraction(const Position& position) const override {
    return elementary::pow(factor_, std::floor(position.step / static_cast<double>(every_steps_)));
  }
  bool depends_on_length() const override { return false; }
  std::optional<FirstFall> first_fall() const override {
    return FirstFall{.key = "every_steps", .step = every_steps_};
  }

 private:
  double factor_;
  Index every_steps_;
};

std::unique_ptr<const RateCurve> create(SettingsReader& settings) {
  return std::make_unique<Step>(settings);
}

}  // namespace

ScheduleType step_schedule_type() {
  return {.name = "step",
          .create = create,
          .examples = {{{"every_steps", "7"}}, {{"factor", "0.5"}, {"every_steps", "3"}}},
          .refused = {{},
                      {{"every_steps", "0"}},
                      {{"every_steps", "2.5"}},
                      {{"every_steps", "7"}, {"factor", "0"}},
                      {{"every_steps", "7"}, {"factor", "1.1"}}}};
}

}  // namespace lockstep

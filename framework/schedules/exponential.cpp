#include "framework/core/elementary.hpp"
#include "framework/schedules/schedule.hpp"

namespace lockstep {
namespace {

using Bounds = SettingsReader::Bounds;

/// factor^(step / every_steps): a smooth form of the stairs of `step`.
class Exponential final : public RateCurve {
 public:
  explicit Exponential(SettingsReader& settings)
      : factor_(settings.real_or("factor", {0, 1, Bounds::Ends::above_low}, 0.1)),
        every_steps_(static_cast<double>(settings.integer("every_steps", {1, 1e12}))) {}

  double fraction(const Position& position) const override {
    return elementary::pow(factor_, position.step / every_steps_);
  }
  bool depends_on_length() const override { return false; }

 private:
  double factor_;
  double every_steps_;
};

std::unique_ptr<const RateCurve> create(SettingsReader& settings) {
  return std::make_unique<Exponential>(settings);
}

}  // namespace

ScheduleType exponential_schedule_type() {
  return {.name = "exponential",
          .create = create,
          .examples = {{{"every_steps", "7"}}, {{"factor", "0.99"}, {"every_steps", "1"}}},
          .refused = {{},
                      {{"every_steps", "0"}},
                      {{"every_steps", "7"}, {"factor", "0"}},
                      {{"every_steps", "7"}, {"factor", "-0.5"}}}};
}

}  // namespace lockstep

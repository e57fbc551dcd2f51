#include "framework/schedules/schedule.hpp"

namespace lockstep {
namespace {

/// Stays at the peak: 1.
class Constant final : public RateCurve {
 public:
  double fraction(const Position& /*position*/) const override { return 1.0; }
  bool depends_on_length() const override { return false; }
};

std::unique_ptr<const RateCurve> create(SettingsReader& /*settings*/) {
  return std::make_unique<Constant>();
}

}  // namespace

ScheduleType constant_schedule_type() {
  return {.name = "constant",
          .create = create,
          .examples = {{}, {{"warmup_steps", "7"}, {"initial_fraction", "0"}}, {{"warmup", "0.3"}}},
          .refused = {{{"warmup", "1.5"}},
                      {{"warmup_steps", "-1"}},
                      {{"warmup", "0.1"}, {"warmup_steps", "2"}},
                      {{"initial_fraction", "2"}}}};
}

}  // namespace lockstep

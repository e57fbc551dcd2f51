#include "framework/training/update/schedule.hpp"

#include <boost/test/unit_test.hpp>

namespace lockstep {
namespace {

using Type = ScheduleSettings::Type;

// Powers of two and short fractions make most of the expected rates exact in double and in float.
float rate(const ScheduleSettings& settings, Index step, Index total_steps = 100) {
  return learning_rate(settings, step, total_steps);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedule)

BOOST_AUTO_TEST_CASE(constant_is_the_peak_at_every_step) {
  const ScheduleSettings settings{.type = Type::constant, .peak = 0.1};
  BOOST_TEST(rate(settings, 0) == 0.1F);
  BOOST_TEST(rate(settings, 99) == 0.1F);
  BOOST_TEST(rate(settings, 0, 1) == 0.1F);
}

BOOST_AUTO_TEST_CASE(step_multiplies_by_the_factor_at_each_multiple) {
  const ScheduleSettings settings{
      .type = Type::step, .peak = 8.0, .factor = 0.5, .every_steps = 10};
  BOOST_TEST(rate(settings, 0) == 8.0F);
  BOOST_TEST(rate(settings, 9) == 8.0F);
  BOOST_TEST(rate(settings, 10) == 4.0F);
  BOOST_TEST(rate(settings, 19) == 4.0F);
  BOOST_TEST(rate(settings, 35) == 1.0F);
}

BOOST_AUTO_TEST_CASE(exponential_falls_smoothly_by_the_factor_over_every_steps) {
  const ScheduleSettings settings{
      .type = Type::exponential, .peak = 8.0, .factor = 0.25, .every_steps = 10};
  BOOST_TEST(rate(settings, 0) == 8.0F);
  BOOST_TEST(rate(settings, 5) == 4.0F);  // 0.25^(1/2) = 0.5
  BOOST_TEST(rate(settings, 10) == 2.0F);
  BOOST_TEST(rate(settings, 20) == 0.5F);
}

BOOST_AUTO_TEST_CASE(cosine_falls_from_the_peak_to_its_final_fraction) {
  const ScheduleSettings to_zero{.type = Type::cosine, .peak = 2.0};
  BOOST_TEST(rate(to_zero, 0) == 2.0F);
  BOOST_TEST(rate(to_zero, 50) == 1.0F);  // cos(pi/2) = 0 to within 1e-16
  // (1 + cos(pi/3))/2 = 3/4 at a third, (1 + cos(2 pi/3))/2 = 1/4 at two thirds.
  BOOST_TEST(rate(to_zero, 20, 60) == 1.5F);
  BOOST_TEST(rate(to_zero, 40, 60) == 0.5F);
  const ScheduleSettings to_half{.type = Type::cosine, .peak = 2.0, .final_fraction = 0.5};
  BOOST_TEST(rate(to_half, 0) == 2.0F);
  BOOST_TEST(rate(to_half, 50) == 1.5F);
}

BOOST_AUTO_TEST_CASE(one_cycle_rises_from_a_tenth_and_falls_linearly_to_zero) {
  // 10 % of 100 steps: 0.1 + 0.9 s/10 of the peak, then 1 - (s - 10)/90.
  const ScheduleSettings settings{.type = Type::one_cycle, .peak = 0.016, .warmup = 0.1};
  BOOST_TEST(warmup_steps(settings, 100) == 10);
  BOOST_TEST(rate(settings, 0) == 0.0016F);
  BOOST_TEST(rate(settings, 5) == static_cast<float>(0.016 * 0.55));
  BOOST_TEST(rate(settings, 10) == 0.016F);
  BOOST_TEST(rate(settings, 55) == 0.008F);
  BOOST_TEST(rate(settings, 99) == static_cast<float>(0.016 / 90),
             boost::test_tools::tolerance(1e-6F));
}

BOOST_AUTO_TEST_CASE(one_cycle_ends_at_its_final_fraction) {
  const ScheduleSettings settings{.type = Type::one_cycle, .peak = 1.0, .final_fraction = 0.25};
  BOOST_TEST(rate(settings, 0, 4) == 1.0F);
  BOOST_TEST(rate(settings, 2, 4) == 0.625F);   // 0.25 + 0.75/2
  BOOST_TEST(rate(settings, 3, 4) == 0.4375F);  // 0.25 + 0.75/4
}

BOOST_AUTO_TEST_CASE(every_schedule_warms_up_and_starts_its_own_count_afterwards) {
  ScheduleSettings settings{
      .peak = 8.0, .warmup_steps = 4, .initial_fraction = 0.0, .factor = 0.5, .every_steps = 10};
  for (const Type type :
       {Type::constant, Type::step, Type::exponential, Type::cosine, Type::one_cycle}) {
    settings.type = type;
    BOOST_TEST(rate(settings, 0) == 0.0F);
    BOOST_TEST(rate(settings, 1) == 2.0F);
    BOOST_TEST(rate(settings, 3) == 6.0F);
    BOOST_TEST(rate(settings, 4) == 8.0F);
  }
  settings.type = Type::step;
  BOOST_TEST(rate(settings, 13) == 8.0F);
  BOOST_TEST(rate(settings, 14) == 4.0F);
}

BOOST_AUTO_TEST_CASE(a_fraction_of_warm_up_is_rounded_to_whole_steps) {
  const ScheduleSettings tenth{.warmup = 0.1};
  BOOST_TEST(warmup_steps(tenth, 538) == 54);
  BOOST_TEST(warmup_steps(tenth, 4) == 0);
  BOOST_TEST(warmup_steps(tenth, 5) == 1);  // halves are rounded up
  BOOST_TEST(warmup_steps({.warmup = 1}, 7) == 7);
}

BOOST_AUTO_TEST_CASE(warm_up_longer_than_the_run_is_cut_off_by_its_end) {
  const ScheduleSettings settings{
      .type = Type::cosine, .peak = 1.0, .warmup_steps = 8, .initial_fraction = 0.5};
  BOOST_TEST(rate(settings, 2, 4) == 0.625F);
  BOOST_TEST(rate(settings, 3, 4) == 0.6875F);
}

BOOST_AUTO_TEST_CASE(the_length_of_the_run_matters_where_the_formula_says_so) {
  BOOST_TEST(!depends_on_total_steps({.type = Type::constant}));
  BOOST_TEST(!depends_on_total_steps({.type = Type::step, .warmup_steps = 10}));
  BOOST_TEST(!depends_on_total_steps({.type = Type::exponential}));
  BOOST_TEST(depends_on_total_steps({.type = Type::constant, .warmup = 0.1}));
  BOOST_TEST(depends_on_total_steps({.type = Type::cosine}));
  BOOST_TEST(depends_on_total_steps({.type = Type::one_cycle}));
  const ScheduleSettings long_warmup{.type = Type::constant, .peak = 3.0, .warmup_steps = 70};
  BOOST_TEST(rate(long_warmup, 42, 50) == rate(long_warmup, 42, 5000));
  const ScheduleSettings step{.type = Type::step, .peak = 3.0, .every_steps = 7};
  BOOST_TEST(rate(step, 42, 50) == rate(step, 42, 5000));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

#include "framework/schedules/schedule.hpp"

#include <boost/test/unit_test.hpp>

#include "framework/core/error.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep {
namespace {

using testing::parse_settings;

Schedule with(const std::string& type, const std::string& peak, const SettingTexts& more = {}) {
  SettingTexts settings = {{"schedule", type}, {"peak", peak}};
  settings.insert(settings.end(), more.begin(), more.end());
  return make_schedule(parse_settings(settings));
}

// Powers of two and short fractions make most of the expected rates exact in double and in float.
float rate(const Schedule& schedule, Index step, Index total_steps = 100) {
  return schedule.rate(step, total_steps);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedule)

BOOST_AUTO_TEST_CASE(constant_is_the_peak_at_every_step) {
  for (const Schedule& constant : {with("constant", "0.1"), constant_schedule(0.1)}) {
    BOOST_TEST(rate(constant, 0) == 0.1F);
    BOOST_TEST(rate(constant, 99) == 0.1F);
    BOOST_TEST(rate(constant, 0, 1) == 0.1F);
  }
}

BOOST_AUTO_TEST_CASE(step_multiplies_by_the_factor_at_each_multiple) {
  const Schedule halved = with("step", "8", {{"factor", "0.5"}, {"every_steps", "10"}});
  BOOST_TEST(rate(halved, 0) == 8.0F);
  BOOST_TEST(rate(halved, 9) == 8.0F);
  BOOST_TEST(rate(halved, 10) == 4.0F);
  BOOST_TEST(rate(halved, 19) == 4.0F);
  BOOST_TEST(rate(halved, 35) == 1.0F);
  const auto fall = halved.curve().first_fall();
  BOOST_REQUIRE(fall.has_value());
  BOOST_TEST(fall->key == "every_steps");
  BOOST_TEST(fall->step == 10);
}

BOOST_AUTO_TEST_CASE(exponential_falls_smoothly_by_the_factor_over_every_steps) {
  const Schedule smooth = with("exponential", "8", {{"factor", "0.25"}, {"every_steps", "10"}});
  BOOST_TEST(rate(smooth, 0) == 8.0F);
  BOOST_TEST(rate(smooth, 5) == 4.0F);  // 0.25^(1/2) = 0.5
  BOOST_TEST(rate(smooth, 10) == 2.0F);
  BOOST_TEST(rate(smooth, 20) == 0.5F);
}

BOOST_AUTO_TEST_CASE(cosine_falls_from_the_peak_to_its_final_fraction) {
  const Schedule to_zero = with("cosine", "2");
  BOOST_TEST(rate(to_zero, 0) == 2.0F);
  BOOST_TEST(rate(to_zero, 50) == 1.0F);  // cos(pi/2) = 0 to within 1e-16
  // (1 + cos(pi/3))/2 = 3/4 at a third, (1 + cos(2 pi/3))/2 = 1/4 at two thirds.
  BOOST_TEST(rate(to_zero, 20, 60) == 1.5F);
  BOOST_TEST(rate(to_zero, 40, 60) == 0.5F);
  const Schedule to_half = with("cosine", "2", {{"final_fraction", "0.5"}});
  BOOST_TEST(rate(to_half, 0) == 2.0F);
  BOOST_TEST(rate(to_half, 50) == 1.5F);
}

BOOST_AUTO_TEST_CASE(one_cycle_rises_from_a_tenth_and_falls_linearly_to_zero) {
  // 10 % of 100 steps: 0.1 + 0.9 s/10 of the peak, then 1 - (s - 10)/90.
  const Schedule cycle = with("one_cycle", "0.016");
  BOOST_TEST(cycle.warmup_steps(100) == 10);
  BOOST_TEST(rate(cycle, 0) == 0.0016F);
  BOOST_TEST(rate(cycle, 5) == static_cast<float>(0.016 * 0.55));
  BOOST_TEST(rate(cycle, 10) == 0.016F);
  BOOST_TEST(rate(cycle, 55) == 0.008F);
  BOOST_TEST(rate(cycle, 99) == static_cast<float>(0.016 / 90),
             boost::test_tools::tolerance(1e-6F));
}

BOOST_AUTO_TEST_CASE(one_cycle_ends_at_its_final_fraction) {
  const Schedule cycle = with("one_cycle", "1", {{"warmup", "0"}, {"final_fraction", "0.25"}});
  BOOST_TEST(rate(cycle, 0, 4) == 1.0F);
  BOOST_TEST(rate(cycle, 2, 4) == 0.625F);   // 0.25 + 0.75/2
  BOOST_TEST(rate(cycle, 3, 4) == 0.4375F);  // 0.25 + 0.75/4
}

BOOST_AUTO_TEST_CASE(every_schedule_warms_up_and_starts_its_own_count_afterwards) {
  const SettingTexts warmup = {{"warmup_steps", "4"}, {"initial_fraction", "0"}};
  SettingTexts falling = warmup;
  falling.insert(falling.end(), {{"factor", "0.5"}, {"every_steps", "10"}});
  for (const char* type : {"constant", "step", "exponential", "cosine", "one_cycle"}) {
    const bool falls = std::string(type) == "step" || std::string(type) == "exponential";
    const Schedule schedule = with(type, "8", falls ? falling : warmup);
    BOOST_TEST(rate(schedule, 0) == 0.0F);
    BOOST_TEST(rate(schedule, 1) == 2.0F);
    BOOST_TEST(rate(schedule, 3) == 6.0F);
    BOOST_TEST(rate(schedule, 4) == 8.0F);
  }
  const Schedule step = with("step", "8", falling);
  BOOST_TEST(rate(step, 13) == 8.0F);
  BOOST_TEST(rate(step, 14) == 4.0F);
}

BOOST_AUTO_TEST_CASE(a_fraction_of_warm_up_is_rounded_to_whole_steps) {
  const Schedule tenth = with("constant", "1", {{"warmup", "0.1"}});
  BOOST_TEST(tenth.warmup_steps(538) == 54);
  BOOST_TEST(tenth.warmup_steps(4) == 0);
  BOOST_TEST(tenth.warmup_steps(5) == 1);  // halves are rounded up
  BOOST_TEST(with("constant", "1", {{"warmup", "1"}}).warmup_steps(7) == 7);
}

BOOST_AUTO_TEST_CASE(warm_up_longer_than_the_run_is_cut_off_by_its_end) {
  const Schedule schedule =
      with("cosine", "1", {{"warmup_steps", "8"}, {"initial_fraction", "0.5"}});
  BOOST_TEST(rate(schedule, 2, 4) == 0.625F);
  BOOST_TEST(rate(schedule, 3, 4) == 0.6875F);
}

BOOST_AUTO_TEST_CASE(the_length_of_the_run_matters_where_the_formula_says_so) {
  const SettingTexts stairs = {{"every_steps", "7"}};
  BOOST_TEST(!with("constant", "1").depends_on_total_steps());
  BOOST_TEST(
      !with("step", "1", {{"warmup_steps", "10"}, {"every_steps", "7"}}).depends_on_total_steps());
  BOOST_TEST(!with("exponential", "1", stairs).depends_on_total_steps());
  BOOST_TEST(with("constant", "1", {{"warmup", "0.1"}}).depends_on_total_steps());
  BOOST_TEST(with("cosine", "1").depends_on_total_steps());
  BOOST_TEST(with("one_cycle", "1", {{"warmup", "0"}}).depends_on_total_steps());
  const Schedule long_warmup = with("constant", "3", {{"warmup_steps", "70"}});
  BOOST_TEST(rate(long_warmup, 42, 50) == rate(long_warmup, 42, 5000));
  const Schedule step = with("step", "3", stairs);
  BOOST_TEST(rate(step, 42, 50) == rate(step, 42, 5000));
}

BOOST_AUTO_TEST_CASE(what_is_read_is_written_with_its_defaults_and_one_kind_of_warm_up) {
  const auto consumed = [](const SettingTexts& settings) {
    const Value section = parse_settings(settings);
    SettingsReader reader(section, "learning_rate");
    read_schedule(reader);
    return reader.consumed();
  };
  BOOST_TEST((consumed({{"schedule", "step"}, {"peak", "0.50"}, {"every_steps", "9"}}) ==
              parse_settings({{"schedule", "step"},
                              {"peak", "0.5"},
                              {"warmup", "0"},
                              {"initial_fraction", "0.1"},
                              {"factor", "0.1"},
                              {"every_steps", "9"}})));
  const SettingTexts in_steps = {{"schedule", "constant"}, {"peak", "1"}, {"warmup_steps", "3"}};
  BOOST_TEST((consumed(in_steps) == parse_settings({{"schedule", "constant"},
                                                    {"peak", "1"},
                                                    {"warmup_steps", "3"},
                                                    {"initial_fraction", "0.1"}})));
  // No warm-up at all is always written as a fraction.
  const SettingTexts none = {{"schedule", "one_cycle"}, {"peak", "1"}, {"warmup_steps", "0"}};
  BOOST_TEST(consumed(none).find("warmup")->text == "0");
  BOOST_TEST(consumed(none).find("warmup_steps") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_shortened_schedule_passes_through_the_whole_one_in_fewer_steps) {
  // 1,000 steps as 100: 50 of warm-up become 5, stairs of 300 become 30.
  const Schedule stairs =
      with("step", "8", {{"warmup_steps", "50"}, {"factor", "0.5"}, {"every_steps", "300"}});
  const Schedule shorter = shortened(stairs, 1000, 100);
  BOOST_TEST(shorter.warmup_steps(100) == 5);
  BOOST_TEST(rate(shorter, 0) == rate(stairs, 0, 1000));
  BOOST_TEST(rate(shorter, 34) == 8.0F);
  BOOST_TEST(rate(shorter, 35) == 4.0F);
  BOOST_TEST(rate(shorter, 65) == 2.0F);
  const Schedule halved = shortened(stairs, 1000, 100, 0.5);
  BOOST_TEST(halved.peak() == 4.0);
  BOOST_TEST(rate(halved, 35) == 2.0F);
  const Schedule never_there = with("constant", "1", {{"warmup_steps", "5000"}});
  BOOST_TEST(shortened(never_there, 1000, 100).warmup_steps(100) == 100);
  const Schedule cosine = with("cosine", "2");
  BOOST_TEST(rate(shortened(cosine, 6000, 60), 20, 60) == 1.5F);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

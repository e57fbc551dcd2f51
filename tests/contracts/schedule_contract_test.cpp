// What every registered schedule keeps to, with every example of it.

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "framework/schedules/schedule.hpp"
#include "tests/contracts/sentence.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep {
namespace {

using namespace testing;

constexpr double kPeak = 0.7;
constexpr Index kLengths[] = {1, 2, 10, 137, 3000};

Value section_of(const ScheduleType& type, const SettingTexts& example) {
  Value section = parse_settings({{"schedule", std::string(type.name)}, {"peak", "0.7"}});
  for (const Value::Entry& entry : parse_settings(example).entries) {
    section.set(entry.key, entry.value);
  }
  return section;
}

void for_each_schedule_example(const std::function<void(const Value&)>& check) {
  for (const ScheduleType& type : all_schedule_types()) {
    for (const SettingTexts& example : type.examples) {
      BOOST_TEST_CONTEXT(describe(type.name, example)) { check(section_of(type, example)); }
    }
  }
}

std::vector<float> rates(const Schedule& schedule, Index steps) {
  std::vector<float> all;
  for (Index step = 0; step < steps; ++step) all.push_back(schedule.rate(step, steps));
  return all;
}

void check_bounds(const std::vector<float>& all, double peak) {
  const auto highest = static_cast<float>(peak);
  const bool fine = std::ranges::all_of(
      all, [&](float rate) { return std::isfinite(rate) && rate >= 0 && rate <= highest; });
  BOOST_TEST(fine);
}

// Whether two lengths of the run agree in all steps that both have.
bool agree(const Schedule& schedule, Index shorter, Index longer) {
  for (Index step = 0; step < shorter; ++step) {
    if (schedule.rate(step, shorter) != schedule.rate(step, longer)) return false;
  }
  return true;
}

BOOST_AUTO_TEST_SUITE(schedule_contract)

BOOST_AUTO_TEST_CASE(every_type_has_examples_and_refused_settings) {
  BOOST_TEST(!all_schedule_types().empty());
  for (const ScheduleType& type : all_schedule_types()) {
    BOOST_TEST_CONTEXT(type.name) {
      BOOST_TEST(!type.examples.empty());
      BOOST_TEST(!type.refused.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(settings_that_must_be_refused_give_a_usage_error_in_a_sentence) {
  for (const ScheduleType& type : all_schedule_types()) {
    for (const SettingTexts& settings : type.refused) {
      BOOST_TEST_CONTEXT(describe(type.name, settings)) {
        check_sentence(usage_error([&] { make_schedule(section_of(type, settings)); }));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_setting_is_refused_by_name) {
  for_each_schedule_example([](const Value& settings) {
    Value more = settings;
    more.set("no_such_setting", Value::integer(1));
    const std::string said = usage_error([&] { make_schedule(more); });
    check_sentence(said);
    BOOST_TEST(said.find("no_such_setting") != std::string::npos, said);
  });
}

BOOST_AUTO_TEST_CASE(what_was_read_gives_the_same_schedule_when_it_is_read_again) {
  for_each_schedule_example([](const Value& settings) {
    SettingsReader reader(settings, "learning_rate");
    const Schedule schedule = read_schedule(reader);
    const Value read = reader.consumed();
    SettingsReader again(read, "learning_rate");
    const Schedule same = read_schedule(again);
    BOOST_TEST((again.consumed() == read));
    BOOST_TEST((rates(schedule, 137) == rates(same, 137)));
  });
}

BOOST_AUTO_TEST_CASE(rates_are_finite_and_between_zero_and_the_peak) {
  for_each_schedule_example([](const Value& settings) {
    const Schedule schedule = make_schedule(settings);
    BOOST_TEST(schedule.peak() == kPeak);
    for (const Index steps : kLengths) {
      check_bounds(rates(schedule, steps), kPeak);
      check_bounds(rates(shortened(schedule, 10 * steps, steps, 0.5), steps), kPeak / 2);
    }
  });
}

BOOST_AUTO_TEST_CASE(the_first_step_after_warm_up_has_the_peak) {
  for_each_schedule_example([](const Value& settings) {
    const Schedule schedule = make_schedule(settings);
    for (const Index steps : kLengths) {
      const Index warmup = schedule.warmup_steps(steps);
      if (warmup >= steps) continue;
      BOOST_TEST(schedule.rate(warmup, steps) == static_cast<float>(kPeak),
                 boost::test_tools::tolerance(1e-6F));
    }
    BOOST_TEST(schedule.warmup_steps(3000) < 3000);
  });
}

BOOST_AUTO_TEST_CASE(a_rate_is_a_function_of_the_step_alone_whatever_was_asked_before) {
  for_each_schedule_example([](const Value& settings) {
    const Schedule schedule = make_schedule(settings);
    std::vector<float> backwards;
    for (Index step = 137; step-- > 0;) backwards.push_back(schedule.rate(step, 137));
    std::ranges::reverse(backwards);
    BOOST_TEST((backwards == rates(schedule, 137)));
  });
}

BOOST_AUTO_TEST_CASE(the_truth_is_told_about_the_length_of_the_run) {
  for_each_schedule_example([](const Value& settings) {
    const Schedule schedule = make_schedule(settings);
    const bool all_agree =
        agree(schedule, 50, 51) && agree(schedule, 50, 3000) && agree(schedule, 137, 1000);
    BOOST_TEST(schedule.depends_on_total_steps() == !all_agree);
  });
}

BOOST_AUTO_TEST_CASE(where_a_first_fall_is_told_the_rate_falls_there_and_not_before) {
  for_each_schedule_example([](const Value& settings) {
    const Schedule schedule = make_schedule(settings);
    const auto fall = schedule.curve().first_fall();
    if (!fall) return;
    BOOST_TEST(settings.find(fall->key) != nullptr);
    const auto at = [&](Index step) {
      return schedule.curve().fraction({.step = static_cast<double>(step), .steps = 1e6});
    };
    BOOST_TEST(at(fall->step - 1) == 1.0);
    BOOST_TEST(at(fall->step) < 1.0);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

// What every registered optimizer keeps to, with every example of it.

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "framework/core/parallel.hpp"
#include "framework/core/shape.hpp"
#include "framework/optimizers/optimizer.hpp"
#include "tests/contracts/sentence.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep {
namespace {

using namespace testing;

// No multiple of a vector's lanes.
constexpr std::size_t kSize = 4133;
constexpr Index kSteps = 4;

Value section_of(const OptimizerType& type, const SettingTexts& example) {
  Value section = parse_settings({{"type", std::string(type.name)}});
  for (const Value::Entry& entry : parse_settings(example).entries) {
    section.set(entry.key, entry.value);
  }
  return section;
}

void for_each_optimizer_example(const std::function<void(const Value&)>& check) {
  for (const OptimizerType& type : all_optimizer_types()) {
    for (const SettingTexts& example : type.examples) {
      BOOST_TEST_CONTEXT(describe(type.name, example)) { check(section_of(type, example)); }
    }
  }
}

// Parameters that an optimizer has moved, by gradients and rates that differ from step to step.
struct Moved {
  std::unique_ptr<Optimizer> optimizer;
  std::vector<float> values = random_values(kSize, 1);

  explicit Moved(const Value& settings) : optimizer(make_optimizer(settings, kSize)) {}

  static std::vector<float> gradient(Index step) {
    return random_values(kSize, 100 + static_cast<std::uint32_t>(step));
  }
  void start(Index step) const { optimizer->start_step(0.01F * static_cast<float>(step + 1)); }
  void update(std::size_t first, std::size_t size, const std::vector<float>& gradient) {
    optimizer->update(first, std::span(values).subspan(first, size),
                      std::span(gradient).subspan(first, size));
  }
  void step(Index number) {
    start(number);
    update(0, kSize, gradient(number));
  }
  void steps(Index first, Index last) {
    for (Index number = first; number < last; ++number) step(number);
  }
};

void check_same(const Moved& left, const Moved& right) {
  BOOST_TEST(first_difference(left.values, right.values) == kSame);
  const auto& one = std::as_const(*left.optimizer);
  const auto& other = std::as_const(*right.optimizer);
  BOOST_REQUIRE(one.buffers().size() == other.buffers().size());
  for (std::size_t b = 0; b < one.buffers().size(); ++b) {
    BOOST_TEST(first_difference(one.buffers()[b].values.span(), other.buffers()[b].values.span()) ==
               kSame);
  }
  BOOST_REQUIRE(one.scalars().size() == other.scalars().size());
  for (std::size_t s = 0; s < one.scalars().size(); ++s) {
    BOOST_TEST(one.scalars()[s].value == other.scalars()[s].value);
  }
}

BOOST_AUTO_TEST_SUITE(optimizer_contract)

BOOST_AUTO_TEST_CASE(every_type_has_examples_and_refused_settings) {
  BOOST_TEST(!all_optimizer_types().empty());
  for (const OptimizerType& type : all_optimizer_types()) {
    BOOST_TEST_CONTEXT(type.name) {
      BOOST_TEST(!type.examples.empty());
      BOOST_TEST(!type.refused.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(settings_that_must_be_refused_give_a_usage_error_in_a_sentence) {
  for (const OptimizerType& type : all_optimizer_types()) {
    for (const SettingTexts& settings : type.refused) {
      BOOST_TEST_CONTEXT(describe(type.name, settings)) {
        check_sentence(usage_error([&] { make_optimizer(section_of(type, settings), kSize); }));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_setting_is_refused_by_name) {
  for_each_optimizer_example([](const Value& settings) {
    Value more = settings;
    more.set("no_such_setting", Value::integer(1));
    const std::string said = usage_error([&] { make_optimizer(more, kSize); });
    check_sentence(said);
    BOOST_TEST(said.find("no_such_setting") != std::string::npos, said);
  });
}

BOOST_AUTO_TEST_CASE(what_was_read_gives_the_same_optimizer_when_it_is_read_again) {
  for_each_optimizer_example([](const Value& settings) {
    SettingsReader reader(settings, "optimizer");
    read_optimizer(reader, 0);
    const Value read = reader.consumed();
    SettingsReader again(read, "optimizer");
    read_optimizer(again, 0);
    BOOST_TEST((again.consumed() == read));
    Moved first(settings);
    Moved second(read);
    first.steps(0, kSteps);
    second.steps(0, kSteps);
    check_same(first, second);
  });
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_the_instruction_set) {
  for_each_optimizer_example([](const Value& settings) {
    Moved expected(settings);
    expected.steps(0, kSteps);
    for_each_isa([&] {
      Moved moved(settings);
      moved.steps(0, kSteps);
      check_same(moved, expected);
    });
  });
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_how_the_parameters_are_cut_and_in_which_order) {
  for_each_optimizer_example([](const Value& settings) {
    Moved whole(settings);
    whole.steps(0, kSteps);
    for (const std::size_t piece : {1U, 7U, 16U, 1000U, 4096U}) {
      Moved cut(settings);
      for (Index step = 0; step < kSteps; ++step) {
        const std::vector<float> gradient = Moved::gradient(step);
        cut.start(step);
        for (std::size_t i = (kSize + piece - 1) / piece; i-- > 0;) {
          cut.update(i * piece, std::min(piece, kSize - i * piece), gradient);
        }
      }
      check_same(cut, whole);
    }
  });
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_threads) {
  constexpr int kThreads = 4;
  const WorkerTeam team(kThreads);
  for_each_optimizer_example([&](const Value& settings) {
    Moved whole(settings);
    whole.steps(0, kSteps);
    Moved shared(settings);
    for (Index step = 0; step < kSteps; ++step) {
      const std::vector<float> gradient = Moved::gradient(step);
      shared.start(step);
      constexpr std::size_t kPart = (kSize + kThreads - 1) / kThreads;
      auto body = [&](int slot) {
        const std::size_t first = static_cast<std::size_t>(slot) * kPart;
        shared.update(first, std::min(kPart, kSize - first), gradient);
      };
      team.run(body);
    }
    check_same(shared, whole);
  });
}

BOOST_AUTO_TEST_CASE(state_that_is_saved_and_restored_goes_on_with_the_same_bits) {
  for_each_optimizer_example([](const Value& settings) {
    Moved whole(settings);
    whole.steps(0, kSteps);
    for (Index stop = 0; stop < kSteps; ++stop) {
      Moved before(settings);
      before.steps(0, stop);
      Moved after(settings);
      after.values = before.values;
      for (std::size_t b = 0; b < before.optimizer->buffers().size(); ++b) {
        std::ranges::copy(before.optimizer->buffers()[b].values.span(),
                          after.optimizer->buffers()[b].values.span().begin());
      }
      for (std::size_t s = 0; s < before.optimizer->scalars().size(); ++s) {
        after.optimizer->scalars()[s].value = before.optimizer->scalars()[s].value;
      }
      after.steps(stop, kSteps);
      check_same(after, whole);
    }
  });
}

BOOST_AUTO_TEST_CASE(state_has_names_of_its_own_and_the_parameters_layout) {
  for_each_optimizer_example([](const Value& settings) {
    const Moved moved(settings);
    std::set<std::string> names;
    for (const OptimizerBuffer& buffer : moved.optimizer->buffers()) {
      BOOST_TEST(!buffer.name.empty());
      BOOST_TEST(names.insert(buffer.name).second, buffer.name);
      BOOST_TEST(buffer.values.size() == kSize);
    }
    for (const OptimizerScalar& scalar : moved.optimizer->scalars()) {
      BOOST_TEST(!scalar.name.empty());
      BOOST_TEST(names.insert(scalar.name).second, scalar.name);
    }
  });
}

BOOST_AUTO_TEST_CASE(a_rate_of_zero_moves_nothing) {
  for_each_optimizer_example([](const Value& settings) {
    Moved moved(settings);
    moved.optimizer->start_step(0);
    moved.update(0, kSize, Moved::gradient(0));
    BOOST_TEST(first_difference(moved.values, random_values(kSize, 1)) == kSame);
  });
}

BOOST_AUTO_TEST_CASE(steps_go_downhill) {
  // Of f(x) = x^2 / 2, whose gradient is x.
  for_each_optimizer_example([](const Value& settings) {
    const auto optimizer = make_optimizer(settings, 2);
    std::vector<float> values = {1.0F, -1.0F};
    for (int step = 0; step < 10; ++step) {
      const std::vector<float> gradient = values;
      optimizer->start_step(0.01F);
      optimizer->update(0, values, gradient);
    }
    BOOST_TEST((values[0] > 0 && values[0] < 1), values[0]);
    BOOST_TEST(values[1] == -values[0]);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

// What every registered loss keeps to, with every example of it.

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "framework/core/parallel.hpp"
#include "tests/contracts/sentence.hpp"
#include "tests/contracts/tried_loss.hpp"

namespace lockstep {

using namespace testing;

BOOST_AUTO_TEST_SUITE(loss_contract)

BOOST_AUTO_TEST_CASE(every_type_has_examples_and_refused_settings) {
  BOOST_TEST(!all_loss_types().empty());
  for (const LossType& type : all_loss_types()) {
    BOOST_TEST_CONTEXT(type.name) {
      BOOST_TEST(!type.examples.empty());
      BOOST_TEST(!type.refused.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(settings_that_must_be_refused_give_a_usage_error_in_a_sentence) {
  for (const LossType& type : all_loss_types()) {
    for (const SettingTexts& settings : type.refused) {
      BOOST_TEST_CONTEXT(describe(type.name, settings)) {
        check_sentence(usage_error([&] { make_tried_loss(type, parse_settings(settings)); }));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_type_is_refused_with_the_known_ones_and_the_nearest) {
  for (const LossType& type : all_loss_types()) {
    const std::string misspelled = std::string(type.name) + "x";
    const std::string said = usage_error([&] {
      const Value settings = parse_settings({{"type", misspelled}});
      SettingsReader reader(settings, "loss");
      read_loss(reader);
    });
    check_sentence(said);
    BOOST_TEST(said.ends_with("did you mean '" + std::string(type.name) + "'?"), said);
    for (const LossType& other : all_loss_types()) {
      BOOST_TEST(said.find(other.name) < said.find(misspelled), said);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_was_read_gives_the_same_loss_when_it_is_read_again) {
  for_each_loss([](const TriedLoss& tried) {
    Value settings = tried.settings;
    settings.set("type", Value::string(std::string(tried.type.name)));
    SettingsReader first(settings, "loss");
    read_loss(first);
    SettingsReader second(first.consumed(), "loss");
    const auto again = read_loss(second);
    second.finish();
    BOOST_TEST((second.consumed() == first.consumed()));
    for (const auto& entry : tried.settings.entries) {
      BOOST_TEST((*first.consumed().find(entry.key) == entry.value), entry.key);
    }
    LossRun run(tried.classes, 1);
    run.take(*again);
    check_same_losses(run, taken(tried, 1));
  });
}

/// Step of central differences, a power of two. Losses of about 1 are rounded to 1e-7, which leaves
/// an error of 1e-7 / 0.0156; curvature leaves 1e-5.
constexpr float kStep = 0x1p-7F;
constexpr double kTolerance = 1e-3;

BOOST_AUTO_TEST_CASE(gradients_agree_with_central_differences) {
  for_each_loss([](const TriedLoss& tried) {
    const LossRun expected = taken(tried, 1);
    LossRun run(tried.classes, 1);
    for (std::size_t k = 0; k < tried.classes; ++k) {
      const auto losses_at = [&](float distance) {
        for (std::size_t n = 0; n < kLanes; ++n) run.outputs.at(k, n) += distance;
        run.take(*tried.loss);
        return run.losses;
      };
      const std::vector<float> above = losses_at(kStep);
      const std::vector<float> below = losses_at(-2 * kStep);
      losses_at(kStep);
      for (std::size_t n = 0; n < kLanes; ++n) {
        const double slope = (static_cast<double>(above[n]) - static_cast<double>(below[n])) /
                             (2 * static_cast<double>(kStep));
        const auto found = static_cast<double>(expected.gradient.at(k, n));
        BOOST_TEST_INFO("output " << k << ", lane " << n);
        BOOST_TEST(std::abs(found - slope) <= kTolerance * (1 + std::abs(found)));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(guessing_costs_the_least_that_equal_outputs_cost) {
  constexpr float kReach = 8;  // to each side; steps of 1/256 hit a least loss to some 1e-6
  for_each_loss([](const TriedLoss& tried) {
    LossRun run(tried.classes, 1);
    run.labels.resize(tried.classes);
    for (std::size_t k = 0; k < tried.classes; ++k) run.labels[k] = static_cast<Label>(k);
    double least = std::numeric_limits<double>::infinity();
    for (float output = -kReach; output <= kReach; output += 0x1p-8F) {
      run.outputs.fill(output);
      run.take(*tried.loss);
      double sum = 0;
      for (std::size_t k = 0; k < tried.classes; ++k) sum += static_cast<double>(run.losses[k]);
      least = std::min(least, sum / static_cast<double>(tried.classes));
    }
    const double guessing = tried.loss->guessing_loss(static_cast<Index>(tried.classes));
    BOOST_TEST(std::abs(guessing - least) <= 1e-5 * (1 + guessing));
  });
}

BOOST_AUTO_TEST_CASE(every_lane_is_written_and_idle_ones_with_zeros) {
  for_each_loss([](const TriedLoss& tried) {
    for (const std::size_t samples : {1U, 16U, 21U}) {
      LossRun run(tried.classes, 2);
      run.labels.resize(samples);
      run.take(*tried.loss);
      for (std::size_t n = 0; n < run.outputs.lanes(); ++n) {
        BOOST_TEST_INFO("lane " << n << " of " << samples << " samples");
        BOOST_TEST(!std::isnan(run.losses[n]));
        if (n >= samples) BOOST_TEST((run.losses[n] == 0 && !std::signbit(run.losses[n])));
        for (std::size_t k = 0; k < tried.classes; ++k) {
          const float gradient = run.gradient.at(k, n);
          BOOST_TEST(!std::isnan(gradient));
          if (n >= samples) BOOST_TEST((gradient == 0 && !std::signbit(gradient)));
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(a_lane_has_the_same_bits_in_any_block_among_any_others_and_in_either_layout) {
  for_each_loss([](const TriedLoss& tried) {
    const LossRun together = taken(tried, 3);
    check_same_losses(taken(tried, 3, Layout::whole), together);
    for (std::size_t lane = 0; lane < together.outputs.lanes(); ++lane) {
      LossRun alone(tried.classes, 1);
      alone.labels.assign(kLanes, together.labels[lane]);
      for (std::size_t k = 0; k < tried.classes; ++k) {
        for (std::size_t n = 0; n < kLanes; ++n) {
          alone.outputs.at(k, n) = together.outputs.at(k, lane);
        }
      }
      alone.take(*tried.loss);
      for (std::size_t n = 0; n < kLanes; ++n) {
        BOOST_TEST(alone.losses[n] == together.losses[lane]);
        for (std::size_t k = 0; k < tried.classes; ++k) {
          BOOST_TEST(alone.gradient.at(k, n) == together.gradient.at(k, lane));
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(losses_are_the_same_without_a_gradient) {
  for_each_loss([](const TriedLoss& tried) {
    LossRun run(tried.classes, 2);
    tried.loss->take({.outputs = std::as_const(run.outputs).view(),
                      .labels = run.labels,
                      .gradient = {},
                      .losses = run.losses});
    BOOST_TEST(first_difference(run.losses, taken(tried, 2).losses) == kSame);
  });
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_the_instruction_set_or_on_threads) {
  constexpr int kThreads = 4;
  const WorkerTeam team(kThreads);
  for_each_loss([&](const TriedLoss& tried) {
    const LossRun expected = taken(tried, 2);
    for_each_isa([&] { check_same_losses(taken(tried, 2), expected); });
    std::vector<LossRun> runs;
    for (int slot = 0; slot < kThreads; ++slot) runs.emplace_back(tried.classes, 2);
    auto body = [&](int slot) { runs[static_cast<std::size_t>(slot)].take(*tried.loss); };
    team.run(body);
    for (const LossRun& run : runs) check_same_losses(run, expected);
  });
}

BOOST_AUTO_TEST_CASE(an_output_that_is_no_number_shows_in_its_lane_alone) {
  for_each_loss([](const TriedLoss& tried) {
    const LossRun expected = taken(tried, 1);
    for (std::size_t k = 0; k < tried.classes; ++k) {
      LossRun run(tried.classes, 1);
      run.outputs.at(k, 3) = kNan;
      run.take(*tried.loss);
      for (std::size_t n = 0; n < kLanes; ++n) {
        BOOST_TEST((n == 3 ? std::isnan(run.losses[n]) : run.losses[n] == expected.losses[n]));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(probabilities_add_up_to_one_and_are_greatest_for_the_class_that_is_said) {
  for_each_loss([](const TriedLoss& tried) {
    for (const Layout layout : kLayouts) {
      const LossRun run(tried.classes, 2, layout);
      LaneTensor probabilities(tried.classes, 2, layout);
      tried.loss->probabilities(run.outputs.view(), probabilities.view());
      std::vector<Label> classes(run.outputs.lanes() - 3, 255);
      tried.loss->classify(run.outputs.view(), classes);
      for (std::size_t n = 0; n < run.outputs.lanes(); ++n) {
        double sum = 0;
        float greatest = 0;
        for (std::size_t k = 0; k < tried.classes; ++k) {
          sum += static_cast<double>(probabilities.at(k, n));
          greatest = std::max(greatest, probabilities.at(k, n));
        }
        BOOST_TEST(std::abs(sum - 1) < 1e-5);
        if (n >= classes.size()) continue;
        BOOST_REQUIRE(classes[n] < tried.classes);
        BOOST_TEST(probabilities.at(classes[n], n) == greatest);
      }
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

// What must not change a bit of any layer's results: layouts, neighbours, instruction sets,
// threads.

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "framework/core/parallel.hpp"
#include "tests/contracts/tried_layer.hpp"

namespace lockstep {
namespace {

using namespace testing;

BOOST_AUTO_TEST_SUITE(layer_bits)

BOOST_AUTO_TEST_CASE(input_gradients_that_are_not_wanted_are_left_out_and_change_nothing_else) {
  for_each_example([](const Tried& tried) {
    const LayerRun all = finished(tried, {.blocks = 2});
    for (std::size_t only = 0; only <= all.inputs.size(); ++only) {
      LayerRun run = prepared(tried, {.blocks = 2});
      for (std::size_t i = 0; i < run.wanted.size(); ++i) run.wanted[i] = i == only;
      run.forward();
      run.backward();
      for (std::size_t k = 0; k < run.parameters.size(); ++k) {
        BOOST_TEST(first_difference(run.parameter_gradients[k], all.parameter_gradients[k]) ==
                   kSame);
      }
      if (only == all.inputs.size()) continue;
      BOOST_TEST(first_difference(run.input_gradients[only].values(),
                                  all.input_gradients[only].values()) == kSame);
    }
  });
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_the_layouts) {
  for_each_example([](const Tried& tried) {
    const LayerRun expected = finished(tried, {.blocks = 3});
    // The plan gives a layer that works block by block no other input.
    const bool only_blocked = tried.layer->lane_extent() == LaneExtent::block;
    for (const Layout input_layout : kLayouts) {
      if (only_blocked && input_layout != Layout::blocked) continue;
      for (const Layout output_layout : kLayouts) {
        check_same_results(
            finished(tried,
                     {.blocks = 3, .input_layout = input_layout, .output_layout = output_layout}),
            expected);
      }
    }
  });
}

/// Copies one block of 16 lanes.
void copy_block(const LaneTensor& from, std::size_t block, LaneTensor& to) {
  for (std::size_t f = 0; f < from.features(); ++f) {
    for (std::size_t l = 0; l < kLanes; ++l) to.at(f, l) = from.at(f, block * kLanes + l);
  }
}

std::vector<float> block_values(const LaneTensor& tensor, std::size_t block) {
  LaneTensor single(tensor.features(), 1, Layout::blocked);
  copy_block(tensor, block, single);
  return single.values();
}

BOOST_AUTO_TEST_CASE(a_block_computed_alone_has_the_bits_it_has_among_others) {
  for_each_example([](const Tried& tried) {
    const LayerRun together = finished(tried, {.blocks = 3});
    for (std::size_t block = 0; block < 3; ++block) {
      LayerRun alone = prepared(tried, {.blocks = 1});
      for (std::size_t i = 0; i < alone.inputs.size(); ++i) {
        copy_block(together.inputs[i], block, alone.inputs[i]);
      }
      copy_block(together.output_gradient, block, alone.output_gradient);
      for (std::size_t l = 0; l < kLanes; ++l) {
        alone.samples[l] = together.samples[block * kLanes + l];
      }
      alone.forward();
      alone.backward();
      BOOST_TEST(first_difference(alone.output.values(), block_values(together.output, block)) ==
                 kSame);
      for (std::size_t i = 0; i < alone.inputs.size(); ++i) {
        BOOST_TEST(first_difference(alone.input_gradients[i].values(),
                                    block_values(together.input_gradients[i], block)) == kSame);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_the_instruction_set) {
  for_each_example([](const Tried& tried) {
    const LayerRun expected = finished(tried, {.blocks = 2});
    for_each_isa([&] { check_same_results(finished(tried, {.blocks = 2}), expected); });
  });
}

BOOST_AUTO_TEST_CASE(shares_together_have_the_bits_of_the_whole) {
  int divided = 0;
  for_each_example([&](const Tried& tried) {
    if (!tried.layer->divides()) return;
    ++divided;
    const LayerRun whole = finished(tried, {.blocks = 2});
    for (const std::size_t count : {2U, 3U, 7U, 40U}) {
      LayerRun run = prepared(tried, {.blocks = 2});
      // Backwards, and each with a scratch that holds nothing of the others'.
      for (std::size_t i = count; i-- > 0;) {
        run.share = {i, count};
        run.forward();
      }
      for (std::size_t i = count; i-- > 0;) {
        for (float& element : run.scratch.span()) element = kNan;
        run.share = {i, count};
        run.backward();
      }
      check_same_results(run, whole);
    }
  });
  BOOST_TEST(divided > 0);
}

BOOST_AUTO_TEST_CASE(one_layer_serves_many_threads_at_once_with_the_same_bits) {
  constexpr int kThreads = 4;
  const WorkerTeam team(kThreads);
  for_each_example([&](const Tried& tried) {
    const LayerRun expected = finished(tried, {.blocks = 2});
    std::vector<LayerRun> runs;
    for (int slot = 0; slot < kThreads; ++slot) runs.push_back(prepared(tried, {.blocks = 2}));
    auto body = [&](int slot) {
      LayerRun& run = runs[static_cast<std::size_t>(slot)];
      for (int repetition = 0; repetition < 5; ++repetition) {
        run.forward();
        run.backward();
      }
    };
    team.run(body);
    for (const LayerRun& run : runs) check_same_results(run, expected);
  });
}

BOOST_AUTO_TEST_CASE(outside_training_nothing_depends_on_seed_epoch_or_samples) {
  for_each_example([](const Tried& tried) {
    LayerRun first = prepared(tried, {.blocks = 1});
    first.pass.training = false;
    first.forward();
    LayerRun second = prepared(tried, {.blocks = 1});
    second.pass = {.training = false, .seed = 99, .epoch = 7, .samples = {}};
    for (Index& sample : second.samples) sample += 5000;
    second.forward();
    BOOST_TEST(first_difference(first.output.values(), second.output.values()) == kSame);
  });
}

BOOST_AUTO_TEST_CASE(where_no_backward_follows_nothing_is_saved_and_the_output_is_the_same) {
  for_each_example([](const Tried& tried) {
    LayerRun kept = prepared(tried, {.blocks = 2});
    kept.pass.training = false;
    kept.forward();
    LayerRun run = prepared(tried, {.blocks = 2});
    run.pass.training = false;
    run.saved = {};
    run.forward();
    BOOST_TEST(first_difference(run.output.values(), kept.output.values()) == kSame);
  });
}

std::vector<float> lane_values(const LaneTensor& tensor, std::size_t lane) {
  std::vector<float> values;
  for (std::size_t f = 0; f < tensor.features(); ++f) values.push_back(tensor.at(f, lane));
  return values;
}

BOOST_AUTO_TEST_CASE(one_sample_alone_has_the_bits_of_a_lane) {
  std::set<std::string_view> layers;
  for_each_example([&](const Tried& tried) {
    LayerRun lanes = prepared(tried, {.blocks = 1});
    lanes.pass.training = false;
    lanes.forward();
    const std::vector<std::span<const float>> parameters(lanes.parameters.begin(),
                                                         lanes.parameters.end());
    const auto alone = tried.layer->for_one_sample(lanes.shapes, parameters);
    if (alone == nullptr) return;
    layers.insert(tried.type.name);
    for (const std::size_t lane : {0U, 7U, 15U}) {
      std::vector<std::vector<float>> inputs;
      for (const LaneTensor& input : lanes.inputs) inputs.push_back(lane_values(input, lane));
      const std::vector<std::span<const float>> views(inputs.begin(), inputs.end());
      for_each_isa([&] {
        std::vector<float> output(lanes.output.features(), kNan);
        alone->run(views, output);
        BOOST_TEST(first_difference(output, lane_values(lanes.output, lane)) == kSame);
      });
    }
  });
  BOOST_TEST(layers.contains("conv2d"));
  BOOST_TEST(layers.contains("dense"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

#pragma once

// Every example of every registered loss, made and run: what the contract tests try.

#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "framework/losses/loss.hpp"
#include "tests/framework/kernels/lane_tensor.hpp"
#include "tests/support/setting_texts.hpp"

namespace lockstep::testing {

/// One example of one type, made.
struct TriedLoss {
  const LossType& type;
  Value settings;
  std::unique_ptr<const Loss> loss;
  std::size_t classes;
};

inline std::unique_ptr<const Loss> make_tried_loss(const LossType& type, const Value& settings) {
  SettingsReader reader(settings, "loss");
  std::unique_ptr<const Loss> loss = type.create(reader);
  reader.finish();
  return loss;
}

/// All examples of all types, for two classes and more.
inline void for_each_loss(const std::function<void(const TriedLoss&)>& check) {
  for (const LossType& type : all_loss_types()) {
    for (const SettingTexts& example : type.examples) {
      for (const std::size_t classes : {2U, 3U, 10U}) {
        BOOST_TEST_CONTEXT(describe(type.name, example) << ", " << classes << " classes") {
          const Value settings = parse_settings(example);
          check({type, settings, make_tried_loss(type, settings), classes});
        }
      }
    }
  }
}

/// A micro-batch at a loss. All that the loss must write starts as NaN.
struct LossRun {
  LossRun(std::size_t classes, std::size_t blocks, Layout layout = Layout::blocked)
      : outputs(LaneTensor::random(classes, blocks, layout, 5)),
        gradient(classes, blocks, layout),
        losses(blocks * kLanes, kNan) {
    for (std::size_t n = 0; n < outputs.lanes(); ++n) {
      labels.push_back(static_cast<Label>((n * 7 + n / 3) % classes));
      for (std::size_t k = 0; k < classes; ++k) outputs.at(k, n) *= 2;
    }
  }

  void take(const Loss& loss) {
    loss.take({.outputs = std::as_const(outputs).view(),
               .labels = labels,
               .gradient = gradient.view(),
               .losses = losses});
  }

  LaneTensor outputs;
  std::vector<Label> labels{};
  LaneTensor gradient;
  std::vector<float> losses;
};

/// After `take`.
inline LossRun taken(const TriedLoss& tried, std::size_t blocks, Layout layout = Layout::blocked) {
  LossRun run(tried.classes, blocks, layout);
  run.take(*tried.loss);
  return run;
}

/// Requires that two runs wrote the same bits.
inline void check_same_losses(const LossRun& left, const LossRun& right) {
  BOOST_TEST(first_difference(left.losses, right.losses) == kSame);
  BOOST_TEST(first_difference(left.gradient.values(), right.gradient.values()) == kSame);
}

}  // namespace lockstep::testing

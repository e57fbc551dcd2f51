#include "framework/kernels/softmax.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "framework/kernels/softmax.cpp"
#include <hwy/foreach_target.h>
// Highway's own header, which the next ones need to come after.
#include <hwy/highway.h>

#include "framework/kernels/elementary-inl.hpp"
#include "framework/kernels/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lockstep::HWY_NAMESPACE {
namespace {

/// One part of the lanes of a block.
struct Part {
  std::size_t block;
  std::size_t lane;
};

HWY_INLINE V load(const ConstLaneView& view, std::size_t feature, Part part) {
  return hn::Load(D(), view.at(feature, part.block) + part.lane);
}

HWY_INLINE void store(V value, const LaneView& view, std::size_t feature, Part part) {
  hn::Store(value, D(), view.at(feature, part.block) + part.lane);
}

HWY_INLINE V greatest(const ConstLaneView& logits, Part part) {
  V max = load(logits, 0, part);
  for (std::size_t k = 1; k < logits.features; ++k) {
    const V x = load(logits, k, part);
    max = hn::IfThenElse(hn::Gt(x, max), x, max);
  }
  return max;
}

/// Sums over the classes, in class order.
struct Sums {
  V exponentials;
  V differences;  // of x_k - max
  V of_label;     // x_label - max, or +0
};

/// Stores the exponentials in `kept` if it has data.
HWY_INLINE Sums sum_classes(const ConstLaneView& logits, const LaneView& kept, V label, Part part) {
  const V max = greatest(logits, part);
  Sums sums{hn::Zero(D()), hn::Zero(D()), hn::Zero(D())};
  for (std::size_t k = 0; k < logits.features; ++k) {
    const V difference = hn::Sub(load(logits, k, part), max);
    const V e = exp(difference);
    const auto is_label = hn::Eq(label, constant(static_cast<float>(k)));
    sums.exponentials = k == 0 ? e : hn::Add(sums.exponentials, e);
    sums.differences = k == 0 ? difference : hn::Add(sums.differences, difference);
    sums.of_label = hn::IfThenElse(is_label, difference, sums.of_label);
    if (kept) store(e, kept, k, part);
  }
  return sums;
}

/// The labels of a part's lanes as floats; -1 for a lane without a sample.
HWY_INLINE V load_labels(std::span<const Label> labels, Part part) {
  HWY_ALIGN float values[kWidth];
  for (std::size_t l = 0; l < kWidth; ++l) {
    const std::size_t lane = part.block * kLanes + part.lane + l;
    values[l] = lane < labels.size() ? static_cast<float>(labels[lane]) : -1.0F;
  }
  return hn::Load(D(), values);
}

/// The parts of a target with label smoothing e.
struct Target {
  V certain;   // 1 - e
  V share;     // e / K
  V of_label;  // 1 - e + e / K
};

/// What smoothing subtracts: the sum of share * (x_k - max). The sum of the differences can be
/// infinite where that of the products is not.
HWY_INLINE V spread_loss(const ConstLaneView& logits, const Target& target, const Sums& sums,
                         Part part) {
  const V spread = hn::Mul(target.share, sums.differences);
  const auto finite = hn::IsFinite(spread);
  if (hn::AllTrue(D(), finite)) return spread;
  const V max = greatest(logits, part);
  V products = hn::Zero(D());
  for (std::size_t k = 0; k < logits.features; ++k) {
    const V difference = hn::Sub(load(logits, k, part), max);
    products = hn::Add(products, hn::Mul(target.share, difference));
  }
  return hn::IfThenElse(finite, spread, products);
}

HWY_INLINE void cross_entropy_part(const SoftmaxCrossEntropy& arguments, const Target& target,
                                   Part part) {
  const V label = load_labels(arguments.labels, part);
  const auto has_sample = hn::Ge(label, hn::Zero(D()));
  const Sums sums = sum_classes(arguments.logits, arguments.gradient, label, part);
  const V certain_loss = hn::Sub(log(sums.exponentials), hn::Mul(target.certain, sums.of_label));
  const V loss = arguments.label_smoothing == 0
                     ? certain_loss
                     : hn::Sub(certain_loss, spread_loss(arguments.logits, target, sums, part));
  HWY_ALIGN float losses[kWidth];
  hn::Store(hn::IfThenElseZero(has_sample, loss), D(), losses);
  std::copy_n(losses, kWidth, arguments.losses.data() + part.block * kLanes + part.lane);
  if (!arguments.gradient) return;
  for (std::size_t k = 0; k < arguments.logits.features; ++k) {
    const auto is_label = hn::Eq(label, constant(static_cast<float>(k)));
    const V p = hn::Div(load(arguments.gradient, k, part), sums.exponentials);
    const V g = hn::Sub(p, hn::IfThenElse(is_label, target.of_label, target.share));
    store(hn::IfThenElseZero(has_sample, g), arguments.gradient, k, part);
  }
}

void cross_entropy(const SoftmaxCrossEntropy& arguments) {
  const float certain = 1.0F - arguments.label_smoothing;
  const float share = arguments.label_smoothing / static_cast<float>(arguments.logits.features);
  const Target target{constant(certain), constant(share), constant(certain + share)};
  for (std::size_t block = 0; block < arguments.logits.blocks; ++block) {
    for (std::size_t lane = 0; lane < kLanes; lane += kWidth) {
      cross_entropy_part(arguments, target, {.block = block, .lane = lane});
    }
  }
}

void probabilities(const ConstLaneView& logits, const LaneView& to) {
  for (std::size_t block = 0; block < logits.blocks; ++block) {
    for (std::size_t lane = 0; lane < kLanes; lane += kWidth) {
      const Part part{.block = block, .lane = lane};
      const V sum = sum_classes(logits, to, hn::Zero(D()), part).exponentials;
      for (std::size_t k = 0; k < logits.features; ++k) {
        store(hn::Div(load(to, k, part), sum), to, k, part);
      }
    }
  }
}

}  // namespace
}  // namespace lockstep::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lockstep {

HWY_EXPORT(cross_entropy);
HWY_EXPORT(probabilities);

void softmax_cross_entropy(const SoftmaxCrossEntropy& arguments) {
  assert(arguments.logits.features >= 1 && arguments.labels.size() <= arguments.logits.lanes());
  assert(arguments.losses.size() == arguments.logits.lanes());
  assert(!arguments.gradient || (arguments.gradient.features == arguments.logits.features &&
                                 arguments.gradient.blocks == arguments.logits.blocks));
  HWY_DYNAMIC_DISPATCH(cross_entropy)(arguments);
}

void softmax_probabilities(ConstLaneView logits, LaneView probabilities) {
  assert(logits.features == probabilities.features && logits.blocks == probabilities.blocks);
  HWY_DYNAMIC_DISPATCH(probabilities)(logits, probabilities);
}

void arg_max(ConstLaneView logits, std::span<Label> classes) {
  assert(logits.features >= 1 && classes.size() <= logits.lanes());
  assert(logits.features - 1 <= std::numeric_limits<Label>::max());
  for (std::size_t lane = 0; lane < classes.size(); ++lane) {
    const auto logit = [&](std::size_t k) { return logits.at(k, lane / kLanes)[lane % kLanes]; };
    std::size_t best = 0;
    for (std::size_t k = 1; k < logits.features; ++k) {
      if (logit(k) > logit(best)) best = k;
    }
    classes[lane] = static_cast<Label>(best);
  }
}

}  // namespace lockstep

#endif  // HWY_ONCE

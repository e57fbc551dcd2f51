#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "framework/core/label.hpp"
#include "framework/graph/micro_batch_pass.hpp"
#include "framework/losses/loss.hpp"
#include "framework/training/exchange/step_report.hpp"
#include "framework/training/step/dataset.hpp"

namespace lockstep {

/// The samples of one micro-batch, one per lane, and the results of a pass over them. Lanes beyond
/// the last sample repeat it, so that idle lanes meet no number that no sample has.
///
/// Threading contract: one thread at a time; different objects are independent.
/// Allocates nothing after construction.
class MicroBatch {
 public:
  /// @param most  samples, a multiple of the lanes of a block
  explicit MicroBatch(Index most);

  /// How samples are read. In training, augmentation and dropout act on them, by draws that are
  /// keyed by (seed, epoch, sample).
  struct Reading {
    bool training = false;
    std::uint64_t seed = 0;
    std::uint32_t epoch = 0;
  };

  /// Takes samples of a data set, at least one, and gathers them into the input of `pass`.
  void assemble(const Dataset& dataset, std::span<const Index> samples, const Reading& reading,
                MicroBatchPass& pass);

  /// What the passes over these samples need to know; borrows this object.
  PassContext context() const;

  /// Judges the output of `pass` after forward. Writes losses, classes and, if the pass has one,
  /// the gradient of the output.
  void take_loss(const Loss& loss, const MicroBatchPass& pass);

  // One per sample.
  std::span<const Label> labels() const { return std::span(labels_).first(samples_); }
  std::span<const float> losses() const { return std::span(losses_).first(samples_); }
  std::span<const Label> classes() const { return std::span(classes_).first(samples_); }

  std::size_t samples() const { return samples_; }
  /// The result of `take_loss`.
  const MicroBatchResult& result() const { return result_; }

 private:
  std::size_t samples_ = 0;
  std::vector<Index> lane_samples_;
  std::vector<Label> labels_;
  std::vector<float> losses_;
  std::vector<Label> classes_;
  std::size_t lanes_ = 0;  ///< lanes that are computed
  Reading reading_;
  MicroBatchResult result_;
};

}  // namespace lockstep

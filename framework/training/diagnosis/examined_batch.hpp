#pragma once

#include <span>
#include <vector>

#include "framework/graph/micro_batch_pass.hpp"
#include "framework/losses/loss.hpp"
#include "framework/training/step/dataset.hpp"
#include "framework/training/step/micro_batch.hpp"

namespace lockstep {

/// The inputs of an examination of a network.
struct Examination {
  std::span<const float> parameters;  ///< flat, as stored
  const Dataset& dataset;
  std::span<const Index> samples;  ///< at least one; positions in the data set
  const Loss& loss;
};

/// One batch, as one micro-batch, on its way through a network: the same passes as in training,
/// without dropout and augmentation.
///
/// Threading contract: one thread at a time.
class ExaminedBatch {
 public:
  /// Borrows everything but the request itself.
  ExaminedBatch(const Graph& graph, const Examination& request, PlanPurpose purpose);

  /// Forward. @param parameters  flat, as stored
  /// @return the mean loss, added up in double
  double loss(std::span<const float> parameters);

  /// Backward, after `loss`: the derivative of the mean loss by the stored parameters, flat.
  std::vector<float> gradient();

  const ParameterLayout& layout() const { return layout_; }
  const Plan& plan() const { return plan_; }
  const MicroBatchPass& pass() const { return pass_; }
  std::size_t samples() const { return request_.samples.size(); }
  /// The parameters of the last `loss` with their scales applied, as the layers see them.
  std::span<const float> scaled() const { return scaled_; }

 private:
  Examination request_;
  ParameterLayout layout_;
  Plan plan_;
  MicroBatchPass pass_;
  MicroBatch batch_;
  std::vector<float> scaled_;
};

}  // namespace lockstep

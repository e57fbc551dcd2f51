#pragma once

#include <atomic>
#include <optional>
#include <span>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/core/digest.hpp"
#include "framework/core/staged_work.hpp"
#include "framework/graph/parameter_store.hpp"
#include "framework/optimizers/optimizer.hpp"
#include "framework/training/update/gradient_norm.hpp"

namespace lockstep {

/// The end of a step: from the sum of the samples' gradients to new values and their digest.
///
/// The parameters are cut into the pieces of the weights digest. Threads take one piece after the
/// other. The result does not depend on which thread takes which piece.
/// Threading contract: `work` by every slot of a team; the rest by one thread while no slot works.
/// Allocates nothing after construction.
class ParameterUpdate {
 public:
  /// What it works on; borrowed.
  struct Parts {
    ParameterStore& parameters;
    Optimizer& optimizer;
  };
  explicit ParameterUpdate(const Parts& parts);

  struct Request {
    std::span<const float> sum;  ///< sum of the gradients with respect to what the layers see
    Index samples;
    float learning_rate;
    std::optional<double> clip_norm;
  };
  void start(const Request& request);

  /// The largest number of stages of `work`.
  static constexpr std::size_t kStages = 3;

  /// @return as StagedWork::Walk::stage
  bool work(StagedWork::Walk& walk);

  struct Result {
    double gradient_norm;  ///< of the mean gradient, before clipping
    bool is_finite;        ///< all new values are; not looked at if the norm is not finite
  };
  Result result() const { return {.gradient_norm = norm_.norm(), .is_finite = is_finite_}; }

  /// The mean gradient of the last step with respect to the stored values, after clipping.
  std::span<const float> gradient() const { return gradient_.span(); }

  /// Digest of the values that the last step left.
  Digest digest() const { return join_piece_digests(digests_); }

 private:
  struct Piece {
    std::size_t index;
    std::size_t first;
    std::size_t size;
  };

  Parts parts_;
  Request request_{};
  AlignedBuffer<float> gradient_;
  GradientNorm norm_;
  std::vector<Digest> digests_;
  std::atomic<bool> is_finite_ = true;
  std::optional<double> norm_to_clip_;  ///< the norm of this step, if clipping needs it

  Piece piece(std::size_t index) const;
  void take_mean(const Piece& piece);
  void update(const Piece& piece, std::optional<float> factor);
};

}  // namespace lockstep

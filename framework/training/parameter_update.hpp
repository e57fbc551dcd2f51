#pragma once

#include <atomic>
#include <optional>
#include <span>
#include <vector>

#include "framework/core/aligned_buffer.hpp"
#include "framework/core/digest.hpp"
#include "framework/core/parallel.hpp"
#include "framework/graph/parameter_store.hpp"
#include "framework/training/gradient_norm.hpp"
#include "framework/training/optimizer.hpp"

namespace lockstep {

/// The end of a step: from the sum of the samples' gradients to new values and their digest.
///
/// The parameters are cut into the pieces of the weights digest; threads take one after the other.
/// What is computed does not depend on who takes which.
/// Threading contract: one caller at a time. Allocates nothing after construction.
class ParameterUpdate {
 public:
  /// What it works on; borrowed.
  struct Parts {
    ParameterStore& parameters;
    Optimizer& optimizer;
    const WorkerTeam& team;
  };
  explicit ParameterUpdate(const Parts& parts);

  struct Request {
    std::span<const float> sum;  ///< of the gradients of what the layers see
    Index samples;
    float learning_rate;
    std::optional<double> clip_norm;
  };
  struct Result {
    double gradient_norm;  ///< of the mean gradient, before clipping
    bool is_finite;        ///< all new values; not looked at when the norm is not finite
  };
  Result run(const Request& request);

  /// The mean gradient of the last step with respect to the stored values, clipped.
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
  AlignedBuffer<float> gradient_;
  GradientNorm norm_;
  std::vector<Digest> digests_;
  std::atomic<bool> is_finite_ = true;

  void take_mean(const Request& request, const Piece& piece);
  void update(const Piece& piece, std::optional<float> factor);
  template <class Work>
  void for_pieces(const Work& work) const;
};

}  // namespace lockstep

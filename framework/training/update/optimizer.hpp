#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "framework/core/aligned_buffer.hpp"

namespace lockstep {

/// Settings of the optimizer; the field names are the keys of experiment files.
struct OptimizerSettings {
  enum class Type { sgd, adam };

  Type type = Type::sgd;
  double weight_decay = 0;
  // sgd
  double momentum = 0;
  bool nesterov = false;
  // adam
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;

  friend bool operator==(const OptimizerSettings&, const OptimizerSettings&) = default;
};

/// One buffer of optimizer state, laid out as the parameters.
struct OptimizerBuffer {
  std::string name;  ///< "momentum", "first_moment", "second_moment"
  AlignedBuffer<float> values;
};

/// One number of optimizer state: "beta1_power".
struct OptimizerScalar {
  std::string name;
  double value;
};

/// Updates parameters from the mean gradient. Settings are cast to float once; products and sums
/// are rounded one by one, never fused, in the order of the formulas below.
///
/// Both add weight_decay * value to the gradient first, for all parameters.
/// sgd (PyTorch's): buffer = momentum * buffer + g; g = nesterov ? g + momentum * buffer : buffer;
///   value = value - rate * g.
/// adam (Kingma and Ba 2015, algorithm 1): m = beta1 * m + (1 - beta1) * g;
///   v = beta2 * v + ((1 - beta2) * g) * g;
///   value = value - ((rate / (1 - beta1^t)) * m) / (sqrt(v) / sqrt(1 - beta2^t) + epsilon),
///   where the powers are running products in double.
/// Threading contract: `update` may be called at once for stretches that do not overlap; the rest
/// by one thread at a time. Allocates nothing after construction.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Begins a step; then every element is updated once.
  virtual void start_step(float learning_rate) = 0;

  /// Updates a stretch of the flat buffer that begins at `first`.
  virtual void update(std::size_t first, std::span<float> values,
                      std::span<const float> gradient) = 0;

  std::span<OptimizerBuffer> buffers() { return buffers_; }
  std::span<const OptimizerBuffer> buffers() const { return buffers_; }
  std::span<OptimizerScalar> scalars() { return scalars_; }
  std::span<const OptimizerScalar> scalars() const { return scalars_; }

 protected:
  std::vector<OptimizerBuffer> buffers_;
  std::vector<OptimizerScalar> scalars_;
};

/// @param size  floats of the parameters' flat buffer
std::unique_ptr<Optimizer> make_optimizer(const OptimizerSettings& settings, std::size_t size);

}  // namespace lockstep

#pragma once

#include <cstddef>
#include <vector>

#include "framework/core/shape.hpp"
#include "framework/graph/plan.hpp"

namespace lockstep {

/// Multiply-adds of a micro-batch in one step of a plan.
double forward_multiply_adds(const Plan& plan, const PlannedStep& step);
double backward_multiply_adds(const Plan& plan, const PlannedStep& step);

/// How the threads of a rank divide a batch's micro-batches: each thread does whole micro-batches
/// as far as possible. The rest, fewer than threads, is done by all threads together, step by step.
/// The division rests on an estimate of the layers' multiply-adds. It decides speed alone, never
/// bits.
class WorkDivision {
 public:
  explicit WorkDivision(const Plan& plan);

  /// Consecutive steps [first, last) of the plan: one step that is divided, or several that are
  /// not.
  struct Stage {
    std::size_t first;
    std::size_t last;
    bool divided;
  };
  /// In the plan's order. Backward goes through its own stages from the last to the first.
  const std::vector<Stage>& forward() const { return forward_.stages; }
  const std::vector<Stage>& backward() const { return backward_.stages; }

  struct Assignment {
    std::size_t whole;   ///< micro-batches that one thread does
    std::size_t shares;  ///< of each divided step of the others
  };
  Assignment assign(std::size_t micro_batches, int threads) const;

  /// The smallest number of threads that is estimated to be as fast as `threads`.
  ///
  int useful_threads(std::size_t micro_batches, int threads) const;

 private:
  struct Pass {
    std::vector<Stage> stages;
    double divided = 0;  ///< multiply-adds of a micro-batch in divided steps
    double rest = 0;     ///< and in the others
    double divisions = 0;
  };

  Pass forward_;
  Pass backward_;

  static Pass make_pass(const Plan& plan, bool backward);
  double cost(std::size_t micro_batches, std::size_t threads) const;
  double cost_of_shares(std::size_t micro_batches, std::size_t threads) const;
};

}  // namespace lockstep

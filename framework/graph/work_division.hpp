#pragma once

#include <cstddef>
#include <vector>

#include "framework/core/shape.hpp"
#include "framework/graph/plan.hpp"

namespace lockstep {

/// Multiply-adds of a micro-batch in one step of a plan.
double forward_multiply_adds(const Plan& plan, const PlannedStep& step);
double backward_multiply_adds(const Plan& plan, const PlannedStep& step);

/// How the threads of a rank divide a batch's micro-batches among them: as many as they can whole,
/// and those that are left over, fewer than threads, step by step together. It decides speed alone,
/// never bits, from an estimate by the layers' multiply-adds.
class WorkDivision {
 public:
  explicit WorkDivision(const Plan& plan);

  /// Steps [first, last) of the plan that follow each other: one that is divided, or some that are
  /// not.
  struct Stage {
    std::size_t first;
    std::size_t last;
    bool divided;
  };
  /// In the plan's order; backward takes its own from the last to the first.
  const std::vector<Stage>& forward() const { return forward_.stages; }
  const std::vector<Stage>& backward() const { return backward_.stages; }

  struct Assignment {
    std::size_t whole;   ///< micro-batches that one thread does
    std::size_t shares;  ///< of each divided step of the others
  };
  Assignment assign(std::size_t micro_batches, int threads) const;

  /// The fewest threads that are as fast as `threads`, as far as the estimate can tell.
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

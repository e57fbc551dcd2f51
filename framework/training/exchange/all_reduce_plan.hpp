#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "framework/training/exchange/canonical_tree.hpp"
#include "framework/training/exchange/communicator.hpp"

namespace lockstep {

/// How the ranks' partial sums become the total on every rank. All methods add along the canonical
/// tree, so the choice decides speed alone.
enum class AllReduceMethod {
  /// log2 R rounds. In each one a rank exchanges with a rank twice as far away as before, sums over
  /// twice as many ranks (Thakur, Rabenseifner, Gropp: Optimization of Collective Communication
  /// Operations in MPICH, 2005). For ranks that are nodes of a binary tree.
  recursive_doubling,
  /// Each rank adds one slice of the numbers: the sums of complete subtrees travel to the slice's
  /// rank, then the slice's total travels to all.
  slices,
  /// Every rank sends the sums of its complete subtrees to all, and every rank adds the rest of the
  /// tree.
  partials,
};

/// A stretch of floats that takes part in an all-reduce.
struct Operand {
  enum class Place {
    subtree,   ///< of this rank's sum over its complete subtree `number`
    received,  ///< part of the memory for what other ranks send
    total,
  };
  Place place = Place::received;
  std::size_t number = 0;
  std::size_t first = 0;
  std::size_t size = 0;
};

/// A message of numbers. In an all-reduce's first exchange between two ranks, reports travel along.
struct PlannedMessage {
  int peer = 0;
  Operand numbers;
  LeafRange reports{};  ///< the ranks whose reports travel along
};

/// into = left + right, or left if there is no right.
struct PlannedSum {
  Operand left;
  std::optional<Operand> right;
  Operand into;
};

struct AllReduceRound {
  std::vector<PlannedMessage> outgoing;
  std::vector<PlannedMessage> incoming;
  std::vector<PlannedSum> sums;  ///< to be added once everything has arrived
};

struct AllReducePlan {
  std::vector<AllReduceRound> rounds;
  std::size_t received_floats = 0;
};

/// What is summed: one buffer of `floats` per leaf. Each of `ranks` has its owned_leaves.
struct AllReduceShape {
  Index leaves;
  int ranks;
  std::size_t floats;
  bool with_reports = false;  ///< every rank gets a report of every rank, whatever else travels
};

/// Whether the leaves of every rank are one node of the tree, and so are those of 2, 4, ...
/// neighbours. For at least two ranks.
bool is_aligned(Index leaves, int ranks);

/// The plan of one rank. @param method  recursive_doubling only if ranks are aligned
AllReducePlan make_all_reduce_plan(const AllReduceShape& shape, AllReduceMethod method, int rank);

/// The method with the shortest estimated time on the slowest rank; the same on every rank.
AllReduceMethod choose_all_reduce(const AllReduceShape& shape, const LinkCost& link);

}  // namespace lockstep

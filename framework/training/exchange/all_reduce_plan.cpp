#include "framework/training/exchange/all_reduce_plan.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

namespace lockstep {
namespace {

constexpr double kSecondsPerSum = 1.5e-10;  // to add two floats, from a core's second cache
// Estimates that differ by less count as equal. Methods are tried in an order in which, among close
// ones, the one known to be good comes first.
constexpr double kFaster = 1.25;

using Place = Operand::Place;

// Makes the plan of one rank.
class Planner {
 public:
  Planner(const AllReduceShape& shape, int rank) : shape_(shape), rank_(rank) {
    for (int r = 0; r < shape.ranks; ++r) {
      owned_.push_back(owned_leaves(shape.leaves, r, shape.ranks));
      subtrees_.push_back(complete_subtrees(shape.leaves, owned_.back()));
    }
  }

  AllReducePlan recursive_doubling() {
    const Operand total{.place = Place::total, .size = shape_.floats};
    const Operand theirs{.size = shape_.floats};
    Operand mine{.place = Place::subtree, .size = shape_.floats};
    for (int distance = 1; distance < shape_.ranks; distance *= 2) {
      const int peer = rank_ ^ distance;
      AllReduceRound round;
      round.outgoing.push_back({peer, mine, reports_of(rank_, distance)});
      round.incoming.push_back({peer, theirs, reports_of(peer, distance)});
      round.sums.push_back({mine, theirs, total});
      plan_.rounds.push_back(std::move(round));
      mine = total;
    }
    plan_.received_floats = shape_.floats;
    return std::move(plan_);
  }

  AllReducePlan partials() {
    plan_.rounds.push_back(gather_subtrees([this](int /*rank*/) {
      return LeafRange{0, static_cast<Index>(shape_.floats)};
    }));
    return std::move(plan_);
  }

  AllReducePlan slices() {
    plan_.rounds.push_back(gather_subtrees([this](int rank) { return slice_of(rank); }));
    AllReduceRound round;
    for (int peer = 0; peer < shape_.ranks; ++peer) {
      if (peer == rank_) continue;
      add_message(round.outgoing, {peer, total_of(slice_of(rank_))});
      add_message(round.incoming, {peer, total_of(slice_of(peer))});
    }
    plan_.rounds.push_back(std::move(round));
    return std::move(plan_);
  }

 private:
  AllReduceShape shape_;
  int rank_;
  std::vector<LeafRange> owned_;
  std::vector<std::vector<LeafRange>> subtrees_;
  AllReducePlan plan_;

  static Operand total_of(const LeafRange& floats) {
    return {.place = Place::total,
            .first = static_cast<std::size_t>(floats.first),
            .size = static_cast<std::size_t>(floats.size())};
  }

  // The slice of a rank: all slices are nearly equal.
  LeafRange slice_of(int rank) const {
    return owned_leaves(static_cast<Index>(shape_.floats), rank, shape_.ranks);
  }

  // The block of `distance` ranks that a rank knows about before the round with that distance.
  LeafRange reports_of(int rank, int distance) const {
    if (!shape_.with_reports) return {};
    const Index first = rank / distance * distance;
    return {first, first + distance};
  }

  static void add_message(std::vector<PlannedMessage>& messages, const PlannedMessage& message) {
    if (message.numbers.size > 0 || message.reports.size() > 0) messages.push_back(message);
  }

  // One message per subtree. Reports travel with the first, or alone.
  void add_subtrees(std::vector<PlannedMessage>& messages, int peer, int owner,
                    const std::vector<Operand>& subtrees) const {
    LeafRange reports = reports_of(owner, 1);
    for (const Operand& subtree : subtrees) {
      add_message(messages, {peer, subtree, reports});
      reports = {};
    }
    add_message(messages, {peer, {}, reports});
  }

  // Sends the stretch `wanted(rank)` of every subtree's sum to each rank, which adds its own.
  template <class Wanted>
  AllReduceRound gather_subtrees(const Wanted& wanted) {
    AllReduceRound round;
    std::vector<std::vector<Operand>> here;  // this rank's stretch of the subtrees of each rank
    for (int peer = 0; peer < shape_.ranks; ++peer) {
      here.push_back(place_subtrees(peer, wanted(rank_)));
      if (peer == rank_) continue;
      add_subtrees(round.outgoing, peer, rank_, own_subtrees(wanted(peer)));
      add_subtrees(round.incoming, peer, peer, here.back());
    }
    add_up(round.sums, here, wanted(rank_));
    return round;
  }

  std::vector<Operand> own_subtrees(const LeafRange& floats) const {
    std::vector<Operand> operands;
    const auto& mine = subtrees_[static_cast<std::size_t>(rank_)];
    for (std::size_t i = 0; i < mine.size(); ++i) {
      operands.push_back({.place = Place::subtree,
                          .number = i,
                          .first = static_cast<std::size_t>(floats.first),
                          .size = static_cast<std::size_t>(floats.size())});
    }
    return operands;
  }

  // Where this rank finds a stretch of each subtree of `owner`.
  std::vector<Operand> place_subtrees(int owner, const LeafRange& floats) {
    if (owner == rank_) return own_subtrees(floats);
    std::vector<Operand> operands;
    for (std::size_t i = 0; i < subtrees_[static_cast<std::size_t>(owner)].size(); ++i) {
      operands.push_back(
          {.first = plan_.received_floats, .size = static_cast<std::size_t>(floats.size())});
      plan_.received_floats += operands.back().size;
    }
    return operands;
  }

  void add_up(std::vector<PlannedSum>& sums, const std::vector<std::vector<Operand>>& subtrees,
              const LeafRange& floats) const {
    if (floats.size() == 0) return;
    const Operand total = total_of(floats);
    const Operand root = add_node(sums, subtrees, {0, shape_.leaves});
    if (sums.empty()) return sums.push_back({root, {}, total});
    sums.back().into = total;
  }

  // Leaves a node's sum in the memory of what was received: at most one of its two halves is a
  // subtree of this rank.
  Operand add_node(std::vector<PlannedSum>& sums, const std::vector<std::vector<Operand>>& subtrees,
                   const LeafRange& node) const {
    for (std::size_t r = 0; r < owned_.size(); ++r) {
      if (!owned_[r].contains(node)) continue;
      const auto found = std::find(subtrees_[r].begin(), subtrees_[r].end(), node);
      return subtrees[r][static_cast<std::size_t>(found - subtrees_[r].begin())];
    }
    const Index middle = canonical_split(node);
    const Operand left = add_node(sums, subtrees, {node.first, middle});
    const Operand right = add_node(sums, subtrees, {middle, node.last});
    const Operand into = left.place == Place::received ? left : right;
    sums.push_back({left, right, into});
    return into;
  }
};

// The work of a rank in a round: the messages and floats that it sends or receives, whichever is
// more, and the floats that it adds.
struct RoundLoad {
  double messages;
  double floats;
  double sums;
};

double seconds_of(const RoundLoad& load, const LinkCost& link) {
  return load.messages * link.seconds_per_message +
         load.floats * sizeof(float) * link.seconds_per_byte + load.sums * kSecondsPerSum;
}

// The time until every complete subtree's sum, or `stretch` floats of it, is on all ranks. The
// slowest rank counts.
double seconds_to_gather_subtrees(const AllReduceShape& shape, double stretch,
                                  const LinkCost& link) {
  std::vector<double> subtrees;  // of each rank
  for (int r = 0; r < shape.ranks; ++r) {
    subtrees.push_back(static_cast<double>(
        complete_subtrees(shape.leaves, owned_leaves(shape.leaves, r, shape.ranks)).size()));
  }
  const double all = std::accumulate(subtrees.begin(), subtrees.end(), 0.0);
  const double peers = shape.ranks - 1;
  double slowest = 0;
  for (const double mine : subtrees) {
    const double messages = std::max(peers * mine, all - mine);
    const RoundLoad load{std::max(messages, peers), messages * stretch, (all - 1) * stretch};
    slowest = std::max(slowest, seconds_of(load, link));
  }
  return slowest;
}

double seconds_of(const AllReduceShape& shape, AllReduceMethod method, const LinkCost& link) {
  const auto floats = static_cast<double>(shape.floats);
  switch (method) {
    case AllReduceMethod::recursive_doubling:
      return std::countr_zero(static_cast<unsigned>(shape.ranks)) *
             seconds_of({1, floats, floats}, link);
    case AllReduceMethod::partials:
      return seconds_to_gather_subtrees(shape, floats, link);
    case AllReduceMethod::slices:
      break;
  }
  const double slice = std::ceil(floats / shape.ranks);
  const double peers = shape.ranks - 1;
  return seconds_to_gather_subtrees(shape, slice, link) +
         seconds_of({peers, peers * slice, 0}, link);
}

}  // namespace

bool is_aligned(Index leaves, int ranks) {
  return std::has_single_bit(static_cast<unsigned>(ranks)) &&
         std::has_single_bit(static_cast<std::uint64_t>(leaves)) && leaves >= ranks;
}

AllReducePlan make_all_reduce_plan(const AllReduceShape& shape, AllReduceMethod method, int rank) {
  Planner planner(shape, rank);
  switch (method) {
    case AllReduceMethod::recursive_doubling:
      assert(is_aligned(shape.leaves, shape.ranks));
      return planner.recursive_doubling();
    case AllReduceMethod::partials:
      return planner.partials();
    case AllReduceMethod::slices:
      break;
  }
  return planner.slices();
}

AllReduceMethod choose_all_reduce(const AllReduceShape& shape, const LinkCost& link) {
  using enum AllReduceMethod;
  AllReduceMethod best = partials;
  double least = std::numeric_limits<double>::infinity();
  for (const AllReduceMethod method : {recursive_doubling, partials, slices}) {
    if (method == recursive_doubling && !is_aligned(shape.leaves, shape.ranks)) continue;
    const double seconds = seconds_of(shape, method, link);
    if (kFaster * seconds < least) {
      least = seconds;
      best = method;
    }
  }
  return best;
}

}  // namespace lockstep

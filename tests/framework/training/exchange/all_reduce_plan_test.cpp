#include "framework/training/exchange/all_reduce_plan.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace lockstep {
namespace {

using Place = Operand::Place;
using enum AllReduceMethod;

constexpr LinkCost kFast{.seconds_per_message = 1e-6, .seconds_per_byte = 1e-10};
constexpr LinkCost kSlow{.seconds_per_message = 5e-5, .seconds_per_byte = 1e-8};

// A float as the words of the sum that it is, which tell the order: "((0+1)+2)".
using Sum = std::string;

Sum tree_sum(const LeafRange& node) {
  if (node.size() == 1) return std::to_string(node.first);
  const Index middle = canonical_split(node);
  return "(" + tree_sum({node.first, middle}) + "+" + tree_sum({middle, node.last}) + ")";
}

// Whichever comes first: a sum of two commutes.
Sum join(const Sum& left, const Sum& right) {
  const auto first_leaf = [](const Sum& sum) {
    return std::stol(sum.substr(sum.find_first_not_of('(')));
  };
  return first_leaf(left) < first_leaf(right) ? "(" + left + "+" + right + ")"
                                              : "(" + right + "+" + left + ")";
}

// All ranks' plans carried out by hand, round by round.
class Ranks {
 public:
  Ranks(const AllReduceShape& shape, AllReduceMethod method) : shape_(shape) {
    for (int r = 0; r < shape.ranks; ++r) {
      plans_.push_back(make_all_reduce_plan(shape, method, r));
      memory_.emplace_back();
      heard_.push_back({r});
      const auto subtrees =
          complete_subtrees(shape.leaves, owned_leaves(shape.leaves, r, shape.ranks));
      for (std::size_t i = 0; i < subtrees.size(); ++i) {
        for (std::size_t f = 0; f < shape.floats; ++f) {
          memory_.back()[{Place::subtree, i, f}] = tree_sum(subtrees[i]);
        }
      }
    }
    for (std::size_t round = 0; round < plans_.front().rounds.size(); ++round) run(round);
  }

  bool all_have_the_total() {
    bool all = true;
    for (auto& memory : memory_) {
      for (std::size_t f = 0; f < shape_.floats; ++f) {
        all = all && memory[{Place::total, 0, f}] == tree_sum({0, shape_.leaves});
      }
    }
    return all;
  }

  bool all_have_all_reports() const {
    return std::all_of(heard_.begin(), heard_.end(), [&](const std::set<Index>& ranks) {
      return ranks.size() == static_cast<std::size_t>(shape_.ranks);
    });
  }

 private:
  AllReduceShape shape_;
  std::vector<AllReducePlan> plans_;
  std::vector<std::map<std::tuple<Place, std::size_t, std::size_t>, Sum>> memory_;
  std::vector<std::set<Index>> heard_;

  std::vector<Sum> read(std::size_t rank, const Operand& operand) {
    std::vector<Sum> sums;
    for (std::size_t i = 0; i < operand.size; ++i) {
      sums.push_back(memory_[rank].at({operand.place, operand.number, operand.first + i}));
    }
    return sums;
  }

  void write(std::size_t rank, const Operand& operand, const std::vector<Sum>& sums) {
    BOOST_REQUIRE(sums.size() == operand.size);
    BOOST_REQUIRE((operand.place != Place::subtree));
    if (operand.place == Place::received) {
      BOOST_REQUIRE(operand.first + operand.size <= plans_[rank].received_floats);
    }
    for (std::size_t i = 0; i < operand.size; ++i) {
      memory_[rank][{operand.place, operand.number, operand.first + i}] = sums[i];
    }
  }

  void run(std::size_t number) {
    std::map<std::pair<std::size_t, std::size_t>,
             std::vector<std::pair<std::vector<Sum>, LeafRange>>>
        under_way;
    for (std::size_t r = 0; r < plans_.size(); ++r) {
      for (const PlannedMessage& message : plans_[r].rounds[number].outgoing) {
        for (Index i = message.reports.first; i < message.reports.last; ++i) {
          BOOST_REQUIRE(heard_[r].contains(i));
        }
        under_way[{r, static_cast<std::size_t>(message.peer)}].emplace_back(
            read(r, message.numbers), message.reports);
      }
    }
    for (std::size_t r = 0; r < plans_.size(); ++r) receive(number, r, under_way);
    for (const auto& [route, messages] : under_way) BOOST_TEST(messages.empty());
  }

  template <class Messages>
  void receive(std::size_t number, std::size_t rank, Messages& under_way) {
    const AllReduceRound& round = plans_[rank].rounds[number];
    for (const PlannedMessage& message : round.incoming) {
      auto& queue = under_way[{static_cast<std::size_t>(message.peer), rank}];
      BOOST_REQUIRE(!queue.empty());
      BOOST_REQUIRE(queue.front().second == message.reports);
      write(rank, message.numbers, queue.front().first);
      for (Index i = message.reports.first; i < message.reports.last; ++i) heard_[rank].insert(i);
      queue.erase(queue.begin());
    }
    for (const PlannedSum& sum : round.sums) {
      std::vector<Sum> result = read(rank, sum.left);
      if (sum.right) {
        const std::vector<Sum> right = read(rank, *sum.right);
        for (std::size_t i = 0; i < result.size(); ++i) result[i] = join(result[i], right[i]);
      }
      write(rank, sum.into, result);
    }
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(all_reduce_plan)

BOOST_DATA_TEST_CASE(every_method_gives_every_rank_the_trees_sum_and_all_reports,
                     boost::unit_test::data::make({2, 3, 4, 5, 6, 7, 8, 16}) *
                         boost::unit_test::data::make({1, 2, 3, 4, 7, 8, 13, 16, 32}),
                     ranks, leaves) {
  for (const std::size_t floats : {1U, 3U, 11U}) {
    for (const AllReduceMethod method : {recursive_doubling, slices, partials}) {
      if (method == recursive_doubling && !is_aligned(leaves, ranks)) continue;
      for (const bool with_reports : {false, true}) {
        Ranks all(
            {.leaves = leaves, .ranks = ranks, .floats = floats, .with_reports = with_reports},
            method);
        BOOST_TEST(all.all_have_the_total());
        if (with_reports) BOOST_TEST(all.all_have_all_reports());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(ranks_are_aligned_when_they_are_the_nodes_of_a_binary_tree) {
  BOOST_TEST(is_aligned(4, 2));
  BOOST_TEST(is_aligned(4, 4));
  BOOST_TEST(is_aligned(16, 8));
  BOOST_TEST(!is_aligned(4, 3));
  BOOST_TEST(!is_aligned(7, 2));   // [0, 3) is two nodes
  BOOST_TEST(!is_aligned(2, 4));   // two ranks have none
  BOOST_TEST(!is_aligned(12, 4));  // 0..5 | 6..11, but the tree parts at 8
}

BOOST_AUTO_TEST_CASE(the_choice_follows_ranks_bytes_and_link) {
  const auto choice = [](Index leaves, int ranks, std::size_t floats, const LinkCost& link) {
    return choose_all_reduce({.leaves = leaves, .ranks = ranks, .floats = floats}, link);
  };
  BOOST_CHECK(choice(8, 2, 50000, kFast) == recursive_doubling);
  BOOST_CHECK(choice(8, 8, 100, kFast) == recursive_doubling);
  // Many bytes: what a rank sends must not grow with the number of ranks.
  BOOST_CHECK(choice(64, 64, 10'000'000, kFast) == slices);
  BOOST_CHECK(choice(63, 8, 1'000'000, kSlow) == slices);
  // Few bytes on ranks that are not aligned: one round is better than two.
  BOOST_CHECK(choice(3, 3, 100, kSlow) == partials);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

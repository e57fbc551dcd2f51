// If threads outnumber the micro-batches that are left, several of them work on one together.

#include <boost/test/unit_test.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "framework/training/exchange/thread_communicator.hpp"
#include "tests/support/training.hpp"

namespace lockstep {
namespace {

// 3 micro-batches of 16, again, and one of 4 samples.
std::vector<std::string> step_digests(Communicator& communicator, int threads,
                                      std::optional<double> clip_norm) {
  const Graph graph(testing::lenet5_network());
  const testing::TestDataset dataset(100, {1, 28, 28}, 10);
  TrainingSetup setup = testing::set_up(
      graph, {.training = dataset},
      {.seed = 7, .total_steps = 6, .batch_size = 48, .micro_batch = 16, .clip_norm = clip_norm});
  const WorkerTeam team(threads);
  return testing::step_digests(
      setup, {.team = team, .communicator = communicator, .clock = testing::no_time}, 6);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shared_micro_batches)

BOOST_AUTO_TEST_CASE(no_bit_depends_on_how_many_threads_share_a_micro_batch) {
  SoloCommunicator solo;
  for (const std::optional<double> clip_norm : {std::optional<double>(), std::optional(0.1)}) {
    const std::vector<std::string> expected = step_digests(solo, 1, clip_norm);
    for (const int threads : {2, 4, 7}) {
      BOOST_TEST(step_digests(solo, threads, clip_norm) == expected,
                 boost::test_tools::per_element());
    }
  }
}

// Three micro-batches on two ranks: the threads of the first share one, in two buckets.
BOOST_AUTO_TEST_CASE(nor_where_ranks_exchange_a_bucket_of_it_before_the_next) {
  SoloCommunicator solo;
  const std::vector<std::string> expected = step_digests(solo, 1, {});
  ThreadGroup group(2);
  std::mutex checking;
  group.run([&](Communicator& communicator) {
    const std::vector<std::string> digests = step_digests(communicator, 2, {});
    const std::lock_guard lock(checking);
    BOOST_TEST(digests == expected, boost::test_tools::per_element());
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

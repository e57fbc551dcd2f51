// If the weights of one rank differ from those of the others, as after a flipped bit, all ranks
// find it at once, before a checkpoint could be saved.

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "framework/core/error.hpp"
#include "framework/training/exchange/thread_communicator.hpp"
#include "framework/training/trainer.hpp"
#include "tests/support/training.hpp"

namespace lockstep {
namespace {

struct Flips final : TrainingObserver {
  Flips(ParameterStore& parameters_in, Index step_in) : parameters(parameters_in), step(step_in) {}

  ParameterStore& parameters;
  Index step;
  std::vector<Index> checkpoints;

  void on_step(const StepRecord& record) override {
    if (record.step == step) parameters.mutable_values()[5] += 1e-3F;
  }
  void on_evaluation(const EpochRecord& /*record*/) override {}
  void on_checkpoint(const TrainingProgress& progress) override {
    checkpoints.push_back(progress.step);
  }
};

struct Heard {
  std::string error;
  std::vector<Index> checkpoints;
};

// What three ranks hear when rank 1's weights change after `step`.
std::vector<Heard> train(Index step) {
  std::vector<Heard> heard(3);
  ThreadGroup group(3);
  group.run([&](Communicator& communicator) {
    testing::TestRun run(communicator, 1,
                         {.seed = 11,
                          .total_steps = 9,
                          .batch_size = 100,
                          .micro_batch = 16,
                          .checkpoint = {.every_steps = 3}});
    Flips observer(run.setup.parameters, communicator.rank() == 1 ? step : 0);
    Heard& mine = heard[static_cast<std::size_t>(communicator.rank())];
    try {
      run.train(observer);
    } catch (const CollectiveError& error) {
      mine.error = std::to_string(error.exit_code()) + " " + error.what();
    }
    mine.checkpoints = observer.checkpoints;
  });
  return heard;
}

void check_found(Index changed, Index found, const std::vector<Index>& checkpoints) {
  const std::string start =
      "5 After step " + std::to_string(found) + " the weights of rank 1 have the digest ";
  for (const Heard& heard : train(changed)) {
    BOOST_TEST(heard.error.substr(0, start.size()) == start);
    BOOST_TEST(heard.checkpoints == checkpoints, boost::test_tools::per_element());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(replica_check)

BOOST_AUTO_TEST_CASE(ranks_that_stay_together_train_to_the_end) {
  for (const Heard& heard : train(0)) {
    BOOST_TEST(heard.error.empty());
    BOOST_TEST(heard.checkpoints == (std::vector<Index>{3, 6, 9}),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_change_is_found_with_the_step_that_works_on_it) { check_found(4, 5, {3}); }

BOOST_AUTO_TEST_CASE(a_change_right_before_a_checkpoint_is_found_by_its_own_comparison) {
  check_found(6, 6, {3});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

// Every registered optimizer in whole trainings: on ranks and threads, and through a checkpoint.

#include <boost/test/unit_test.hpp>

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/storage/checkpoint/training_state.hpp"
#include "framework/training/exchange/thread_communicator.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/training.hpp"

namespace lockstep {
namespace {

using namespace testing;

constexpr Index kTrainedSteps = 6;  // two epochs
constexpr Index kSavedAfter = 4;

struct OptimizerTraining : TestRun {
  OptimizerTraining(Communicator& communicator_in, int threads, const SettingTexts& optimizer)
      : TestRun(communicator_in, threads,
                {.seed = 11, .total_steps = kTrainedSteps, .batch_size = 100, .micro_batch = 16},
                {.optimizer = optimizer}) {}

  std::vector<std::string> digests(Index steps) { return step_digests(setup, place(), steps); }
};

std::vector<std::string> undisturbed_digests(const SettingTexts& optimizer) {
  SoloCommunicator solo;
  return OptimizerTraining(solo, 1, optimizer).digests(kTrainedSteps);
}

void for_each_trained_optimizer(const std::function<void(const SettingTexts&)>& check) {
  for (const OptimizerType& type : all_optimizer_types()) {
    for (const SettingTexts& example : type.examples) {
      SettingTexts settings{{"type", std::string(type.name)}};
      settings.insert(settings.end(), example.begin(), example.end());
      BOOST_TEST_CONTEXT(describe(type.name, example)) { check(settings); }
    }
  }
}

// Trains to the step, and writes what a run writes.
void save_after(Index step, const SettingTexts& optimizer, const std::filesystem::path& path) {
  SoloCommunicator solo;
  OptimizerTraining run(solo, 2, optimizer);
  Trainer trainer(run.setup, run.place());
  for (Index done = 0; done < step; ++done) trainer.train_step();
  Checkpoint checkpoint = checkpoint_of({.parameters = run.setup.parameters,
                                         .optimizer = *run.setup.optimizer,
                                         .progress = run.setup.progress,
                                         .steps_per_epoch = 3,
                                         .seed = 11});
  checkpoint.model = "name: test\n";
  write_checkpoint(path, checkpoint);
}

BOOST_AUTO_TEST_SUITE(optimizer_training)

BOOST_AUTO_TEST_CASE(ranks_and_threads_change_no_bit_of_any_step) {
  for_each_trained_optimizer([](const SettingTexts& optimizer) {
    const std::vector<std::string> expected = undisturbed_digests(optimizer);
    ThreadGroup group(3);
    std::mutex checking;
    group.run([&](Communicator& communicator) {
      OptimizerTraining run(communicator, 2, optimizer);
      const std::vector<std::string> found = run.digests(kTrainedSteps);
      const std::lock_guard lock(checking);
      BOOST_TEST(found == expected, boost::test_tools::per_element());
    });
  });
}

BOOST_AUTO_TEST_CASE(a_training_goes_on_from_its_checkpoint_with_the_same_bits_on_other_ranks) {
  const TemporaryFolder folder("optimizer_training");
  for_each_trained_optimizer([&](const SettingTexts& optimizer) {
    std::vector<std::string> expected = undisturbed_digests(optimizer);
    expected.erase(expected.begin(), expected.begin() + kSavedAfter);
    const std::filesystem::path path = folder / "saved.h5";
    save_after(kSavedAfter, optimizer, path);
    ThreadGroup group(2);
    std::mutex checking;
    group.run([&](Communicator& communicator) {
      OptimizerTraining run(communicator, 1, optimizer);
      if (communicator.rank() == 0) {
        FoundCheckpoint found;
        found.path = path;
        found.checkpoint = read_checkpoint(path).checkpoint;
        run.setup.progress = resume_training(
            found, {}, {.parameters = run.setup.parameters, .optimizer = *run.setup.optimizer});
      }
      share_state(communicator, run.setup.parameters, *run.setup.optimizer, run.setup.progress);
      const std::vector<std::string> found = run.digests(kTrainedSteps - kSavedAfter);
      const std::lock_guard lock(checking);
      BOOST_TEST(found == expected, boost::test_tools::per_element());
    });
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

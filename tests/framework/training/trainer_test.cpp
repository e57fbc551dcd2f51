#include "framework/training/trainer.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <mutex>
#include <vector>

#include "framework/training/exchange/thread_communicator.hpp"
#include "tests/support/training.hpp"

namespace lockstep {
namespace {

TrainerSettings busy_settings() {
  return {.seed = 11,
          .total_steps = 9,  // three epochs of 250 samples: 100, 100, 50
          .batch_size = 100,
          .micro_batch = 16,
          .clip_norm = 0.5,
          .evaluate = {.every_epochs = 1},
          .checkpoint = {.every_steps = 4}};
}

struct StepRecorder final : testing::Recorder {
  std::function<void(Index)> after_step = [](Index /*step*/) {};

  void on_step(const StepRecord& record) override {
    testing::Recorder::on_step(record);
    after_step(record.step);
  }
};

const testing::TestMethod kMethod{
    .learning_rate = {{"schedule", "one_cycle"}, {"peak", "0.01"}, {"warmup", "0.2"}},
    .loss = {{"label_smoothing", "0.1"}}};

// Takes the first weight it meets beyond all bounds.
class Bursting final : public UpdateRule {
 public:
  void start_step(float /*learning_rate*/) override {}
  void update(const UpdateStretch& stretch) override {
    stretch.values[0] = std::numeric_limits<float>::infinity();
  }
};

// A run that validates, and what its observer is told.
struct Run : testing::TestRun {
  Run(Communicator& communicator_in, int threads_in,
      const TrainerSettings& settings_in = busy_settings())
      : TestRun(communicator_in, threads_in, settings_in, kMethod) {
    setup.data.validation = &held_out;
  }

  StepRecorder recorder;

  void train() { TestRun::train(recorder); }
};

StepRecorder solo_run(int threads = 1) {
  SoloCommunicator solo;
  Run run(solo, threads);
  run.train();
  return run.recorder;
}

// What a checkpoint carries over to another process.
void carry_over(const Run& from, Run& to) {
  std::ranges::copy(from.setup.parameters.values(), to.setup.parameters.mutable_values().begin());
  for (std::size_t b = 0; b < from.setup.optimizer->buffers().size(); ++b) {
    std::ranges::copy(std::as_const(*from.setup.optimizer).buffers()[b].values.span(),
                      to.setup.optimizer->buffers()[b].values.span().begin());
  }
  std::ranges::copy(std::as_const(*from.setup.optimizer).scalars(),
                    to.setup.optimizer->scalars().begin());
  to.setup.progress = from.setup.progress;
}

struct Layout {
  int ranks;
  int threads;
};

std::ostream& operator<<(std::ostream& out, const Layout& layout) {
  return out << layout.ranks << " ranks x " << layout.threads << " threads";
}

const std::vector<Layout> kLayouts = {{1, 2}, {1, 3}, {1, 5}, {2, 1}, {2, 2},
                                      {3, 1}, {3, 2}, {5, 1}, {8, 1}};

}  // namespace

BOOST_AUTO_TEST_SUITE(trainer)

BOOST_DATA_TEST_CASE(ranks_and_threads_change_no_bit_of_any_step, kLayouts) {
  const StepRecorder expected = solo_run();
  ThreadGroup group(sample.ranks);
  std::mutex checking;
  group.run([&](Communicator& communicator) {
    Run run(communicator, sample.threads);
    run.train();
    const std::lock_guard lock(checking);
    BOOST_TEST(run.recorder.digests() == expected.digests(), boost::test_tools::per_element());
    BOOST_REQUIRE(run.recorder.evaluations.size() == expected.evaluations.size());
    for (std::size_t i = 0; i < expected.evaluations.size(); ++i) {
      BOOST_TEST(run.recorder.evaluations[i].validation_loss ==
                 expected.evaluations[i].validation_loss);
      BOOST_TEST(run.recorder.evaluations[i].train_loss == expected.evaluations[i].train_loss);
      BOOST_TEST(run.recorder.evaluations[i].confusion == expected.evaluations[i].confusion,
                 boost::test_tools::per_element());
    }
    for (std::size_t i = 0; i < expected.steps.size(); ++i) {
      BOOST_TEST(run.recorder.steps[i].loss == expected.steps[i].loss);
      BOOST_TEST(run.recorder.steps[i].gradient_norm == expected.steps[i].gradient_norm);
    }
  });
}

BOOST_AUTO_TEST_CASE(
    a_run_stopped_after_any_step_and_resumed_has_the_bits_of_one_that_never_stopped) {
  const StepRecorder expected = solo_run();
  for (Index stop = 1; stop < 9; ++stop) {
    SoloCommunicator solo;
    Run first(solo, 2);
    Trainer trainer(first.setup, first.place());
    for (Index step = 0; step < stop; ++step) {
      const StepRecord record = trainer.train_step();
      BOOST_TEST(record.digest.hex() ==
                 expected.steps[static_cast<std::size_t>(step)].digest.hex());
    }
    ThreadGroup group(3);
    std::mutex checking;
    group.run([&](Communicator& communicator) {
      Run second(communicator, 1);
      carry_over(first, second);
      second.train();
      const std::lock_guard lock(checking);
      BOOST_TEST(second.recorder.steps.back().digest.hex() == expected.steps.back().digest.hex());
    });
  }
}

BOOST_AUTO_TEST_CASE(evaluations_and_checkpoints_come_at_their_rhythm_and_at_the_end) {
  const StepRecorder recorder = solo_run();
  BOOST_TEST(recorder.steps.size() == 9U);
  std::vector<Index> evaluated;
  for (const EpochRecord& record : recorder.evaluations) evaluated.push_back(record.step);
  BOOST_TEST(evaluated == (std::vector<Index>{3, 6, 9}), boost::test_tools::per_element());
  std::vector<Index> rhythmic;
  for (const TrainingProgress& progress : recorder.checkpoints) {
    if (progress.step % 4 == 0 || progress.step == 9) {
      rhythmic.push_back(progress.step);
    } else {
      BOOST_TEST(progress.best_step == progress.step);  // the best so far is kept as well
    }
  }
  BOOST_TEST(rhythmic == (std::vector<Index>{4, 8, 9}), boost::test_tools::per_element());
  BOOST_TEST(recorder.checkpoints.back().samples_seen == 750);
  BOOST_TEST(recorder.checkpoints.back().epoch_samples == 0);
}

BOOST_AUTO_TEST_CASE(at_the_pause_step_it_evaluates_saves_and_stops) {
  SoloCommunicator solo;
  TrainerSettings settings = busy_settings();
  settings.pause_step = 5;
  Run run(solo, 1, settings);
  run.train();
  BOOST_TEST(run.recorder.steps.size() == 5U);
  BOOST_TEST(run.recorder.evaluations.back().step == 5);
  BOOST_TEST(run.recorder.checkpoints.back().step == 5);
  Run again(solo, 1, settings);
  carry_over(run, again);
  again.train();
  BOOST_TEST(again.recorder.steps.empty());
  BOOST_REQUIRE(again.recorder.evaluations.size() == 1U);
  BOOST_TEST(again.recorder.evaluations[0].validation_loss ==
             run.recorder.evaluations.back().validation_loss);
}

BOOST_AUTO_TEST_CASE(the_network_learns) {
  SoloCommunicator solo;
  TrainerSettings settings = busy_settings();
  settings.total_steps = 150;
  settings.clip_norm.reset();
  Run run(solo, 1, settings);
  run.train();
  BOOST_TEST(run.recorder.evaluations.back().validation_accuracy > 0.9);
  BOOST_TEST(run.recorder.steps.front().loss > 1.3);  // ln 5 = 1.609 by chance alone
}

BOOST_AUTO_TEST_CASE(the_loss_is_the_mean_over_samples_also_in_a_short_last_batch) {
  // With a learning rate of (nearly) nothing the weights stay, so that the epoch's mean loss over
  // its batches of 100, 100 and 50 is the mean over all samples.
  SoloCommunicator solo;
  TrainerSettings settings = busy_settings();
  settings.total_steps = 3;
  Run run(solo, 1, settings);
  run.setup.schedule = constant_schedule(1e-30);
  run.setup.data.validation = nullptr;
  run.train();
  double weighted = 0;
  for (std::size_t i = 0; i < 3; ++i) weighted += run.recorder.steps[i].loss * (i < 2 ? 100 : 50);
  // The same nine-digit sum in another order.
  BOOST_TEST(std::abs(weighted / 250 - run.recorder.evaluations[0].train_loss) < 1e-12);
}

BOOST_AUTO_TEST_CASE(an_infinite_weight_ends_training_with_a_numeric_error) {
  SoloCommunicator solo;
  Run run(solo, 1);
  run.setup.parameters.mutable_values()[0] = std::numeric_limits<float>::infinity();
  BOOST_CHECK_EXCEPTION(run.train(), CollectiveError, [](const Error& error) {
    return error.kind() == ErrorKind::numeric &&
           std::string(error.what()).find("at step 1") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(a_weight_that_overflows_in_the_update_ends_training_with_a_numeric_error) {
  SoloCommunicator solo;
  Run run(solo, 1);
  // Loss and gradient are ordinary.
  run.setup.optimizer = std::make_unique<Optimizer>(std::make_unique<Bursting>(), 0);
  BOOST_CHECK_EXCEPTION(run.train(), CollectiveError, [](const Error& error) {
    return error.kind() == ErrorKind::numeric &&
           std::string(error.what()).starts_with("A weight after the update");
  });
  BOOST_TEST(run.recorder.steps.empty());
}

BOOST_AUTO_TEST_CASE(of_equal_accuracies_the_first_is_the_best) {
  SoloCommunicator solo;
  Run run(solo, 1);
  run.setup.schedule = constant_schedule(1e-30);  // nothing moves, so all evaluations are equal
  run.train();
  BOOST_REQUIRE_EQUAL(run.recorder.evaluations.size(), 3U);
  BOOST_TEST(run.recorder.checkpoints.back().best_step == 3);
}

BOOST_AUTO_TEST_CASE(a_rank_whose_weights_differ_ends_training_before_a_checkpoint_is_written) {
  constexpr Index kDamaged = 5;  // the next checkpoint is due after step 6, the best so far or not
  ThreadGroup group(3);
  std::atomic<int> heard = 0;
  std::atomic<Index> last_checkpoint = 0;
  group.run([&](Communicator& communicator) {
    Run run(communicator, 1);
    run.recorder.after_step = [&](Index step) {
      float& weight = run.setup.parameters.mutable_values()[17];
      if (step == kDamaged && communicator.rank() == 1) weight = std::nextafter(weight, 9.0F);
    };
    try {
      run.train();
    } catch (const CollectiveError& error) {
      const std::string said = error.what();
      if (error.kind() == ErrorKind::numeric && said.starts_with("After step ") &&
          said.find("the weights of rank 1 have") != std::string::npos) {
        ++heard;
      }
    }
    last_checkpoint = std::max(last_checkpoint.load(), run.recorder.checkpoints.back().step);
  });
  BOOST_TEST(heard == 3);
  BOOST_TEST(last_checkpoint == 4);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

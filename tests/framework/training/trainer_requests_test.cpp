// Requests to a run from outside: one rank is asked, and all comply after the same step.

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <mutex>
#include <vector>

#include "framework/training/exchange/thread_communicator.hpp"
#include "framework/training/trainer.hpp"
#include "tests/support/training.hpp"

namespace lockstep {
namespace {

// Asks once, when it is asked itself for the n-th time.
struct AsksAt final : RequestSource {
  AsksAt(Index step_in, TrainingRequest request_in) : step(step_in), request(request_in) {}

  Index step;
  TrainingRequest request;
  Index calls = 0;

  TrainingRequest take() override { return ++calls == step ? request : TrainingRequest::none; }
};

struct RequestRecorder final : TrainingObserver {
  std::vector<Index> evaluations;
  std::vector<Index> checkpoints;
  std::vector<std::string> digests;

  void on_step(const StepRecord& record) override { digests.push_back(record.digest.hex()); }
  void on_evaluation(const EpochRecord& record) override { evaluations.push_back(record.step); }
  void on_checkpoint(const TrainingProgress& progress) override {
    checkpoints.push_back(progress.step);
  }
};

struct Outcome {
  TrainingEnd end;
  TrainingProgress progress;
  RequestRecorder recorder;
};

// Three epochs of 250 samples (100, 100, 50); evaluated every three steps, checkpoint every four.
Outcome train(Communicator& communicator, RequestSource* requests, Heartbeat* heartbeat = nullptr) {
  testing::TestRun run(communicator, 2,
                       {.seed = 11,
                        .total_steps = 9,
                        .batch_size = 100,
                        .micro_batch = 16,
                        .evaluate = {.every_steps = 3},
                        .checkpoint = {.every_steps = 4}});
  run.setup.data.test = &run.held_out;  // no best, so checkpoints come at their rhythm alone
  TrainingPlace place = run.place();
  place.requests = requests;
  place.heartbeat = heartbeat;
  Trainer trainer(run.setup, place);
  Outcome outcome{.end = TrainingEnd::finished, .progress = {}, .recorder = {}};
  outcome.end = trainer.run(outcome.recorder);
  outcome.progress = trainer.progress();
  return outcome;
}

Outcome train_alone(RequestSource* requests) {
  SoloCommunicator solo;
  return train(solo, requests);
}

using Steps = std::vector<Index>;

}  // namespace

BOOST_AUTO_TEST_SUITE(trainer_requests)

BOOST_AUTO_TEST_CASE(asked_to_stop_it_saves_a_checkpoint_after_that_step_and_ends) {
  for (const Index step : {1, 4, 5}) {
    AsksAt source(step, TrainingRequest::stop);
    const Outcome outcome = train_alone(&source);
    BOOST_TEST((outcome.end == TrainingEnd::stopped));
    BOOST_TEST(outcome.progress.step == step);
    BOOST_TEST(outcome.recorder.checkpoints.back() == step);
  }
}

BOOST_AUTO_TEST_CASE(an_evaluation_that_is_due_comes_before_the_stop) {
  AsksAt source(6, TrainingRequest::stop);
  const Outcome outcome = train_alone(&source);
  BOOST_TEST(outcome.recorder.evaluations == (Steps{3, 6}), boost::test_tools::per_element());
  BOOST_TEST(outcome.recorder.checkpoints == (Steps{4, 6}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(asked_at_the_last_step_the_run_is_finished) {
  AsksAt source(9, TrainingRequest::stop);
  const Outcome outcome = train_alone(&source);
  BOOST_TEST((outcome.end == TrainingEnd::finished));
  BOOST_TEST(outcome.recorder.evaluations.back() == 9);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_asked_for_changes_neither_rhythm_nor_bits) {
  const Outcome undisturbed = train_alone(nullptr);
  BOOST_TEST(undisturbed.recorder.checkpoints == (Steps{4, 8, 9}),
             boost::test_tools::per_element());
  AsksAt source(5, TrainingRequest::checkpoint);
  const Outcome outcome = train_alone(&source);
  BOOST_TEST((outcome.end == TrainingEnd::finished));
  BOOST_TEST(outcome.recorder.checkpoints == (Steps{4, 5, 8, 9}), boost::test_tools::per_element());
  BOOST_TEST(outcome.recorder.evaluations == (Steps{3, 6, 9}), boost::test_tools::per_element());
  BOOST_TEST(outcome.recorder.digests == undisturbed.recorder.digests,
             boost::test_tools::per_element());
}

// On eight ranks the last step of an epoch, of four micro-batches, leaves some with none.
BOOST_DATA_TEST_CASE(whichever_rank_is_asked_all_ranks_stop_after_the_same_step,
                     (std::vector<int>{2, 3, 8})) {
  for (int asked = 0; asked < sample; ++asked) {
    ThreadGroup group(sample);
    std::mutex checking;
    group.run([&](Communicator& communicator) {
      AsksAt source(3,
                    communicator.rank() == asked ? TrainingRequest::stop : TrainingRequest::none);
      const Outcome outcome = train(communicator, &source);
      const std::lock_guard lock(checking);
      BOOST_TEST((outcome.end == TrainingEnd::stopped));
      BOOST_TEST(outcome.progress.step == 3);
      BOOST_TEST(outcome.recorder.checkpoints == (Steps{3}), boost::test_tools::per_element());
    });
  }
}

BOOST_AUTO_TEST_CASE(ranks_asked_at_different_steps_stop_after_the_first_of_them) {
  ThreadGroup group(3);
  std::mutex checking;
  group.run([&](Communicator& communicator) {
    AsksAt source(7 - communicator.rank(), TrainingRequest::stop);
    const Outcome outcome = train(communicator, &source);
    const std::lock_guard lock(checking);
    BOOST_TEST(outcome.progress.step == 5);
  });
}

BOOST_AUTO_TEST_CASE(the_heart_beats_with_every_micro_batch_and_says_where_it_is) {
  SoloCommunicator solo;
  Heartbeat heartbeat;
  BOOST_TEST(std::string(heartbeat.place()) == "start-up");
  static_cast<void>(train(solo, nullptr, &heartbeat));
  BOOST_TEST(std::string(heartbeat.place()) == "checkpoint");
  BOOST_TEST(heartbeat.step() == 9);
  // Three epochs of 7 + 7 + 4 micro-batches, three evaluations of three each.
  BOOST_TEST(heartbeat.beats() >= 3U * 18U + 3U * 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

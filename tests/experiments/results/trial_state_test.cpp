#include "experiments/results/trial_state.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <boost/test/unit_test.hpp>

#include "framework/storage/metrics/metrics_journal.hpp"
#include "framework/storage/run/run_directory.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lockstep {
namespace {

/// The folder of a trial, which does not exist at first.
class TrialFolder {
 public:
  explicit TrialFolder(const std::string& name) : folder_(name), path_(folder_ / "trial") {}

  const std::filesystem::path& path() const { return path_; }
  RunDirectory open() const {
    return RunDirectory({.name = "trial", .out = path_, .start = RunStart::resume});
  }
  TrialStatus status() const { return read_trial_state(path_).status; }

 private:
  TemporaryFolder folder_;
  std::filesystem::path path_;
};

void record_steps(const std::filesystem::path& folder, Index steps) {
  MetricsJournal journal(folder / "metrics.jsonl");
  for (Index step = 1; step <= steps; ++step) {
    journal.append(StepRecord{.step = step,
                              .has_digest = true,
                              .digest = {.high = static_cast<std::uint64_t>(step), .low = 1}});
  }
  journal.append(EpochRecord{.epoch = 1, .step = steps, .test_accuracy = 0.5});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trial_state)

BOOST_AUTO_TEST_CASE(the_files_of_the_folder_say_how_far_a_trial_is) {
  const TrialFolder folder("states");
  BOOST_TEST((folder.status() == TrialStatus::waiting));
  {
    const RunDirectory run = folder.open();
    run.write_resolved("name: trial\n");
    BOOST_TEST((folder.status() == TrialStatus::running));
  }
  BOOST_TEST((folder.status() == TrialStatus::waiting));
  record_steps(folder.path(), 3);
  BOOST_TEST((folder.status() == TrialStatus::interrupted));
  folder.open().finish({.outcome = RunOutcome::stopped, .exit_code = 75, .reason = "asked"});
  BOOST_TEST((folder.status() == TrialStatus::stopped));
  folder.open().finish({.outcome = RunOutcome::failed, .exit_code = 5, .reason = "NaN"});
  const TrialState failed = read_trial_state(folder.path());
  BOOST_TEST((failed.status == TrialStatus::failed && failed.is_over()));
  BOOST_TEST(failed.reason == "NaN");
  folder.open().finish({.outcome = RunOutcome::done, .exit_code = 0, .reason = "finished"});
  const TrialState done = read_trial_state(folder.path());
  BOOST_TEST((done.status == TrialStatus::done && done.is_over()));
  BOOST_TEST(done.steps == 3);
  BOOST_TEST(done.digest->high == 3U);
  BOOST_TEST(done.last.test_accuracy == 0.5);
  BOOST_TEST(done.curve.steps.size() == 3U);
  BOOST_TEST(done.curve.epochs.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_last_step_is_found_at_the_end_of_a_long_journal) {
  const TrialFolder folder("last");
  BOOST_TEST(last_step(folder.path()) == 0);
  std::filesystem::create_directories(folder.path());
  record_steps(folder.path(), 1234);
  BOOST_TEST(last_step(folder.path()) == 1234);
}

BOOST_AUTO_TEST_CASE(last_words_are_the_last_line_with_something_in_it) {
  const TrialFolder folder("words");
  std::filesystem::create_directories(folder.path());
  const std::filesystem::path file = folder.path() / "stderr.txt";
  BOOST_TEST(last_words(file).empty());
  std::ofstream(file) << "first\nlockstep: no room\n\n";
  BOOST_TEST(last_words(file) == "lockstep: no room");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

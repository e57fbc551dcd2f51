#include "framework/storage/run/run_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "tests/framework/storage/samples.hpp"
#include "tests/support/child_process.hpp"

namespace lockstep::testing {
namespace {

using boost::test_tools::per_element;
using Names = std::vector<std::string>;

RunRequest request_in(const TemporaryFolder& folder, RunStart start = RunStart::fresh) {
  return {.name = "lenet", .out = {}, .start = start, .runs = folder / "runs"};
}

RunRequest out_in(const TemporaryFolder& folder, RunStart start = RunStart::fresh) {
  return {.name = "lenet", .out = folder / "out", .start = start};
}

/// A run in folder/out with everything that a run writes.
void make_run(const TemporaryFolder& folder) {
  RunDirectory run(out_in(folder));
  run.write_experiment("name: lenet # as given\n");
  run.write_resolved("name: lenet\n");
  run.log("began");
  publish_metrics(run.metrics_path(), sample_metrics());
  put_bytes(run.journal_path(), "");
  run.checkpoints().save(sample_checkpoint(10), {.is_best = true});
  run.checkpoints().save(sample_checkpoint(20), {});
  run.finish({.outcome = RunOutcome::done, .exit_code = 0, .reason = "trained"});
}

BOOST_AUTO_TEST_SUITE(run_directory)

BOOST_AUTO_TEST_CASE(a_used_name_gets_a_number) {
  const TemporaryFolder folder("numbers");
  const RunDirectory first(request_in(folder));
  const RunDirectory second(request_in(folder));
  const RunDirectory third(request_in(folder));
  BOOST_TEST(first.path() == folder / "runs/lenet");
  BOOST_TEST(second.path() == folder / "runs/lenet-2");
  BOOST_TEST(third.path() == folder / "runs/lenet-3");
}

BOOST_AUTO_TEST_CASE(resuming_or_overwriting_without_a_folder_takes_the_last_one) {
  const TemporaryFolder folder("resume_last");
  BOOST_TEST(RunDirectory(request_in(folder, RunStart::resume)).path() == folder / "runs/lenet");
  BOOST_TEST(RunDirectory(request_in(folder)).path() == folder / "runs/lenet-2");
  BOOST_TEST(RunDirectory(request_in(folder, RunStart::resume)).path() == folder / "runs/lenet-2");
  BOOST_TEST(RunDirectory(request_in(folder, RunStart::overwrite)).path() ==
             folder / "runs/lenet-2");
}

BOOST_AUTO_TEST_CASE(a_check_finds_the_folder_and_makes_nothing) {
  const TemporaryFolder folder("check");
  BOOST_TEST(check_run_folder(request_in(folder)) == folder / "runs/lenet");
  BOOST_TEST(check_run_folder(out_in(folder)) == folder / "out");
  BOOST_TEST(names_in(folder / "") == Names{}, per_element());
  make_run(folder);
  const auto problem = [&](RunStart start) {
    return error_of([&] { check_run_folder(out_in(folder, start)); });
  };
  BOOST_TEST(problem(RunStart::fresh) == error_of([&] { RunDirectory run(out_in(folder)); }));
  BOOST_TEST(check_run_folder(out_in(folder, RunStart::overwrite)) == folder / "out");
  BOOST_TEST(names_in(folder / "out").size() == 10U);
  const RunDirectory holder(out_in(folder, RunStart::resume));
  BOOST_TEST(problem(RunStart::resume).find("is in use by process") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_run_holds_what_is_documented) {
  const TemporaryFolder folder("contents");
  make_run(folder);
  BOOST_TEST(names_in(folder / "out") ==
                 (Names{"DONE", "best", "checkpoints", "experiment.yaml", "latest", "log.txt",
                        "metrics.h5", "metrics.jsonl", "resolved.yaml", "run.lock"}),
             per_element());
  BOOST_TEST(
      names_in(folder / "out/checkpoints") == (Names{"step_00000010.h5", "step_00000020.h5"}),
      per_element());
  BOOST_TEST(bytes_of(folder / "out/latest") == "checkpoints/step_00000020.h5\n");
  BOOST_TEST(bytes_of(folder / "out/best") == "checkpoints/step_00000010.h5\n");
  BOOST_TEST(bytes_of(folder / "out/log.txt") == "began\n");
  BOOST_TEST(bytes_of(folder / "out/experiment.yaml") == "name: lenet # as given\n");
  BOOST_TEST(read_resolved(folder / "out") == "name: lenet\n");
}

BOOST_AUTO_TEST_CASE(a_used_folder_is_refused_with_what_to_do) {
  const TemporaryFolder folder("used");
  make_run(folder);
  const std::string error = error_of([&] { RunDirectory run(out_in(folder)); });
  BOOST_TEST(contains(error, "2: "));
  for (const char* word : {"--resume", "--overwrite", "--out"}) BOOST_TEST(contains(error, word));
}

BOOST_AUTO_TEST_CASE(an_empty_folder_is_taken) {
  const TemporaryFolder folder("empty");
  std::filesystem::create_directory(folder / "out");
  BOOST_TEST(RunDirectory(out_in(folder)).path() == folder / "out");
}

BOOST_AUTO_TEST_CASE(overwriting_removes_what_the_run_wrote_and_nothing_else) {
  const TemporaryFolder folder("overwrite");
  make_run(folder);
  put_bytes(folder / "out/notes.md", "mine");
  put_bytes(folder / "out/checkpoints/mine.h5", "mine");
  put_bytes(folder / "out/checkpoints/.step_00000030.h5.tmp-12", "left by a kill");
  const RunDirectory run(out_in(folder, RunStart::overwrite));
  BOOST_TEST(names_in(folder / "out") == (Names{"checkpoints", "log.txt", "notes.md", "run.lock"}),
             per_element());
  BOOST_TEST(names_in(folder / "out/checkpoints") == Names{"mine.h5"}, per_element());
  BOOST_TEST(bytes_of(folder / "out/log.txt").empty());
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_no_run_is_never_touched) {
  const TemporaryFolder folder("foreign");
  std::filesystem::create_directory(folder / "out");
  put_bytes(folder / "out/best", "a text of mine");
  for (const RunStart start : {RunStart::fresh, RunStart::resume, RunStart::overwrite}) {
    const std::string error = error_of([&] { RunDirectory run(out_in(folder, start)); });
    BOOST_TEST(contains(error, "2: "));
    BOOST_TEST(contains(error, "it is no run's folder"));
    BOOST_TEST(names_in(folder / "out") == Names{"best"}, per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_run_killed_at_its_very_beginning_can_be_resumed) {
  const TemporaryFolder folder("infant");
  { const RunDirectory run(out_in(folder)); }
  put_bytes(folder / "out/.resolved.yaml.tmp-99", "name: le");
  BOOST_TEST(contains(error_of([&] { RunDirectory run(out_in(folder)); }), "--resume"));
  const RunDirectory run(out_in(folder, RunStart::resume));
  BOOST_TEST(names_in(folder / "out") == (Names{"log.txt", "run.lock"}), per_element());
}

BOOST_AUTO_TEST_CASE(what_a_kill_left_half_written_is_removed_by_resuming) {
  const TemporaryFolder folder("left_over");
  make_run(folder);
  put_bytes(folder / "out/.metrics.h5.tmp-12", "x");
  put_bytes(folder / "out/checkpoints/.step_00000030.h5.tmp-12", "x");
  const RunDirectory run(out_in(folder, RunStart::resume));
  BOOST_TEST(!std::filesystem::exists(folder / "out/.metrics.h5.tmp-12"));
  BOOST_TEST(names_in(folder / "out/checkpoints").size() == 2U);
  BOOST_TEST(run.checkpoints().newest_good()->checkpoint.state->progress.step == 20);
}

BOOST_AUTO_TEST_CASE(a_folder_in_use_names_its_holder) {
  const TemporaryFolder folder("lock");
  BOOST_TEST(!is_run_locked(folder / "out"));
  make_run(folder);
  BOOST_TEST(!is_run_locked(folder / "out"));
  const RunDirectory run(out_in(folder, RunStart::resume));
  BOOST_TEST(is_run_locked(folder / "out"));
  for (const RunStart start : {RunStart::resume, RunStart::overwrite}) {
    const std::string error = error_of([&] { RunDirectory second(out_in(folder, start)); });
    BOOST_TEST(contains(error, "2: "));
    BOOST_TEST(contains(error, "is in use by process " + std::to_string(::getpid()) + " on host "));
  }
  BOOST_TEST(std::filesystem::exists(folder / "out/resolved.yaml"));
}

BOOST_AUTO_TEST_CASE(the_lock_of_a_killed_process_is_free) {
  const TemporaryFolder folder("stale");
  make_run(folder);
  const int ended = in_child([&] {
    const RunDirectory run(out_in(folder, RunStart::resume));
    ::raise(SIGKILL);
    return 0;
  });
  BOOST_TEST(ended == -SIGKILL);
  BOOST_TEST(contains(bytes_of(folder / "out/run.lock"), "process "));
  BOOST_TEST(RunDirectory(out_in(folder, RunStart::resume)).is_locked());
  BOOST_TEST(bytes_of(folder / "out/run.lock").empty());
}

BOOST_AUTO_TEST_CASE(names_that_do_not_suit_a_folder_are_refused) {
  const TemporaryFolder folder("names");
  const Names bad = {"",
                     ".",
                     "..",
                     "../up",
                     "a/b",
                     ".hidden",
                     "-rf",
                     "a b",
                     "a\nb",
                     "\xC3\xBC",
                     std::string(201, 'a'),
                     std::string("a\0b", 3)};
  for (const std::string& name : bad) {
    RunRequest request = request_in(folder);
    request.name = name;
    BOOST_TEST(contains(error_of([&] { RunDirectory run(request); }), "does not suit a folder"));
  }
  BOOST_TEST(names_in(folder.path()).empty());
}

BOOST_AUTO_TEST_CASE(a_file_in_the_folders_place_is_refused) {
  const TemporaryFolder folder("file");
  put_bytes(folder / "out", "x");
  BOOST_TEST(contains(error_of([&] { RunDirectory run(out_in(folder)); }),
                      "is a file, expected a folder"));
}

BOOST_AUTO_TEST_CASE(there_is_one_end_mark_at_most) {
  const TemporaryFolder folder("ends");
  const RunDirectory run(out_in(folder));
  BOOST_TEST(!read_run_end(run.path()).has_value());
  run.finish({.outcome = RunOutcome::stopped, .exit_code = 75, .reason = "asked\nto stop"});
  run.finish({.outcome = RunOutcome::failed, .exit_code = 5, .reason = "loss is NaN: step 7"});
  BOOST_TEST(!std::filesystem::exists(run.path() / "STOPPED"));
  BOOST_TEST(bytes_of(run.path() / "FAILED") == "exit_code: 5\nreason: loss is NaN: step 7\n");
  const RunEnd end = read_run_end(run.path()).value();
  BOOST_TEST((end.outcome == RunOutcome::failed));
  BOOST_TEST(end.exit_code == 5);
  BOOST_TEST(end.reason == "loss is NaN: step 7");
  run.clear_end();
  BOOST_TEST(!read_run_end(run.path()).has_value());
  BOOST_TEST(!std::filesystem::exists(run.path() / "FAILED"));
}

BOOST_AUTO_TEST_CASE(the_log_grows_over_resumes) {
  const TemporaryFolder folder("log");
  make_run(folder);
  RunDirectory(out_in(folder, RunStart::resume)).log("went on");
  BOOST_TEST(bytes_of(folder / "out/log.txt") == "began\nwent on\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing

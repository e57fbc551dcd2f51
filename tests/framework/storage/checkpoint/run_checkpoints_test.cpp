#include "framework/storage/checkpoint/run_checkpoints.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

using boost::test_tools::per_element;
using Steps = std::vector<Index>;

void damage(const std::filesystem::path& path) {
  std::string bytes = bytes_of(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  put_bytes(path, bytes);
}

RunCheckpoints saved(const TemporaryFolder& folder, const Steps& steps) {
  RunCheckpoints checkpoints(folder.path());
  for (const Index step : steps) checkpoints.save(sample_checkpoint(step), {.keep = 10});
  return checkpoints;
}

BOOST_AUTO_TEST_SUITE(run_checkpoints)

BOOST_AUTO_TEST_CASE(the_newest_ones_stay) {
  const TemporaryFolder folder("keep");
  const RunCheckpoints checkpoints(folder.path());
  for (Index step = 1; step <= 6; ++step) checkpoints.save(sample_checkpoint(step), {.keep = 3});
  BOOST_TEST(checkpoints.steps() == (Steps{4, 5, 6}), per_element());
  BOOST_TEST(checkpoints.latest().value() == 6);
  BOOST_TEST(!checkpoints.best().has_value());
}

BOOST_AUTO_TEST_CASE(the_best_one_stays_too) {
  const TemporaryFolder folder("best");
  const RunCheckpoints checkpoints(folder.path());
  for (Index step = 1; step <= 6; ++step) {
    checkpoints.save(sample_checkpoint(step), {.keep = 2, .is_best = step == 2});
  }
  BOOST_TEST(checkpoints.steps() == (Steps{2, 5, 6}), per_element());
  BOOST_TEST(checkpoints.best().value() == 2);
  checkpoints.save(sample_checkpoint(7), {.keep = 2, .is_best = true});
  BOOST_TEST(checkpoints.steps() == (Steps{6, 7}), per_element());
}

BOOST_AUTO_TEST_CASE(steps_beyond_eight_digits_sort_as_numbers) {
  const TemporaryFolder folder("digits");
  const RunCheckpoints checkpoints = saved(folder, {99999999, 100000000, 7});
  BOOST_TEST(checkpoints.steps() == (Steps{7, 99999999, 100000000}), per_element());
  BOOST_TEST(checkpoints.path_of(100000000).filename() == "step_100000000.h5");
}

BOOST_AUTO_TEST_CASE(other_files_are_not_taken_for_checkpoints) {
  const TemporaryFolder folder("strangers");
  const RunCheckpoints checkpoints = saved(folder, {5});
  for (const char* name : {"step_5.h5", "step_-0000006.h5", "step_00000006.h5.bak", "x.h5"}) {
    put_bytes(folder.path() / "checkpoints" / name, "x");
  }
  BOOST_TEST(checkpoints.steps() == Steps{5}, per_element());
}

BOOST_AUTO_TEST_CASE(a_run_without_checkpoints_has_none_to_go_on_from) {
  const TemporaryFolder folder("none");
  BOOST_TEST(!RunCheckpoints(folder.path()).newest_good().has_value());
}

BOOST_AUTO_TEST_CASE(a_damaged_newest_one_is_passed_over_and_told) {
  const TemporaryFolder folder("fallback");
  const RunCheckpoints checkpoints = saved(folder, {1, 2, 3, 4});
  damage(checkpoints.path_of(4));
  put_bytes(checkpoints.path_of(3), "");
  const FoundCheckpoint found = checkpoints.newest_good().value();
  BOOST_TEST(found.path == checkpoints.path_of(2));
  BOOST_TEST(same_bits(found.checkpoint, sample_checkpoint(2)));
  BOOST_REQUIRE(found.messages.size() == 2U);
  BOOST_TEST(contains(found.messages[0], "step_00000004.h5 is damaged: its digest is "));
  BOOST_TEST(contains(found.messages[1], "step_00000003.h5: it is empty"));
  BOOST_TEST(checkpoints.steps().size() == 4U);
}

BOOST_AUTO_TEST_CASE(none_good_is_an_error_that_changes_nothing) {
  const TemporaryFolder folder("none_good");
  const RunCheckpoints checkpoints = saved(folder, {1, 2});
  damage(checkpoints.path_of(1));
  damage(checkpoints.path_of(2));
  const std::string error = error_of([&] { checkpoints.newest_good(); });
  BOOST_TEST(contains(error, "3: "));
  BOOST_TEST(contains(error, "has 2 checkpoints, but none is good"));
  BOOST_TEST(checkpoints.steps() == (Steps{1, 2}), per_element());
}

BOOST_AUTO_TEST_CASE(one_without_a_digest_is_not_gone_on_from) {
  const TemporaryFolder folder("unverified");
  const RunCheckpoints checkpoints = saved(folder, {1, 2});
  put_bytes(checkpoints.path_of(2), bytes_of(checkpoints.path_of(2)).substr(512));
  const FoundCheckpoint found = checkpoints.newest_good().value();
  BOOST_TEST(found.path == checkpoints.path_of(1));
  BOOST_TEST(contains(found.messages.at(0), "has no digest"));
}

BOOST_AUTO_TEST_CASE(one_of_another_step_than_its_name_says_is_passed_over) {
  const TemporaryFolder folder("renamed");
  const RunCheckpoints checkpoints = saved(folder, {1, 2});
  std::filesystem::copy_file(checkpoints.path_of(1), checkpoints.path_of(3));
  const FoundCheckpoint found = checkpoints.newest_good().value();
  BOOST_TEST(found.path == checkpoints.path_of(2));
  BOOST_TEST(contains(found.messages.at(0), "step_00000003.h5 is of step 1"));
}

BOOST_AUTO_TEST_CASE(one_that_the_caller_finds_wrong_is_passed_over) {
  const TemporaryFolder folder("judged");
  const RunCheckpoints checkpoints = saved(folder, {1, 2});
  const auto judge = [](Index refused) {
    return [refused](const FoundCheckpoint& found) {
      const Index step = found.checkpoint.state->progress.step;
      return step >= refused ? std::optional<std::string>("it is strange") : std::nullopt;
    };
  };
  const FoundCheckpoint found = checkpoints.newest_good(judge(2)).value();
  BOOST_TEST(found.path == checkpoints.path_of(1));
  BOOST_TEST(found.messages.at(0) == "Passed over a checkpoint: it is strange.");
  BOOST_TEST(contains(error_of([&] { checkpoints.newest_good(judge(1)); }), "but none is good"));
}

BOOST_AUTO_TEST_CASE(another_arithmetic_is_refused_by_resume) {
  const TemporaryFolder folder("arithmetic");
  const RunCheckpoints checkpoints(folder.path());
  Checkpoint checkpoint = sample_checkpoint(1);
  checkpoint.arithmetic_version = kArithmeticVersion + 1;
  checkpoints.save(checkpoint, {});
  BOOST_TEST(contains(error_of([&] { checkpoints.newest_good(); }), "arithmetic version"));
}

BOOST_AUTO_TEST_CASE(checkpoints_of_a_future_not_come_to_again_cost_no_good_one) {
  const TemporaryFolder folder("future");
  const RunCheckpoints checkpoints = saved(folder, {10, 20, 30, 40});
  damage(checkpoints.path_of(30));
  damage(checkpoints.path_of(40));
  checkpoints.rewind(20, 10);
  checkpoints.save(sample_checkpoint(25), {.keep = 2});
  BOOST_TEST(checkpoints.steps() == (Steps{10, 20, 25, 30, 40}), per_element());
  BOOST_TEST(checkpoints.newest_good()->path == checkpoints.path_of(25));
}

BOOST_AUTO_TEST_CASE(rewinding_takes_latest_and_best_back) {
  const TemporaryFolder folder("rewind");
  const RunCheckpoints checkpoints = saved(folder, {10, 20});
  checkpoints.save(sample_checkpoint(30), {.is_best = true});
  checkpoints.rewind(20, 10);
  BOOST_TEST(checkpoints.latest().value() == 20);
  BOOST_TEST(checkpoints.best().value() == 10);
  checkpoints.save(sample_checkpoint(30), {.is_best = true});
  checkpoints.rewind(20, 0);
  BOOST_TEST(!checkpoints.best().has_value());
}

BOOST_AUTO_TEST_CASE(a_failed_save_leaves_names_and_files_as_they_were) {
  const TemporaryFolder folder("failed");
  const RunCheckpoints checkpoints = saved(folder, {1, 2});
  const WriteOptions stopping = {.on_stage = [](WriteStage stage, const std::filesystem::path&) {
    if (stage == WriteStage::synced) throw Error(errors::kDamagedData, "no");
  }};
  const SaveOptions options = {.keep = 1, .is_best = true, .write = stopping};
  BOOST_TEST(contains(error_of([&] { checkpoints.save(sample_checkpoint(3), options); }),
                      "is not written: no"));
  BOOST_TEST(checkpoints.steps() == (Steps{1, 2}), per_element());
  BOOST_TEST(checkpoints.latest().value() == 2);
  BOOST_TEST(!checkpoints.best().has_value());
}

BOOST_AUTO_TEST_CASE(names_that_lead_elsewhere_are_not_followed) {
  const TemporaryFolder folder("elsewhere");
  const RunCheckpoints checkpoints = saved(folder, {1});
  for (const char* text : {"", "../step_00000001.h5", "/etc/passwd", "checkpoints/../best",
                           "checkpoints/step_00000009.h5"}) {
    put_bytes(folder / "latest", text);
    BOOST_TEST(!checkpoints.latest().has_value(), text);
  }
  BOOST_TEST(find_checkpoint(folder.path()) == checkpoints.path_of(1));
}

BOOST_AUTO_TEST_CASE(a_run_means_its_latest_checkpoint_and_a_file_itself) {
  const TemporaryFolder folder("find");
  const RunCheckpoints checkpoints = saved(folder, {1, 2});
  BOOST_TEST(find_checkpoint(folder.path()) == checkpoints.path_of(2));
  BOOST_TEST(find_checkpoint(checkpoints.path_of(1)) == checkpoints.path_of(1));
  std::filesystem::create_directory(folder / "empty");
  BOOST_TEST(contains(error_of([&] { find_checkpoint(folder / "empty"); }),
                      "is a folder without checkpoints"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing

#include "framework/storage/run/bundle.hpp"

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/storage/files/user_block.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/metrics/journal_recovery.hpp"
#include "framework/storage/metrics/metrics_journal.hpp"
#include "framework/storage/run/run_directory.hpp"
#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

/// A run with the sample's metrics and checkpoints of the steps, the first of which is the best.
BundledRun sample_run(const std::filesystem::path& folder, const std::vector<Index>& steps) {
  const RunDirectory run({.name = "sample", .out = folder});
  run.write_resolved("name: sample\n");
  MetricsJournal journal(run.journal_path());
  for (const StepRecord& record : sample_metrics().steps) journal.append(record);
  for (const Index step : steps) {
    run.checkpoints().save(sample_checkpoint(step), {.keep = 9, .is_best = step == steps.front()});
  }
  return {.name = "sample", .folder = folder, .status = "interrupted"};
}

BundleContents contents_of(const BundledRun& run) {
  return {.name = "sample", .version = "1.2.3", .runs = {run}};
}

/// A checkpoint with a right digest that has a link in it, as nobody but a forger makes one.
void forge_checkpoint(const std::filesystem::path& path) {
  Hdf5Writer file(path, kUserBlockBytes);
  file.add_external_link("/model", "elsewhere.h5", "/model");
  std::vector<std::byte> bytes = file.finish();
  seal(bytes, SealedKind::checkpoint);
  std::string text;
  for (const std::byte byte : bytes) text += static_cast<char>(byte);
  put_bytes(path, text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bundle)

BOOST_AUTO_TEST_CASE(a_bundle_says_what_is_inside) {
  const TemporaryFolder folder("bundle");
  const BundleResult result =
      write_bundle(folder / "a.h5", contents_of(sample_run(folder / "run", {3, 5})));
  BOOST_TEST(result.checkpoints == 2U);
  BOOST_TEST(result.bytes == static_cast<std::int64_t>(bytes_of(folder / "a.h5").size()));
  BOOST_TEST(result.problems.empty());
  BOOST_TEST(is_bundle(folder / "a.h5"));
  const BundleSummary summary = read_bundle_summary(folder / "a.h5");
  BOOST_TEST(summary.kind == "run");
  BOOST_TEST(summary.name == "sample");
  BOOST_TEST(summary.version == "1.2.3");
  BOOST_TEST(summary.runs.at(0).status == "interrupted");
  BOOST_TEST(summary.runs.at(0).steps == 5);
  BOOST_TEST(summary.runs.at(0).checkpoints ==
             (std::vector<std::string>{"step_00000003", "step_00000005"}));
  BOOST_TEST(names_in(folder.path()) == (std::vector<std::string>{"a.h5", "run"}));
}

BOOST_AUTO_TEST_CASE(a_packed_checkpoint_has_the_order_of_its_layers) {
  const TemporaryFolder folder("bundle_order");
  write_bundle(folder / "a.h5", contents_of(sample_run(folder / "run", {3})));
  const Hdf5Reader file(folder / "a.h5");
  const std::string checkpoint = "/runs/sample/checkpoints/step_00000003";
  BOOST_TEST(file.children(checkpoint + "/parameters") == (std::vector<std::string>{"c1", "a0"}));
  BOOST_TEST(file.read_floats(checkpoint + "/parameters/c1/weight") ==
             sample_checkpoint(3).parameters.at(0).values);
  BOOST_TEST(file.text_attribute(checkpoint, "format") == "lockstep-checkpoint");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_with_a_link_is_refused_and_the_old_bundle_stays) {
  const TemporaryFolder folder("bundle_link");
  const BundledRun run = sample_run(folder / "run", {3});
  write_bundle(folder / "a.h5", contents_of(run));
  const std::string before = bytes_of(folder / "a.h5");
  forge_checkpoint(folder / "run/checkpoints/step_00000003.h5");
  const std::string error = error_of([&] { write_bundle(folder / "a.h5", contents_of(run)); });
  BOOST_TEST(contains(error, "3: bundle "));
  BOOST_TEST(contains(error, "step_00000003.h5: /model is a link"));
  BOOST_TEST(bytes_of(folder / "a.h5") == before);
  BOOST_TEST(names_in(folder.path()) == (std::vector<std::string>{"a.h5", "run"}));
}

BOOST_AUTO_TEST_CASE(a_value_that_does_not_come_back_as_written_leaves_the_old_bundle) {
  const TemporaryFolder folder("bundle_disk");
  const BundledRun run = sample_run(folder / "run", {3});
  const WriteOptions damaging{.on_stage = [](WriteStage stage, const std::filesystem::path& file) {
    if (stage != WriteStage::synced) return;
    std::string bytes = bytes_of(file);
    const float value = sample_checkpoint(3).parameters.at(0).values.at(5);
    const std::size_t at = bytes.find(std::string(reinterpret_cast<const char*>(&value), 4));
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
    put_bytes(file, bytes);
  }};
  const std::string error =
      error_of([&] { write_bundle(folder / "a.h5", contents_of(run), damaging); });
  BOOST_TEST(contains(error, "3: bundle "));
  BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"run"});
}

BOOST_AUTO_TEST_CASE(a_bundle_of_a_newer_version_is_refused) {
  const TemporaryFolder folder("bundle_newer");
  Hdf5Writer file(folder / "a.h5");
  file.add_attribute("/", "format", "lockstep-bundle");
  file.add_attribute("/", "schema_version", std::int64_t{2});
  file.close();
  BOOST_TEST(contains(error_of([&] { read_bundle_summary(folder / "a.h5"); }), "3: "));
  BOOST_TEST(contains(error_of([&] { read_bundle_summary(folder / "a.h5"); }), "newer version"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep::testing

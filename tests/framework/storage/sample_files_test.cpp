// Writes one file of each kind for other_tools_test.py, which opens them with h5py and h5dump.
// Without LOCKSTEP_SAMPLES (a folder) it writes them into a folder of its own.

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/run/bundle.hpp"
#include "framework/storage/run/run_directory.hpp"
#include "framework/storage/run/sweep_index.hpp"
#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

BOOST_AUTO_TEST_SUITE(sample_files)

BOOST_AUTO_TEST_CASE(one_of_each_kind_is_written) {
  const TemporaryFolder own("samples");
  const TemporaryFolder elsewhere("sampled_run");
  const char* given = std::getenv("LOCKSTEP_SAMPLES");
  const std::filesystem::path folder = given == nullptr ? own.path() : std::filesystem::path(given);
  const Checkpoint checkpoint = sample_checkpoint();
  write_checkpoint(folder / "checkpoint.h5", checkpoint);
  const MetricsOrigin origin{checkpoint.experiment, checkpoint.provenance};
  publish_metrics(folder / "metrics.h5", sample_metrics(), origin);
  publish_metrics(folder / "empty_metrics.h5", {}, origin);
  const MetricsTables curve = sample_metrics();
  publish_sweep_index(
      folder / "index.h5",
      {.name = "tried",
       .metric = "test_loss",
       .maximize = false,
       .keys = {"seed"},
       .rows = {{.trial = "seed=1", .parameters = {"1"}, .status = "done", .curve = &curve}}});
  const RunDirectory run({.name = "sample", .out = elsewhere / "run"});
  run.write_resolved("name: sample\n");
  run.checkpoints().save(sample_checkpoint(), {.is_best = true});
  publish_metrics(run.metrics_path(), sample_metrics());
  write_bundle(folder / "bundle.h5",
               {.name = "sample",
                .version = "0",
                .runs = {{.name = "sample", .folder = run.path(), .status = "done"}}});
  Hdf5Writer links(folder / "links.h5");
  links.add_group("/runs");
  links.add_external_link("/runs/a", "metrics.h5", "/");
  links.close();
  BOOST_TEST(names_in(folder).size() == 6U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing

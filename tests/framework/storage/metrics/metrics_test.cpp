#include "framework/storage/metrics/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include "framework/storage/hdf5/hdf5_file.hpp"
#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(tables_come_back_as_they_were) {
  const TemporaryFolder folder("metrics");
  publish_metrics(folder / "m.h5", sample_metrics());
  BOOST_TEST(same(read_metrics(folder / "m.h5"), sample_metrics()));
  BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"m.h5"});
}

BOOST_AUTO_TEST_CASE(equality_of_tables_sees_a_difference) {
  MetricsTables other = sample_metrics();
  other.epochs[1].layers[1].activation_rms += 1;
  BOOST_TEST(!same(other, sample_metrics()));
}

BOOST_AUTO_TEST_CASE(empty_tables_are_a_valid_file) {
  const TemporaryFolder folder("empty");
  publish_metrics(folder / "m.h5", {});
  BOOST_TEST(same(read_metrics(folder / "m.h5"), {}));
  const Hdf5Reader file(folder / "m.h5");
  BOOST_TEST(to_string(file.extents("/steps/loss")) == "(0)");
  BOOST_TEST(to_string(file.extents("/steps/digest")) == "(0, 2)");
  BOOST_TEST(to_string(file.extents("/confusion")) == "(0, 0)");
  BOOST_TEST(to_string(file.extents("/layers/activation_rms")) == "(0, 0)");
}

BOOST_AUTO_TEST_CASE(many_steps_span_several_chunks) {
  const TemporaryFolder folder("many");
  const MetricsTables many = sample_metrics(150000);  // 1.2 MB per column, chunks of 1 MiB
  publish_metrics(folder / "m.h5", many);
  BOOST_TEST(same(read_metrics(folder / "m.h5"), many));
}

BOOST_AUTO_TEST_CASE(equal_tables_give_equal_bytes) {
  const TemporaryFolder folder("equal");
  publish_metrics(folder / "a.h5", sample_metrics());
  publish_metrics(folder / "b.h5", sample_metrics());
  BOOST_TEST(bytes_of(folder / "a.h5") == bytes_of(folder / "b.h5"));
}

BOOST_AUTO_TEST_CASE(a_layer_that_an_evaluation_lacks_is_not_measured) {
  const TemporaryFolder folder("layers");
  MetricsTables tables = sample_metrics();
  tables.epochs[0].layers = {{.layer = "late", .activation_rms = 1, .gradient_rms = 2}};
  publish_metrics(folder / "m.h5", tables);
  const MetricsTables read = read_metrics(folder / "m.h5");
  BOOST_TEST(read.epochs[0].layers.size() == 3U);
  BOOST_TEST(read.epochs[0].layers[0].activation_rms == 1);
  BOOST_TEST(read.epochs[1].layers[0].layer == "late");
  BOOST_TEST(same(read.epochs[1].layers[0].activation_rms, kNotMeasured));
  BOOST_TEST(read.epochs[1].layers[1].activation_rms == 0.5);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_is_not_taken_for_metrics) {
  const TemporaryFolder folder("not_metrics");
  write_checkpoint(folder / "c.h5", sample_checkpoint());
  BOOST_TEST(contains(error_of([&] { read_metrics(folder / "c.h5"); }),
                      "it is not a file of the format lockstep-metrics"));
  publish_metrics(folder / "m.h5", {});
  BOOST_TEST(contains(error_of([&] { read_checkpoint(folder / "m.h5"); }),
                      "it is a file of the format lockstep-metrics, expected lockstep-checkpoint"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing

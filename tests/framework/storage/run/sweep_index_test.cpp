#include "framework/storage/run/sweep_index.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "framework/storage/hdf5/hdf5_file.hpp"
#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

SweepIndex sample_index() {
  SweepIndex index{.name = "tried",
                   .metric = "test_loss",
                   .maximize = false,
                   .keys = {"seed", "learning_rate.peak", "model"},
                   .rows = {}};
  SweepIndexRow done{.trial = "seed=1_ab",
                     .parameters = {"1", "0.5", "lenet5.yaml"},
                     .status = "done",
                     .steps = 7,
                     .digest = Digest{.high = 1, .low = 2}};
  done.last.test_loss = 0.25;
  index.rows.push_back(done);
  index.rows.push_back({.trial = "seed=2_cd", .parameters = {"2", "1", "7"}, .status = "waiting"});
  return index;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sweep_index)

BOOST_AUTO_TEST_CASE(each_column_has_a_row_a_trial_and_the_kind_of_its_values) {
  const TemporaryFolder folder("sweep_index");
  publish_sweep_index(folder / "index.h5", sample_index());
  BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"index.h5"});
  const Hdf5Reader file(folder / "index.h5");
  BOOST_TEST(file.text_attribute("/", "format") == "lockstep-sweep");
  BOOST_TEST(file.text_attribute("/", "goal") == "minimize");
  BOOST_TEST(file.text_attribute("/trials", "signal") == "test_loss");
  BOOST_TEST(file.read_integers("/trials/number") == (std::vector<std::int64_t>{1, 2}));
  BOOST_TEST(file.read_texts("/trials/trial") ==
             (std::vector<std::string>{"seed=1_ab", "seed=2_cd"}));
  BOOST_TEST(file.read_texts("/trials/status") == (std::vector<std::string>{"done", "waiting"}));
  BOOST_TEST(file.read_integers("/trials/steps") == (std::vector<std::int64_t>{7, 0}));
  BOOST_TEST(file.read_unsigned("/trials/digest") == (std::vector<std::uint64_t>{1, 2, 0, 0}));
  BOOST_TEST(file.read_integers("/trials/seed") == (std::vector<std::int64_t>{1, 2}));
  BOOST_TEST(file.read_reals("/trials/learning_rate.peak") == (std::vector<double>{0.5, 1}));
  BOOST_TEST(file.read_texts("/trials/model") == (std::vector<std::string>{"lenet5.yaml", "7"}));
  const std::vector<double> losses = file.read_reals("/trials/test_loss");
  BOOST_TEST(losses.at(0) == 0.25);
  BOOST_TEST(std::isnan(losses.at(1)));
  BOOST_TEST((file.node("/runs/seed=1_ab") == Hdf5Node::link));
}

BOOST_AUTO_TEST_CASE(the_curves_of_trials_that_have_one_are_in_the_index) {
  const TemporaryFolder folder("sweep_index_curves");
  const MetricsTables tables = sample_metrics();
  SweepIndex index = sample_index();
  index.rows[0].curve = &tables;
  publish_sweep_index(folder / "index.h5", index);
  const Hdf5Reader file(folder / "index.h5");
  BOOST_TEST(file.children("/curves") == std::vector<std::string>{"seed=1_ab"});
  BOOST_TEST(file.text_attribute("/curves", "default") == "seed=1_ab");
  const std::string curve = "/curves/seed=1_ab";
  BOOST_TEST(file.children(curve) ==
             (std::vector<std::string>{"step", "epoch", "loss", "learning_rate", "epochs"}));
  BOOST_TEST(file.text_attribute(curve, "signal") == "loss");
  BOOST_TEST(file.read_integers(curve + "/step") == (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
  BOOST_TEST(file.read_reals(curve + "/loss").front() == tables.steps.front().loss);
  const std::vector<double> accuracies = file.read_reals(curve + "/epochs/test_accuracy");
  BOOST_TEST(accuracies.size() == tables.epochs.size());
  BOOST_TEST(accuracies.back() == tables.epochs.back().test_accuracy);
}

BOOST_AUTO_TEST_CASE(an_index_that_was_read_is_written_again_to_the_byte) {
  const TemporaryFolder folder("sweep_index_again");
  SweepIndex index = sample_index();
  index.rows[0].parameters[1] = "1e6";  // no integer, though its value is whole
  publish_sweep_index(folder / "index.h5", index);
  const SweepIndex read = read_sweep_index(folder / "index.h5");
  BOOST_TEST(read.keys == index.keys);
  BOOST_TEST(read.rows.at(0).parameters ==
             (std::vector<std::string>{"1", "1000000.0", "lenet5.yaml"}));
  BOOST_TEST((read.rows.at(0).digest == Digest{.high = 1, .low = 2}));
  BOOST_TEST(!read.rows.at(1).digest.has_value());
  publish_sweep_index(folder / "again.h5", read);
  BOOST_TEST(bytes_of(folder / "again.h5") == bytes_of(folder / "index.h5"));
}

BOOST_AUTO_TEST_CASE(what_is_no_index_is_refused) {
  const TemporaryFolder folder("sweep_index_foreign");
  publish_metrics(folder / "metrics.h5", sample_metrics());
  BOOST_TEST(contains(error_of([&] { read_sweep_index(folder / "metrics.h5"); }),
                      "it is not a file of the format lockstep-sweep"));
  BOOST_TEST(contains(error_of([&] { read_sweep_index(folder / "none.h5"); }), "3: "));
}

BOOST_AUTO_TEST_CASE(the_best_is_the_first_of_equals_among_those_that_are_done) {
  const auto row = [](const std::string& status, double accuracy) {
    return SweepIndexRow{.trial = "t",
                         .parameters = {},
                         .status = status,
                         .last = {.test_loss = 1 - accuracy, .test_accuracy = accuracy}};
  };
  SweepIndex index{.name = "s",
                   .metric = "test_accuracy",
                   .keys = {},
                   .rows = {row("pruned", 0.9), row("done", kNotMeasured), row("done", 0.5),
                            row("done", 0.7), row("done", 0.7)}};
  BOOST_TEST(best_of(index) == &index.rows[3]);
  index.metric = "test_loss";
  index.maximize = false;
  BOOST_TEST(best_of(index) == &index.rows[3]);
  index.rows.resize(2);
  BOOST_TEST(best_of(index) == nullptr);
}

BOOST_AUTO_TEST_CASE(figures_are_found_by_name) {
  EpochRecord record;
  record.validation_accuracy = 0.5;
  BOOST_TEST(figure_of(record, "validation_accuracy") == 0.5);
  BOOST_TEST(std::isnan(figure_of(record, "test_accuracy")));
  BOOST_TEST(std::isnan(figure_of(record, "accuracy")));
  record.seconds = 1;
  BOOST_TEST(std::isnan(figure_of(record, "seconds")));
}

BOOST_AUTO_TEST_CASE(a_failure_leaves_the_old_index) {
  const TemporaryFolder folder("sweep_index_old");
  publish_sweep_index(folder / "index.h5", sample_index());
  const auto before = bytes_of(folder / "index.h5");
  SweepIndex twice = sample_index();
  twice.rows[1].trial = twice.rows[0].trial;  // two links of one name
  BOOST_CHECK_THROW(publish_sweep_index(folder / "index.h5", twice), Error);
  BOOST_TEST(bytes_of(folder / "index.h5") == before);
  BOOST_TEST(names_in(folder.path()) == std::vector<std::string>{"index.h5"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep::testing

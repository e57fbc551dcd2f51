#include "experiments/results/metrics_csv.hpp"

#include <boost/test/unit_test.hpp>

namespace lockstep {
namespace {

void check(const MetricsTables& tables, CsvTable table, const std::vector<std::string>& expected) {
  const std::vector<std::string> found = csv_lines(tables, table);
  BOOST_TEST(found == expected, boost::test_tools::per_element());
}

MetricsTables sample() {
  EpochRecord first{.epoch = 0.5, .step = 1, .train_loss = 2.25, .seconds = 0.1};
  first.confusion = {9, 9, 9, 9};
  EpochRecord second{.epoch = 1, .step = 2, .train_loss = 0.1, .train_accuracy = 1};
  second.confusion = {3, 1, 0, 4};
  second.layers = {{.layer = "a, \"b\"", .activation_rms = 0.5, .dead_share = 0}};
  return {.steps = {{.step = 1,
                     .epoch = 0.5,
                     .loss = 2.5,
                     .learning_rate = 0.1,
                     .gradient_norm = 1e-20,
                     .images_per_second = 3,
                     .has_digest = true,
                     .digest = {.high = 1, .low = 0xAB}},
                    {.step = 2}},
          .epochs = {first, second}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics_csv)

BOOST_AUTO_TEST_CASE(steps_have_their_digest_where_it_was_taken) {
  check(sample(), CsvTable::steps,
        {"step,epoch,loss,learning_rate,gradient_norm,images_per_second,digest",
         "1,0.5,2.5,0.1,1e-20,3,000000000000000100000000000000ab", "2,0,0,0,0,0,"});
}

BOOST_AUTO_TEST_CASE(figures_that_were_not_measured_are_empty) {
  check(sample(), CsvTable::epochs,
        {"step,epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,test_loss,"
         "test_accuracy,seconds",
         "1,0.5,2.25,,,,,,0.1", "2,1,0.1,1,,,,,0"});
}

BOOST_AUTO_TEST_CASE(a_layer_is_a_line_and_its_name_is_quoted_where_it_must_be) {
  check(sample(), CsvTable::layers,
        {"step,epoch,layer,activation_rms,activation_mean,zero_share,dead_share,saturated_share,"
         "gradient_rms,weight_rms,update_ratio",
         "2,1,\"a, \"\"b\"\"\",0.5,,,0,,,,"});
}

BOOST_AUTO_TEST_CASE(the_confusion_is_that_of_the_last_evaluation) {
  check(sample(), CsvTable::confusion, {"true_class,0,1", "0,3,1", "1,0,4"});
  check({}, CsvTable::confusion, {"true_class"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

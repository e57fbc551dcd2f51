#include <boost/test/unit_test.hpp>
#include <string>

#include "data/catalogue.hpp"
#include "tests/data/formats/test_files.hpp"
#include "tests/data/small_set.hpp"

namespace lockstep {
namespace {

BOOST_AUTO_TEST_SUITE(split_data_set)

BOOST_AUTO_TEST_CASE(validation_is_the_front_of_the_training_part) {
  LoadedData data{.name = "synthetic", .origin = "", .train = {}, .test = {}};
  data = open_dataset(
      {.source = {.names = {"synthetic"}, .settings = drawn({.train = 30, .test = 20})}});
  const DataSplits splits = split_data(data, {.validation = 12, .preprocessing = {}});
  BOOST_TEST(splits.validation->range().first == 0);
  BOOST_TEST(splits.validation->size() == 12);
  BOOST_TEST(splits.train->range().first == 12);
  BOOST_TEST(splits.train->size() == 18);
  BOOST_TEST(splits.test->size() == 20);
  BOOST_TEST(&splits.train->images() == &data.train);
  BOOST_TEST(!split_data(data, {.validation = 0, .preprocessing = {}}).validation.has_value());
  for (const Index bad : {Index{-1}, Index{30}}) {
    const std::string message = error_of(
        ErrorKind::usage, [&] { split_data(data, {.validation = bad, .preprocessing = {}}); });
    BOOST_TEST(contains(message, "0 to 29"), message);
  }
  data.train = ImageSet();
  const DataSplits test_only = split_data(data, {.validation = 12, .preprocessing = {}});
  BOOST_TEST((!test_only.train && !test_only.validation && test_only.test));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

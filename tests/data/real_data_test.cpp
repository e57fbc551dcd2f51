// The real files: MNIST if it is present, else Fashion-MNIST from the distribution's package.
// Without either, these tests fail and say what to install.

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string_view>

#include "data/catalogue.hpp"
#include "framework/core/build_info.hpp"

namespace lockstep {
namespace {

LoadedData load_real_data() {
  const char* chosen = std::getenv("LOCKSTEP_DATA");
  return open_dataset({.source = {.names = {"mnist", "fashion_mnist"}},
                       .places = usual_places(chosen == nullptr ? "" : chosen, build_info())});
}

BOOST_AUTO_TEST_SUITE(real_data)

BOOST_AUTO_TEST_CASE(the_real_files_hold_the_known_images_and_labels) {
  const LoadedData data = load_real_data();
  BOOST_TEST_MESSAGE(data.name << " from " << data.origin);
  BOOST_TEST(data.train.size() == 60000);
  BOOST_TEST(data.test.size() == 10000);
  BOOST_TEST(data.train.classes() == 10);
  BOOST_TEST((data.train.sample_shape() == Shape{1, 28, 28}));
  const bool mnist = data.name == "mnist";
  // The digests of the files whose SHA-256 data/fetch.sh knows.
  BOOST_TEST(data.train.digest().hex() ==
             (mnist ? "a3c8b382977542ad3caddaed2013d2b3" : "0b44407ae3f5d6c450193140cc370f38"));
  BOOST_TEST(data.test.digest().hex() ==
             (mnist ? "055a45dc27ae47cc9e018bdc1dec3026" : "bdc3d3b94c8aed56c349dd665340cb78"));
}

BOOST_AUTO_TEST_CASE(the_splits_are_those_of_the_original) {
  const LoadedData data = load_real_data();
  const DataSplits splits = split_data(data, {.validation = 5000, .preprocessing = {}});
  BOOST_TEST(splits.train->size() == 55000);
  BOOST_TEST(splits.validation->size() == 5000);
  BOOST_TEST(splits.test->size() == 10000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

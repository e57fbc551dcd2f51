#include "framework/training/diagnosis/weight_figures.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

namespace lockstep {

BOOST_AUTO_TEST_SUITE(weight_figures)

BOOST_AUTO_TEST_CASE(an_update_is_a_part_of_the_weights_before_it) {
  const std::vector<float> before{3, 4};
  BOOST_TEST(update_ratio(before, std::vector<float>{3, 4.5F}) == 0.1);
  BOOST_TEST(update_ratio(before, before) == 0);
  BOOST_TEST(std::isnan(update_ratio(std::vector<float>{0, 0}, before)));
  BOOST_TEST(root_mean_square(before) == std::sqrt(12.5));
}

BOOST_AUTO_TEST_CASE(units_are_equal_when_weights_and_gradients_are) {
  const std::vector<float> equal{1, 2, 1, 2, 1, 2};
  const std::vector<float> unequal{1, 2, 1, 2, 1, 3};
  BOOST_TEST(has_equal_units(equal, equal, 3));
  BOOST_TEST(!has_equal_units(equal, unequal, 3));
  BOOST_TEST(!has_equal_units(unequal, equal, 3));
  BOOST_TEST(!has_equal_units(equal, equal, 2));  // 1 2 1 and 2 1 2
  BOOST_TEST(!has_equal_units(equal, equal, 1));  // nothing to be equal with
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

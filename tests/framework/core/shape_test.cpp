#include "framework/core/shape.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <limits>
#include <string>

#include "framework/core/error.hpp"

namespace lockstep {

BOOST_AUTO_TEST_SUITE(shape)

BOOST_AUTO_TEST_CASE(its_size_is_the_product_of_its_extents) {
  BOOST_TEST((Shape{6, 24, 20}).size() == 2880);
  BOOST_TEST(Shape().size() == 1);
  BOOST_TEST((Shape{6, 24, 20}).to_string() == "6x24x20");
}

BOOST_AUTO_TEST_CASE(shapes_are_equal_when_rank_and_extents_are) {
  BOOST_CHECK((Shape{2, 3} == Shape{2, 3}));
  BOOST_CHECK((Shape{2, 3} != Shape{3, 2}));
  BOOST_CHECK((Shape{2, 1} != Shape{2}));
}

BOOST_AUTO_TEST_CASE(a_product_is_refused_from_the_first_number_beyond_2_to_the_48) {
  constexpr Index kLimit = Index{1} << 48;
  BOOST_TEST(checked_product(std::array<Index, 2>{kLimit / 2, 2}) == kLimit);
  for (const std::array<Index, 3>& factors :
       {std::array<Index, 3>{kLimit + 1, 1, 1}, std::array<Index, 3>{3, kLimit / 2, 1},
        std::array<Index, 3>{Index{1} << 32, Index{1} << 32, 1},
        std::array<Index, 3>{2, 3, std::numeric_limits<Index>::max()}}) {
    BOOST_CHECK_EXCEPTION(checked_product(factors), Error, [&](const Error& error) {
      return error.kind() == ErrorKind::usage &&
             std::string(error.what()).starts_with(std::to_string(factors[0]) + " * ");
    });
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

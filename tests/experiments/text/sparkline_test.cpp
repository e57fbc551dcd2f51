#include "experiments/text/sparkline.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <limits>

namespace lockstep {
namespace {

constexpr std::array<std::string_view, 3> kLevels{"_", "-", "#"};

std::string line(const std::vector<double>& values, std::size_t cells) {
  return sparkline(values, cells, kLevels);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sparklines)

BOOST_AUTO_TEST_CASE(values_go_from_the_lowest_to_the_highest_level) {
  BOOST_TEST(line({3, 2, 1}, 10) == "#-_");
  BOOST_TEST(line({0, 0.2, 0.3, 1}, 10) == "__-#");
}

BOOST_AUTO_TEST_CASE(a_cell_is_the_mean_of_a_stretch) {
  BOOST_TEST(line({0, 4, 4, 6, 0, 0}, 3) == "-#_");  // 2, 5 and 0
}

BOOST_AUTO_TEST_CASE(equal_values_are_low_and_nothing_is_nothing) {
  BOOST_TEST(line({7, 7}, 10) == "__");
  BOOST_TEST(line({}, 10).empty());
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_is_blank_and_moves_no_other) {
  BOOST_TEST(line({std::nan(""), 1, std::numeric_limits<double>::infinity(), 3}, 10) == " _ #");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

#include "data/pictures/pixel_image.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/data/formats/test_files.hpp"

namespace lockstep {
namespace {

using boost::test_tools::per_element;

BOOST_AUTO_TEST_SUITE(pixel_image)

BOOST_AUTO_TEST_CASE(a_picture_of_the_right_size_is_taken_as_it_is) {
  const PixelImage image{1, 28, 28, counting(784)};
  BOOST_TEST(fit_into(image, 28, 28).pixels == counting(784), per_element());
}

BOOST_AUTO_TEST_CASE(halving_takes_the_mean_of_four_rounded_to_nearest) {
  const PixelImage image{1, 2, 4, {0, 1, 10, 20, 1, 0, 30, 41}};
  // (0 + 1 + 1 + 0) / 4 = 0.5 -> 1; (10 + 20 + 30 + 41) / 4 = 25.25 -> 25
  BOOST_TEST(fit_into(image, 1, 2).pixels == (Bytes{1, 25}), per_element());
}

BOOST_AUTO_TEST_CASE(a_pixel_on_a_border_is_shared_by_area) {
  const PixelImage image{1, 3, 3, {0, 90, 180, 0, 90, 180, 0, 90, 180}};
  // Three columns into two: (2 * 0 + 90) / 3 = 30 and (90 + 2 * 180) / 3 = 150.
  BOOST_TEST(fit_into(image, 2, 2).pixels == (Bytes{30, 150, 30, 150}), per_element());
}

BOOST_AUTO_TEST_CASE(enlarging_repeats_pixels) {
  const PixelImage image{1, 2, 2, {1, 2, 3, 4}};
  BOOST_TEST(
      fit_into(image, 4, 4).pixels == (Bytes{1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4}),
      per_element());
}

BOOST_AUTO_TEST_CASE(other_proportions_are_centred_on_black) {
  const PixelImage wide{1, 2, 4, Bytes(8, 100)};
  BOOST_TEST(fit_into(wide, 4, 4).pixels ==
                 (Bytes{0, 0, 0, 0, 100, 100, 100, 100, 100, 100, 100, 100, 0, 0, 0, 0}),
             per_element());
  const PixelImage tall{1, 4, 2, Bytes(8, 100)};
  BOOST_TEST(fit_into(tall, 4, 4).pixels ==
                 (Bytes{0, 100, 100, 0, 0, 100, 100, 0, 0, 100, 100, 0, 0, 100, 100, 0}),
             per_element());
}

BOOST_AUTO_TEST_CASE(channels_are_kept_apart) {
  const PixelImage image{3, 1, 2, {10, 20, 30, 50, 70, 90}};
  BOOST_TEST(fit_into(image, 2, 1).pixels == (Bytes{15, 0, 40, 0, 80, 0}), per_element());
}

BOOST_AUTO_TEST_CASE(a_line_of_pixels_keeps_one_row) {
  const PixelImage line{1, 1, 100, Bytes(100, 200)};
  const PixelImage fitted = fit_into(line, 4, 4);
  BOOST_TEST(fitted.pixels == (Bytes{0, 0, 0, 0, 200, 200, 200, 200, 0, 0, 0, 0, 0, 0, 0, 0}),
             per_element());
}

BOOST_AUTO_TEST_CASE(inverting_swaps_black_and_white) {
  BOOST_TEST(inverted({1, 1, 3, {0, 100, 255}}).pixels == (Bytes{255, 155, 0}), per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

#include "data/pictures/pictures.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/data/formats/test_files.hpp"

namespace lockstep {
namespace {

using boost::test_tools::per_element;

BOOST_AUTO_TEST_SUITE(pictures)

BOOST_AUTO_TEST_CASE(pictures_and_idx_files_come_in_the_order_given) {
  const TemporaryFolder folder;
  const auto pgm = folder.write("a.pgm", "P2 2 1 255 7 8");
  const auto idx = folder.write("b", gzipped(idx_images({2, 1, 2}, {1, 2, 3, 4})));
  const Pictures pictures = read_pictures({.files = {idx, pgm, pgm}, .shape = {1, 1, 2}});
  BOOST_TEST(pictures.images.size() == 4);
  BOOST_TEST(pictures.images.bytes() == (Bytes{1, 2, 3, 4, 7, 8, 7, 8}), per_element());
  const std::vector<std::string> names{idx.string() + "#0", idx.string() + "#1", pgm.string(),
                                       pgm.string()};
  BOOST_TEST(pictures.names == names, per_element());
}

BOOST_AUTO_TEST_CASE(inverting_comes_before_fitting_so_that_the_border_is_black) {
  const TemporaryFolder folder;
  const auto white = folder.write("a.pgm", "P2 2 1 255 255 55");
  const Pictures pictures = read_pictures({.files = {white}, .shape = {1, 2, 2}, .invert = true});
  BOOST_TEST(pictures.images.bytes() == (Bytes{0, 200, 0, 0}), per_element());
}

BOOST_AUTO_TEST_CASE(idx_images_of_another_size_are_fitted) {
  const TemporaryFolder folder;
  const auto idx = folder.write("b", idx_images({1, 2, 2}, {10, 20, 30, 40}));
  const Pictures pictures = read_pictures({.files = {idx}, .shape = {1, 1, 1}});
  BOOST_TEST(pictures.images.bytes() == (Bytes{25}), per_element());
}

BOOST_AUTO_TEST_CASE(models_without_image_input_are_refused) {
  const TemporaryFolder folder;
  const auto idx = folder.write("b", idx_images({1, 2, 2}, {1, 2, 3, 4}));
  const auto message = [&](const Shape& shape) {
    return error_of(ErrorKind::usage, [&] { read_pictures({.files = {idx}, .shape = shape}); });
  };
  BOOST_TEST(contains(message({784}), "784"));
  BOOST_TEST(contains(message({3, 2, 2}), "grey"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

#include "data/images/image_set.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/data/formats/test_files.hpp"

namespace lockstep {
namespace {

ImageSetParts small() {
  return {.name = "small",
          .origin = "here",
          .sample_shape = {1, 2, 3},
          .pixels = counting(12),
          .labels = {4, 2},
          .classes = 10};
}

BOOST_AUTO_TEST_SUITE(image_set)

BOOST_AUTO_TEST_CASE(a_set_gives_back_what_it_was_made_of) {
  const ImageSet set(small());
  BOOST_TEST(set.size() == 2);
  BOOST_TEST(set.classes() == 10);
  BOOST_TEST(set.name() == "small");
  BOOST_TEST(set.origin() == "here");
  BOOST_TEST(set.has_bytes());
  BOOST_TEST(set.bytes()[7] == 7);
  BOOST_TEST(set.labels()[0] == 4);
}

BOOST_AUTO_TEST_CASE(an_empty_set_has_no_samples) {
  const ImageSet set;
  BOOST_TEST(set.size() == 0);
  BOOST_TEST(set.labels().empty());
}

BOOST_AUTO_TEST_CASE(the_digest_is_of_content_and_not_of_names) {
  ImageSetParts renamed = small();
  renamed.name = "other";
  renamed.origin = "there";
  BOOST_TEST(ImageSet(small()).digest().hex() == ImageSet(renamed).digest().hex());
}

BOOST_AUTO_TEST_CASE(the_digest_sees_pixels_labels_sizes_and_kind) {
  const std::string original = ImageSet(small()).digest().hex();
  ImageSetParts pixel = small();
  std::get<Bytes>(pixel.pixels)[11] = 99;
  BOOST_TEST(ImageSet(pixel).digest().hex() != original);
  ImageSetParts label = small();
  label.labels[1] = 3;
  BOOST_TEST(ImageSet(label).digest().hex() != original);
  ImageSetParts turned = small();
  turned.sample_shape = {1, 3, 2};
  BOOST_TEST(ImageSet(turned).digest().hex() != original);
  ImageSetParts floats = small();
  floats.pixels = std::vector<float>(12);
  ImageSetParts zeros = small();
  zeros.pixels = Bytes(12);
  BOOST_TEST(ImageSet(floats).digest().hex() != ImageSet(zeros).digest().hex());
}

BOOST_AUTO_TEST_CASE(pixels_may_lie_elsewhere_and_are_not_copied) {
  const Bytes bytes = counting(12);
  ImageSetParts parts = small();
  parts.pixels = std::span(bytes);
  const ImageSet set(parts);
  BOOST_TEST(set.has_bytes());
  BOOST_TEST(set.bytes().data() == bytes.data());
  BOOST_TEST(set.digest().hex() == ImageSet(small()).digest().hex());
  const std::vector<float> floats(12);
  parts.pixels = std::span(floats);
  BOOST_TEST(ImageSet(parts).floats().data() == floats.data());
}

BOOST_AUTO_TEST_CASE(a_digest_that_is_known_is_not_worked_out_again) {
  ImageSetParts parts = small();
  parts.digest = Digest{1, 2};
  BOOST_TEST((ImageSet(parts).digest() == Digest{1, 2}));
}

BOOST_AUTO_TEST_CASE(classes_are_ten_or_as_many_as_labels_need) {
  BOOST_TEST(classes_of(Bytes{}) == 10);
  BOOST_TEST(classes_of(Bytes{0, 3}) == 10);
  BOOST_TEST(classes_of(Bytes{0, 10, 3}) == 11);
  BOOST_TEST(classes_of(Bytes{255}) == 256);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

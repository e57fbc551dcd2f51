#include "data/formats/hdf5_images.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <span>

#include "framework/storage/hdf5/hdf5_file.hpp"
#include "tests/data/formats/test_files.hpp"

namespace lockstep {
namespace {

using boost::test_tools::per_element;

/// What one group of a test file holds.
struct Contents {
  Hdf5Extents extents = {3, 2, 2};
  std::vector<float> floats = {};  // used when there are any, else bytes
  Bytes bytes = counting(12);
  std::vector<std::int64_t> labels = {1, 0, 9};
};

void add(Hdf5Writer& file, const std::string& prefix, const Contents& contents) {
  Hdf5Values images = std::span<const std::uint8_t>(contents.bytes);
  if (!contents.floats.empty()) images = std::span<const float>(contents.floats);
  file.add_dataset({.path = prefix + "/images",
                    .extents = contents.extents,
                    .values = images,
                    .units = "1",
                    .long_name = "images"});
  file.add_dataset({.path = prefix + "/labels",
                    .extents = {static_cast<Index>(contents.labels.size())},
                    .values = std::span<const std::int64_t>(contents.labels),
                    .units = "1",
                    .long_name = "labels"});
}

std::filesystem::path write_flat(const std::filesystem::path& path, const Contents& contents = {}) {
  Hdf5Writer file(path);
  add(file, "", contents);
  file.close();
  return path;
}

std::string refusal(const std::filesystem::path& path) {
  return error_of(ErrorKind::data, [&] { read_hdf5_part({.file = path, .group = "/"}); });
}

BOOST_AUTO_TEST_SUITE(hdf5_images)

BOOST_AUTO_TEST_CASE(bytes_without_a_channel_axis_become_one_channel) {
  const TemporaryFolder folder;
  const ImageSet set = read_hdf5_part({.file = write_flat(folder / "a.h5"), .group = "/"});
  BOOST_TEST(set.size() == 3);
  BOOST_TEST((set.sample_shape() == Shape{1, 2, 2}));
  BOOST_TEST(set.classes() == 10);
  BOOST_TEST(set.bytes() == counting(12), per_element());
  BOOST_TEST(set.labels() == (Bytes{1, 0, 9}), per_element());
}

BOOST_AUTO_TEST_CASE(floats_with_channels_are_read_as_they_are) {
  const TemporaryFolder folder;
  const std::vector<float> values{0.0F, 0.25F, 0.5F, 1.0F};
  const auto file =
      write_flat(folder / "a.h5", {.extents = {1, 2, 1, 2}, .floats = values, .labels = {12}});
  const ImageSet set = read_hdf5_part({.file = file, .group = "/"});
  BOOST_TEST((set.sample_shape() == Shape{2, 1, 2}));
  BOOST_TEST(set.classes() == 13);
  BOOST_TEST(!set.has_bytes());
  BOOST_TEST(set.floats() == values, per_element());
}

BOOST_AUTO_TEST_CASE(a_folder_has_one_file_a_part) {
  const TemporaryFolder folder;
  BOOST_TEST(!find_hdf5_parts(folder.path()).train.has_value());
  write_flat(folder / "train.h5");
  BOOST_TEST(find_hdf5_parts(folder.path()).train.has_value());
  BOOST_TEST(!find_hdf5_parts(folder.path()).test.has_value());
  write_flat(folder / "test.h5");
  const Hdf5Parts parts = find_hdf5_parts(folder.path());
  BOOST_REQUIRE(parts.test.has_value());
  BOOST_TEST(parts.test->group == "/");
  BOOST_TEST(!parts.one_for_all);
}

BOOST_AUTO_TEST_CASE(a_file_may_have_a_group_for_each_part) {
  const TemporaryFolder folder;
  Hdf5Writer file(folder / "both.h5");
  file.add_group("/train");
  file.add_group("/test");
  add(file, "/train", {});
  add(file, "/test", {.extents = {1, 2, 2}, .bytes = Bytes{9, 9, 9, 9}, .labels = {4}});
  file.close();
  const Hdf5Parts parts = find_hdf5_parts(folder / "both.h5");
  BOOST_REQUIRE((parts.train && parts.test));
  BOOST_TEST(read_hdf5_part(*parts.train).size() == 3);
  BOOST_TEST(read_hdf5_part(*parts.test).labels()[0] == 4);
}

BOOST_AUTO_TEST_CASE(a_flat_file_is_its_only_part) {
  const TemporaryFolder folder;
  const Hdf5Parts parts = find_hdf5_parts(write_flat(folder / "a.h5"));
  BOOST_TEST(parts.train.has_value());
  BOOST_TEST(!parts.test.has_value());
  BOOST_TEST(parts.one_for_all);
  BOOST_TEST(!find_hdf5_parts(folder / "absent.h5").train.has_value());
}

BOOST_AUTO_TEST_CASE(files_without_images_are_refused) {
  const TemporaryFolder folder;
  Hdf5Writer file(folder / "other.h5");
  file.add_group("/weights");
  file.close();
  const std::string message =
      error_of(ErrorKind::data, [&] { find_hdf5_parts(folder / "other.h5"); });
  BOOST_TEST(contains(message, "/images"), message);
  BOOST_TEST(contains(message, "weights"), message);
  const auto text = folder.write("text.h5", "not HDF5");
  error_of(ErrorKind::data, [&] { find_hdf5_parts(text); });
}

BOOST_AUTO_TEST_CASE(ill_shaped_images_and_labels_are_refused) {
  const TemporaryFolder folder;
  const auto flat = refusal(write_flat(folder / "a.h5", {.extents = {12}}));
  BOOST_TEST(contains(flat, "/images"), flat);
  BOOST_TEST(contains(flat, "(12)"), flat);
  const auto few = refusal(write_flat(folder / "b.h5", {.labels = {1, 2}}));
  BOOST_TEST(contains(few, "/labels"), few);
  BOOST_TEST(contains(few, "(3)"), few);
  const auto none =
      refusal(write_flat(folder / "c.h5", {.extents = {0, 2, 2}, .bytes = {}, .labels = {}}));
  BOOST_TEST(contains(none, "(0, 2, 2)"), none);
}

BOOST_AUTO_TEST_CASE(labels_out_of_range_are_refused_with_their_sample) {
  const TemporaryFolder folder;
  for (const std::int64_t bad : {std::int64_t{-1}, std::int64_t{256}}) {
    const auto message = refusal(write_flat(folder / "a.h5", {.labels = {0, bad, 0}}));
    BOOST_TEST(contains(message, "at sample 1"), message);
  }
}

BOOST_AUTO_TEST_CASE(values_that_are_not_finite_are_refused) {
  const TemporaryFolder folder;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto message = refusal(
      write_flat(folder / "a.h5", {.extents = {1, 1, 2}, .floats = {0.0F, nan}, .labels = {0}}));
  BOOST_TEST(contains(message, "element 1"), message);
}

BOOST_AUTO_TEST_CASE(other_number_types_of_images_are_refused) {
  const TemporaryFolder folder;
  const std::vector<double> doubles(12);
  const std::vector<std::int64_t> labels(3);
  Hdf5Writer file(folder / "a.h5");
  file.add_dataset({.path = "/images",
                    .extents = {3, 2, 2},
                    .values = std::span<const double>(doubles),
                    .units = "1",
                    .long_name = "images"});
  file.add_dataset({.path = "/labels",
                    .extents = {3},
                    .values = std::span<const std::int64_t>(labels),
                    .units = "1",
                    .long_name = "labels"});
  file.close();
  const auto message = refusal(folder / "a.h5");
  BOOST_TEST(contains(message, "float64"), message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

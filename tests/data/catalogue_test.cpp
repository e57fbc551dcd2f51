#include "data/catalogue.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "framework/storage/hdf5/hdf5_file.hpp"
#include "tests/data/formats/test_files.hpp"
#include "tests/data/small_set.hpp"

namespace lockstep {
namespace {

/// Places inside a temporary folder only.
DataPlaces places_in(const TemporaryFolder& root) {
  return {.chosen = root / "chosen",
          .source = root / "source",
          .installed = root / "installed",
          .packages = root / "packages"};
}

std::uint8_t mark_of(const LoadedData& data) { return data.train.bytes()[0]; }

BOOST_AUTO_TEST_SUITE(catalogue)

BOOST_AUTO_TEST_CASE(places_are_looked_at_in_their_order) {
  const TemporaryFolder root;
  const DataRequest request{.source = {.names = {"fashion_mnist"}}, .places = places_in(root)};
  write_set(root, {.folder = "packages/fashion-mnist", .mark = 4, .ending = ".gz"});
  BOOST_TEST(mark_of(open_dataset(request)) == 4);
  write_set(root, {.folder = "installed/fashion_mnist", .mark = 3, .ending = ""});
  BOOST_TEST(mark_of(open_dataset(request)) == 3);
  write_set(root, {.folder = "source/fashion_mnist", .mark = 2, .ending = ".gz"});
  BOOST_TEST(mark_of(open_dataset(request)) == 2);
  write_set(root, {.folder = "chosen/fashion_mnist", .mark = 1, .ending = ""});
  const LoadedData data = open_dataset(request);
  BOOST_TEST(mark_of(data) == 1);
  BOOST_TEST(data.name == "fashion_mnist");
  BOOST_TEST(data.origin == (root / "chosen/fashion_mnist").string());
  BOOST_TEST(data.train.size() == 4);
  BOOST_TEST(data.test.size() == 2);
}

BOOST_AUTO_TEST_CASE(a_place_that_lacks_a_file_is_passed_over) {
  const TemporaryFolder root;
  write_set(root, {.folder = "chosen/mnist", .mark = 1, .ending = ".gz"});
  write_set(root, {.folder = "source/mnist", .mark = 2, .ending = ".gz"});
  std::filesystem::remove(root / "chosen/mnist/t10k-labels-idx1-ubyte.gz");
  const DataRequest request{.source = {.names = {"mnist"}}, .places = places_in(root)};
  BOOST_TEST(mark_of(open_dataset(request)) == 2);
}

BOOST_AUTO_TEST_CASE(the_first_name_that_is_present_is_taken) {
  const TemporaryFolder root;
  DataRequest request{.source = {.names = {"mnist", "fashion_mnist"}}, .places = places_in(root)};
  write_set(root, {.folder = "source/fashion_mnist", .mark = 2, .ending = ""});
  BOOST_TEST(open_dataset(request).name == "fashion_mnist");
  write_set(root, {.folder = "installed/mnist", .mark = 1, .ending = ""});
  BOOST_TEST(open_dataset(request).name == "mnist");
}

BOOST_AUTO_TEST_CASE(a_damaged_data_set_is_an_error_and_no_reason_to_take_the_next) {
  const TemporaryFolder root;
  write_set(root, {.folder = "chosen/mnist", .mark = 1, .ending = ""});
  write_set(root, {.folder = "source/mnist", .mark = 2, .ending = ""});
  root.write("chosen/mnist/t10k-images-idx3-ubyte", "damaged");
  const DataRequest request{.source = {.names = {"mnist"}}, .places = places_in(root)};
  const std::string message = error_of(ErrorKind::data, [&] { open_dataset(request); });
  BOOST_TEST(contains(message, "chosen/mnist/t10k-images-idx3-ubyte"), message);
}

BOOST_AUTO_TEST_CASE(absent_data_is_refused_with_every_place_and_what_to_do) {
  const TemporaryFolder root;
  write_set(root, {.folder = "source/mnist", .mark = 2, .ending = ""});
  std::filesystem::remove(root / "source/mnist/train-images-idx3-ubyte");
  const DataRequest request{.source = {.names = {"mnist", "fashion_mnist"}},
                            .places = places_in(root)};
  const std::string message = error_of(ErrorKind::data, [&] { open_dataset(request); });
  for (const char* part :
       {"chosen/mnist (no such folder)", "source/mnist (no train-images-idx3-ubyte[.gz])",
        "installed/mnist", "packages/mnist", "chosen/fashion_mnist", "packages/fashion-mnist",
        "bash data/fetch.sh mnist", "apt-get install dataset-fashion-mnist", "LOCKSTEP_DATA"}) {
    BOOST_TEST(contains(message, part), message);
  }
}

BOOST_AUTO_TEST_CASE(files_of_a_part_that_is_not_wanted_are_not_opened) {
  const TemporaryFolder root;
  write_set(root, {.folder = "chosen/mnist", .mark = 1, .ending = ""});
  DataRequest request{.source = {.names = {"mnist"}}, .places = places_in(root)};
  root.write("chosen/mnist/train-images-idx3-ubyte", "damaged");
  request.parts = DataParts::test;
  const LoadedData test = open_dataset(request);
  BOOST_TEST(test.train.size() == 0);
  BOOST_TEST(test.test.size() == 2);
  BOOST_TEST(test.any().size() == 2);
  std::filesystem::remove(root / "chosen/mnist/train-images-idx3-ubyte");
  BOOST_TEST(open_dataset(request).test.size() == 2);
  request.parts = DataParts::training;
  error_of(ErrorKind::data, [&] { open_dataset(request); });
}

BOOST_AUTO_TEST_CASE(labels_of_mnist_must_be_digits) {
  const TemporaryFolder root;
  write_set(root, {.folder = "chosen/mnist", .mark = 1, .ending = ""});
  root.write("chosen/mnist/t10k-labels-idx1-ubyte", idx_labels(2, {4, 10}));
  DataRequest request{.source = {.names = {"mnist"}}, .places = places_in(root)};
  const std::string message = error_of(ErrorKind::data, [&] { open_dataset(request); });
  BOOST_TEST(contains(message, "found 10 at sample 1"), message);
  request.source.names = {"idx"};
  request.source.path = root / "chosen/mnist";
  const LoadedData data = open_dataset(request);
  BOOST_TEST(data.test.classes() == 11);
  BOOST_TEST(data.train.classes() == 11);  // both parts agree
}

BOOST_AUTO_TEST_CASE(an_idx_folder_may_lack_the_test_part_unless_it_is_asked_for) {
  const TemporaryFolder root;
  write_set(root, {.folder = "mine", .mark = 9, .ending = ""});
  std::filesystem::rename(root / "mine/train-images-idx3-ubyte",
                          root / "mine/train-images.idx3-ubyte");
  std::filesystem::remove(root / "mine/t10k-images-idx3-ubyte");
  DataRequest request{.source = {.names = {"idx"}, .path = root / "mine"}};
  const LoadedData data = open_dataset(request);
  BOOST_TEST(mark_of(data) == 9);
  BOOST_TEST(data.test.size() == 0);
  request.parts = DataParts::test;
  const std::string message = error_of(ErrorKind::data, [&] { open_dataset(request); });
  BOOST_TEST(contains(message, "mine (no t10k-images-idx3-ubyte[.gz])"), message);
  BOOST_TEST(contains(message, "add what is missing, or take the training part with --split train"),
             message);
  BOOST_TEST(!contains(message, "data.path"), message);
}

BOOST_AUTO_TEST_CASE(parts_with_images_of_different_sizes_are_refused) {
  const TemporaryFolder root;
  write_set(root, {.folder = "mine", .mark = 9, .ending = ""});
  root.write("mine/t10k-images-idx3-ubyte", idx_images({2, 3, 3}, counting(18)));
  const DataRequest request{.source = {.names = {"idx"}, .path = root / "mine"}};
  const std::string message = error_of(ErrorKind::data, [&] { open_dataset(request); });
  BOOST_TEST(contains(message, "1x2x2 and 1x3x3"), message);
}

BOOST_AUTO_TEST_CASE(a_flat_hdf5_file_serves_for_training_or_for_evaluation) {
  const TemporaryFolder root;
  const Bytes pixels = counting(12);
  const std::vector<std::int64_t> labels{0, 1, 2};
  Hdf5Writer file(root / "a.h5");
  file.add_dataset({.path = "/images",
                    .extents = {3, 2, 2},
                    .values = std::span<const std::uint8_t>(pixels),
                    .units = "1",
                    .long_name = "images"});
  file.add_dataset({.path = "/labels",
                    .extents = {3},
                    .values = std::span<const std::int64_t>(labels),
                    .units = "1",
                    .long_name = "labels"});
  file.close();
  DataRequest request{.source = data_source_for((root / "a.h5").string())};
  BOOST_TEST(request.source.names.front() == "hdf5");
  const LoadedData both = open_dataset(request);
  BOOST_TEST(both.train.size() == 3);
  BOOST_TEST(both.test.size() == 0);
  request.parts = DataParts::test;
  BOOST_TEST(open_dataset(request).test.size() == 3);
  request.source.path = root / "absent.h5";
  const std::string message = error_of(ErrorKind::data, [&] { open_dataset(request); });
  BOOST_TEST(contains(message, "absent.h5 (no such file or folder)"), message);
  BOOST_TEST(contains(message, "give data.path"), message);
}

BOOST_AUTO_TEST_CASE(floats_far_from_0_to_1_are_warned_of) {
  const TemporaryFolder root;
  const std::vector<std::int64_t> labels{0};
  for (const float value : {-0.5F, 1.5F, -0.6F, 255.0F}) {
    const std::vector<float> pixels{0.25F, value};
    Hdf5Writer file(root / "a.h5");
    file.add_dataset({.path = "/images",
                      .extents = {1, 1, 2},
                      .values = std::span<const float>(pixels),
                      .units = "1",
                      .long_name = "images"});
    file.add_dataset({.path = "/labels",
                      .extents = {1},
                      .values = std::span<const std::int64_t>(labels),
                      .units = "1",
                      .long_name = "labels"});
    file.close();
    const LoadedData data = open_dataset({.source = {.names = {"hdf5"}, .path = root / "a.h5"}});
    BOOST_TEST(data.warning.empty() == (value >= -0.5F && value <= 1.5F), data.warning);
  }
}

BOOST_AUTO_TEST_CASE(the_synthetic_set_is_always_there_in_the_sizes_asked_for) {
  const DataRequest request{
      .source = {.names = {"synthetic"},
                 .settings = drawn({.train = 30, .test = 20, .channels = 2, .side = 12})}};
  const LoadedData data = open_dataset(request);
  BOOST_TEST((data.train.sample_shape() == Shape{2, 12, 12}));
  BOOST_TEST((data.test.sample_shape() == Shape{2, 12, 12}));
  BOOST_TEST(data.train.size() == 30);
  BOOST_TEST(data.test.size() == 20);
  BOOST_TEST(data.train.digest().hex() != data.test.digest().hex());
}

BOOST_AUTO_TEST_CASE(unknown_names_and_missing_paths_are_usage_errors) {
  for (const std::string_view name : dataset_names()) {
    BOOST_TEST(contains(
        error_of(ErrorKind::usage, [] { open_dataset({.source = {.names = {"x"}}}); }), name));
  }
  const auto message = [](const std::string& name) {
    return error_of(ErrorKind::usage, [&] { open_dataset({.source = {.names = {name}}}); });
  };
  BOOST_TEST(contains(message("fashion_mnits"), "fashion_mnist"));
  BOOST_TEST(contains(message("idx"), "data.path"));
  BOOST_TEST(contains(message("hdf5"), "data.path"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

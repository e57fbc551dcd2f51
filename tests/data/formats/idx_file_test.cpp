#include "data/formats/idx_file.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "tests/data/formats/test_files.hpp"

namespace lockstep {
namespace {

/// Reading images fails as data, names the file, and says these words.
void check_refused(const std::filesystem::path& file, std::string_view words) {
  const std::string message = error_of(ErrorKind::data, [&] { read_idx_images(file); });
  BOOST_TEST(contains(message, file.string()), message);
  BOOST_TEST(contains(message, words), message);
}

BOOST_AUTO_TEST_SUITE(idx)

BOOST_AUTO_TEST_CASE(images_are_read_with_sizes_and_bytes_in_order) {
  const TemporaryFolder folder;
  const IdxImages images =
      read_idx_images(folder.write("images", idx_images({2, 3, 4}, counting(24))));
  BOOST_TEST(images.count == 2);
  BOOST_TEST(images.rows == 3);
  BOOST_TEST(images.columns == 4);
  BOOST_TEST(images.pixels == counting(24), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(content_decides_whether_a_file_is_gzipped_and_not_its_name) {
  const TemporaryFolder folder;
  const Bytes raw = idx_images({2, 3, 4}, counting(24));
  for (const char* name : {"raw.gz", "plain"}) {
    BOOST_TEST(read_idx_images(folder.write(name, raw)).pixels == counting(24));
    BOOST_TEST(read_idx_images(folder.write(name, gzipped(raw))).pixels == counting(24));
  }
}

BOOST_AUTO_TEST_CASE(several_gzip_streams_in_a_row_are_one_content) {
  const TemporaryFolder folder;
  const Bytes raw = idx_images({2, 3, 4}, counting(24));
  const Bytes front(raw.begin(), raw.begin() + 10);
  const Bytes back(raw.begin() + 10, raw.end());
  const auto file = folder.write("images", joined({gzipped(front), gzipped(back)}));
  BOOST_TEST(read_idx_images(file).pixels == counting(24));
}

BOOST_AUTO_TEST_CASE(content_larger_than_every_buffer_arrives_whole) {
  const TemporaryFolder folder;
  const Bytes pixels = counting(3 * 1000 * 1001);
  const Bytes raw = idx_images({3, 1000, 1001}, pixels);
  BOOST_TEST((read_idx_images(folder.write("raw", raw)).pixels == pixels));
  BOOST_TEST((read_idx_images(folder.write("gz", gzipped(raw))).pixels == pixels));
}

BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_is_refused) {
  const TemporaryFolder folder;
  const Bytes raw = idx_images({2, 3, 4}, counting(24));
  for (const Bytes& whole : {raw, gzipped(raw)}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const auto file = folder.write("images", std::span(whole).first(length));
      BOOST_TEST_CONTEXT("cut to " << length << " of " << whole.size() << " bytes") {
        error_of(ErrorKind::data, [&] { read_idx_images(file); });
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(trailing_bytes_are_refused_raw_inside_and_behind_gzip) {
  const TemporaryFolder folder;
  const Bytes raw = idx_images({2, 3, 4}, counting(24));
  const Bytes longer = joined({raw, {7}});
  check_refused(folder.write("raw", longer), "expected 40 bytes as its header says, found 41");
  check_refused(folder.write("gz", gzipped(longer)), "found more");
  check_refused(folder.write("behind", joined({gzipped(raw), {7, 7, 7}})),
                "followed by other bytes");
}

BOOST_AUTO_TEST_CASE(a_changed_byte_inside_a_gzip_file_is_found) {
  const TemporaryFolder folder;
  Bytes file = gzipped(idx_images({2, 3, 4}, counting(24)));
  file[file.size() - 8] ^= 1U;  // the first byte of the checksum
  check_refused(folder.write("images", file), "damaged inside");
}

BOOST_AUTO_TEST_CASE(sizes_of_zero_are_refused) {
  const TemporaryFolder folder;
  check_refused(folder.write("none", idx_images({0, 28, 28}, {})), "0 x 28 x 28");
  check_refused(folder.write("flat", idx_images({1, 0, 28}, {})), "1 x 0 x 28");
}

BOOST_AUTO_TEST_CASE(a_product_beyond_64_bits_is_refused_and_does_not_wrap) {
  const TemporaryFolder folder;
  // 2^22 * 2^21 * 2^21 = 2^64 would wrap to 0, and the file would fit.
  const auto file = folder.write("images", idx_images({1U << 22U, 1U << 21U, 1U << 21U}, {}));
  check_refused(file, "can be counted");
  check_refused(folder.write("all", idx_images({~0U, ~0U, ~0U}, {})), "can be counted");
}

BOOST_AUTO_TEST_CASE(sizes_that_the_file_cannot_hold_take_no_memory) {
  const TemporaryFolder folder;
  const auto raw = folder.write("raw", idx_images({1U << 31U, 28, 28}, counting(784)));
  check_refused(raw, "the end is missing");
  const auto gz = folder.write("gz", gzipped(idx_images({1U << 31U, 28, 28}, counting(784))));
  check_refused(gz, "cannot hold that many");
}

BOOST_AUTO_TEST_CASE(a_gzip_bomb_is_inflated_no_further_than_its_header_and_one_byte) {
  const TemporaryFolder folder;
  // 4 MB of zeros behind a header that claims 784 bytes. Whoever inflated all of them would find
  // the wrong checksum behind them, and say so.
  Bytes bomb = gzipped(idx_images({1, 28, 28}, Bytes(4 << 20)));
  bomb[bomb.size() - 8] ^= 1U;
  check_refused(folder.write("bomb", bomb), "expected 784 bytes after its header, found more");
}

BOOST_AUTO_TEST_CASE(other_magic_numbers_are_refused_and_swapped_files_are_told_apart) {
  const TemporaryFolder folder;
  const auto labels = folder.write("labels", idx_labels(3, {1, 2, 3}));
  const auto images = folder.write("images", idx_images({1, 2, 2}, counting(4)));
  check_refused(labels, "expected IDX images, found IDX labels");
  const std::string message = error_of(ErrorKind::data, [&] { read_idx_labels(images); });
  BOOST_TEST(contains(message, "expected IDX labels, found IDX images"), message);
  check_refused(folder.write("text", "not an IDX file at all"), "6e6f7420");
  // Sizes in the other byte order, as a careless converter writes them.
  check_refused(folder.write("little", joined({{3, 8, 0, 0}, Bytes(12)})), "03080000");
}

BOOST_AUTO_TEST_CASE(what_is_no_readable_file_is_refused_without_hanging) {
  const TemporaryFolder folder;
  check_refused(folder / "absent", "No such file");
  check_refused(folder.path(), "folder");
  check_refused("/dev/zero", "device");
  check_refused(folder.write("empty", ""), "empty");
  const auto pipe = folder / "pipe";
  BOOST_REQUIRE_EQUAL(::mkfifo(pipe.c_str(), 0600), 0);
  check_refused(pipe, "pipe");
  const auto loop = folder / "loop";
  std::filesystem::create_symlink(loop, loop);
  check_refused(loop, "symbolic links");
}

BOOST_AUTO_TEST_CASE(image_files_are_recognised_by_content) {
  const TemporaryFolder folder;
  const Bytes raw = idx_images({1, 2, 2}, counting(4));
  BOOST_TEST(is_idx_file(folder.write("a.png", raw)));
  BOOST_TEST(is_idx_file(folder.write("b", gzipped(raw))));
  BOOST_TEST(is_idx_file(folder.write("c", idx_labels(1, {1}))));
  BOOST_TEST(!is_idx_file(folder.write("d", "P5")));
  BOOST_TEST(!is_idx_file(folder.write("e", Bytes{0x1f, 0x8b, 8, 0})));
}

BOOST_AUTO_TEST_CASE(a_set_joins_images_and_labels) {
  const TemporaryFolder folder;
  const ImageSet set =
      read_idx_set({.name = "small",
                    .images = folder.write("images", idx_images({3, 2, 2}, counting(12))),
                    .labels = folder.write("labels", idx_labels(3, {7, 0, 9})),
                    .classes = std::nullopt});
  BOOST_TEST(set.size() == 3);
  BOOST_TEST(set.classes() == 10);
  BOOST_TEST((set.sample_shape() == Shape{1, 2, 2}));
  BOOST_TEST(set.labels()[2] == 9);
  BOOST_TEST(set.bytes()[11] == 11);
}

BOOST_AUTO_TEST_CASE(labels_beyond_nine_make_more_classes_unless_the_number_is_known) {
  const TemporaryFolder folder;
  IdxSetRequest request{.name = "letters",
                        .images = folder.write("images", idx_images({2, 1, 1}, {0, 0})),
                        .labels = folder.write("labels", idx_labels(2, {0, 255})),
                        .classes = std::nullopt};
  BOOST_TEST(read_idx_set(request).classes() == 256);
  request.classes = 10;
  const std::string message = error_of(ErrorKind::data, [&] { read_idx_set(request); });
  BOOST_TEST(contains(message, "expected labels below 10, found 255 at sample 1"), message);
}

BOOST_AUTO_TEST_CASE(counts_that_differ_are_refused) {
  const TemporaryFolder folder;
  const IdxSetRequest request{.name = "odd",
                              .images = folder.write("images", idx_images({3, 1, 1}, {0, 0, 0})),
                              .labels = folder.write("labels", idx_labels(2, {0, 1})),
                              .classes = std::nullopt};
  const std::string message = error_of(ErrorKind::data, [&] { read_idx_set(request); });
  BOOST_TEST(contains(message, "expected 3 labels"), message);
  BOOST_TEST(contains(message, "found 2"), message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

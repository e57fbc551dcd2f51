#include "data/pictures/image_file.hpp"

#include <stb/stb_image_write.h>
#include <zlib.h>

#include <boost/test/unit_test.hpp>
#include <cstddef>

#include "tests/data/formats/test_files.hpp"

namespace lockstep {
namespace {

using boost::test_tools::per_element;

void append(void* file, void* data, int size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  auto* all = static_cast<Bytes*>(file);
  all->insert(all->end(), bytes, bytes + size);
}

/// A PNG of interleaved pixels: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha.
Bytes png(int rows, int columns, int channels, const Bytes& pixels) {
  Bytes file;
  BOOST_REQUIRE(stbi_write_png_to_func(append, &file, columns, rows, channels, pixels.data(),
                                       columns * channels) != 0);
  return file;
}

Bytes chunk(std::string_view type, const Bytes& content) {
  const Bytes named = joined({Bytes(type.begin(), type.end()), content});
  const auto checksum = crc32(0, named.data(), static_cast<uInt>(named.size()));
  return joined({big_endian(static_cast<std::uint32_t>(content.size())), named,
                 big_endian(static_cast<std::uint32_t>(checksum))});
}

/// A grey 8-bit PNG whose pixels are whatever `content` inflates to.
Bytes png_of(std::uint32_t rows, std::uint32_t columns, const Bytes& content) {
  Bytes packed(compressBound(content.size()));
  uLongf size = packed.size();
  BOOST_REQUIRE(compress(packed.data(), &size, content.data(), content.size()) == Z_OK);
  packed.resize(size);
  return joined({{0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a},
                 chunk("IHDR", joined({big_endian(columns), big_endian(rows), {8, 0, 0, 0, 0}})),
                 chunk("IDAT", packed),
                 chunk("IEND", {})});
}

void check_refused(const std::filesystem::path& file, std::string_view words) {
  const std::string message = error_of(ErrorKind::data, [&] { read_image_file(file, 1); });
  BOOST_TEST(contains(message, file.string()), message);
  BOOST_TEST(contains(message, words), message);
}

BOOST_AUTO_TEST_SUITE(image_file)

BOOST_AUTO_TEST_CASE(a_grey_png_keeps_its_bytes) {
  const TemporaryFolder folder;
  const PixelImage image =
      read_image_file(folder.write("digit.png", png(16, 16, 1, counting(256))), 1);
  BOOST_TEST(image.rows == 16);
  BOOST_TEST(image.columns == 16);
  BOOST_TEST(image.channels == 1);
  BOOST_TEST(image.pixels == counting(256), per_element());
}

BOOST_AUTO_TEST_CASE(colour_becomes_grey_by_the_stated_weights) {
  const TemporaryFolder folder;
  const Bytes pixels{255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9};
  const PixelImage image = read_image_file(folder.write("a.png", png(1, 4, 3, pixels)), 1);
  // 77 * 255 / 256 = 76.7, 150 * 255 / 256 = 149.4, 29 * 255 / 256 = 28.9; grey stays
  BOOST_TEST(image.pixels == (Bytes{76, 149, 28, 9}), per_element());
}

BOOST_AUTO_TEST_CASE(colour_may_stay_and_is_split_into_planes) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.png", png(1, 2, 3, {1, 2, 3, 4, 5, 6}));
  BOOST_TEST(read_image_file(file, 3).pixels == (Bytes{1, 4, 2, 5, 3, 6}), per_element());
  const auto grey = folder.write("b.png", png(1, 2, 1, {1, 2}));
  BOOST_TEST(read_image_file(grey, 3).pixels == (Bytes{1, 2, 1, 2, 1, 2}), per_element());
  const auto pgm = folder.write("c.pgm", "P2 2 1 255 1 2");
  BOOST_TEST(read_image_file(pgm, 3).pixels == (Bytes{1, 2, 1, 2, 1, 2}), per_element());
}

BOOST_AUTO_TEST_CASE(an_encoded_picture_reads_back_the_same) {
  const TemporaryFolder folder;
  const PixelImage grey{.channels = 1, .rows = 2, .columns = 3, .pixels = {1, 2, 3, 4, 5, 6}};
  const PixelImage colour{
      .channels = 3, .rows = 1, .columns = 2, .pixels = {10, 20, 30, 40, 50, 60}};
  for (const PixelImage& image : {grey, colour}) {
    const auto file = folder.write("a.png", encode_png(image));
    const PixelImage read = read_image_file(file, image.channels);
    BOOST_TEST(read.rows == image.rows);
    BOOST_TEST(read.columns == image.columns);
    BOOST_TEST(read.pixels == image.pixels, per_element());
  }
}

BOOST_AUTO_TEST_CASE(transparent_parts_show_white) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.png", png(1, 3, 2, {50, 255, 50, 0, 51, 51}));
  // 51 at a fifth of opacity: (51 * 51 + 255 * 204 + 127) / 255 = 214
  BOOST_TEST(read_image_file(file, 1).pixels == (Bytes{50, 255, 214}), per_element());
}

BOOST_AUTO_TEST_CASE(a_jpeg_is_read) {
  const TemporaryFolder folder;
  Bytes file;
  const Bytes pixels(256, 130);
  BOOST_REQUIRE(stbi_write_jpg_to_func(append, &file, 16, 16, 1, pixels.data(), 95) != 0);
  const PixelImage image = read_image_file(folder.write("a.jpg", file), 1);
  BOOST_TEST(image.rows == 16);
  // JPEG is lossy: a flat picture is right within 2 levels.
  for (const std::uint8_t pixel : image.pixels) BOOST_TEST(std::abs(pixel - 130) <= 2);
}

BOOST_AUTO_TEST_CASE(ascii_and_binary_pgm_are_read_with_comments_and_other_maxima) {
  const TemporaryFolder folder;
  const auto ascii = folder.write("a.pgm", "P2\n# by hand\n3 2\n# maximum\n15\n0 1 2\n3 4 15\n");
  const PixelImage image = read_image_file(ascii, 1);
  BOOST_TEST(image.rows == 2);
  BOOST_TEST(image.columns == 3);
  BOOST_TEST(image.pixels == (Bytes{0, 17, 34, 51, 68, 255}), per_element());
  const auto binary = folder.write("b.pgm", std::string_view("P5 2 1 255\n\x0a\xff", 13));
  BOOST_TEST(read_image_file(binary, 1).pixels == (Bytes{10, 255}), per_element());
  const auto wide = folder.write("c.pgm", std::string_view("P5 2 1 65535\n\x80\x00\xff\xff", 17));
  BOOST_TEST(read_image_file(wide, 1).pixels == (Bytes{128, 255}), per_element());
}

BOOST_AUTO_TEST_CASE(one_blank_or_cr_lf_is_between_header_and_pixels) {
  const TemporaryFolder folder;
  const auto windows = folder.write("a.pgm", "P5\r\n2 1\r\n255\r\nAB");
  BOOST_TEST(read_image_file(windows, 1).pixels == (Bytes{'A', 'B'}), per_element());
  const auto line_feed = folder.write("b.pgm", "P5 2 1 255\r\nB");  // a pixel of value 10
  BOOST_TEST(read_image_file(line_feed, 1).pixels == (Bytes{'\n', 'B'}), per_element());
  check_refused(folder.write("c.pgm", "P5 2 1 255\nABC"), "the end");
  check_refused(folder.write("d.pgm", "P5 2 1 255\r\nABC"), "2 more bytes");
  check_refused(folder.write("e.pgm", "P5 2 1 255#AB"), "a blank");
}

BOOST_AUTO_TEST_CASE(damaged_pgm_files_are_refused) {
  const TemporaryFolder folder;
  check_refused(folder.write("a", "P2 3 2 255 0 1 2 3 4"), "the end of the file");
  check_refused(folder.write("b", "P5 3 2 255\nabcde"), "the end of the file");
  check_refused(folder.write("c", "P2 2 1 255 0 256"), "above 255");
  check_refused(folder.write("d", "P2 0 1 255"), "a width");
  check_refused(folder.write("e", "P2 99999999999999999999 1 255"), "above 4096");
  check_refused(folder.write("f", "P2 1 1 0 0"), "a largest value");
  check_refused(folder.write("g", "P2 1 1 255 -1"), "a pixel");
  check_refused(folder.write("h", "P2 # endless"), "the end of the file");
}

BOOST_AUTO_TEST_CASE(a_png_cut_anywhere_is_refused_or_still_whole) {
  const TemporaryFolder folder;
  const Bytes whole = png(16, 16, 1, counting(256));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto file = folder.write("cut.png", std::span(whole).first(length));
    try {
      // Without its closing chunk the pixels can be whole all the same.
      BOOST_TEST(read_image_file(file, 1).pixels == counting(256), per_element());
    } catch (const Error& error) {
      BOOST_TEST((error.kind() == ErrorKind::data));
    }
  }
  check_refused(folder.write("half.png", std::span(whole).first(whole.size() / 2)), "");
}

BOOST_AUTO_TEST_CASE(a_png_larger_inside_than_its_header_says_is_refused_before_decoding) {
  const TemporaryFolder folder;
  // A row is a filter byte and two pixels; this one has 64 MB.
  check_refused(folder.write("bomb.png", png_of(1, 2, Bytes(64 << 20))), "header");
  const auto sound = folder.write("sound.png", png_of(1, 2, {0, 7, 8}));
  BOOST_TEST(read_image_file(sound, 1).pixels == (Bytes{7, 8}), per_element());
}

BOOST_AUTO_TEST_CASE(pictures_of_great_extent_are_refused_before_decoding) {
  const TemporaryFolder folder;
  check_refused(folder.write("wide.png", png_of(1, 1U << 20U, {0})), "4096");
}

BOOST_AUTO_TEST_CASE(other_formats_are_refused_by_content) {
  const TemporaryFolder folder;
  check_refused(folder.write("a.png", "GIF89a and more"), "PNG, JPEG or PGM");
  check_refused(folder.write("b.png", "P6 1 1 255\nabc"), "PNG, JPEG or PGM");
  check_refused(folder.write("empty.png", ""), "an empty file");
  check_refused(folder / "absent.png", "No such file");
  check_refused(folder.path(), "folder");
}

BOOST_AUTO_TEST_CASE(channels_other_than_one_and_three_are_refused) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.png", png(1, 1, 1, {1}));
  const std::string message = error_of(ErrorKind::usage, [&] { read_image_file(file, 2); });
  BOOST_TEST(contains(message, "found 2"), message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

#include "tests/data/formats/test_files.hpp"

#include <zlib.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

namespace lockstep {

Bytes gzipped(std::span<const std::uint8_t> bytes) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  BOOST_REQUIRE_EQUAL(deflateInit2(&stream, 9, Z_DEFLATED, kGzip, 9, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes result(deflateBound(&stream, bytes.size()) + 32);
  Bytes input(bytes.begin(), bytes.end());
  stream.next_in = input.data();
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = result.data();
  stream.avail_out = static_cast<uInt>(result.size());
  BOOST_REQUIRE_EQUAL(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

Bytes joined(std::initializer_list<Bytes> pieces) {
  Bytes all;
  for (const Bytes& piece : pieces) all.insert(all.end(), piece.begin(), piece.end());
  return all;
}

Bytes big_endian(std::uint32_t number) {
  return {static_cast<std::uint8_t>(number >> 24U), static_cast<std::uint8_t>(number >> 16U),
          static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
}

Bytes counting(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

Bytes idx_images(std::initializer_list<std::uint32_t> sizes, const Bytes& pixels) {
  Bytes file = big_endian(0x803);
  for (const std::uint32_t size : sizes) file = joined({file, big_endian(size)});
  return joined({file, pixels});
}

Bytes idx_labels(std::uint32_t count, const Bytes& labels) {
  return joined({big_endian(0x801), big_endian(count), labels});
}

std::string error_of(ErrorKind kind, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    std::string message = error.what();
    BOOST_TEST(static_cast<int>(error.kind()) == static_cast<int>(kind), message);
    BOOST_TEST(std::count(message.begin(), message.end(), '\n') == 0, message);
    return message;
  }
  BOOST_TEST(false, "no error was thrown");
  return "";
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace lockstep

#include "framework/core/digest.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using lockstep::Digest;
using lockstep::DigestStream;
using lockstep::FloatsDigest;

constexpr std::size_t kPiece = lockstep::kDigestPieceFloats;

/// Byte i is (31 i + 7) mod 251.
std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((31 * i + 7) % 251);
  return bytes;
}

/// Float i is i / 8 - 100.
std::vector<float> ramp(std::size_t size) {
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<float>(i) / 8 - 100;
  return values;
}

/// The weights digest spelled out: the bytes of the digests, big-endian, hashed.
Digest naive_floats_digest(std::span<const float> values) {
  std::vector<std::byte> joined;
  for (std::size_t first = 0; first < values.size(); first += kPiece) {
    const auto piece = values.subspan(first, std::min(kPiece, values.size() - first));
    const Digest digest = lockstep::digest_of(std::as_bytes(piece));
    for (const std::uint64_t word : {digest.high, digest.low}) {
      for (unsigned shift = 64; shift > 0; shift -= 8) {
        joined.push_back(static_cast<std::byte>(word >> (shift - 8) & 0xffU));
      }
    }
  }
  return lockstep::digest_of(joined);
}

Digest floats_digest(std::span<const float> values) {
  FloatsDigest digest;
  digest.add(values);
  return digest.finish();
}

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(Digest)

BOOST_AUTO_TEST_SUITE(digest)

// What xxHash's own one-shot functions, compiled for the baseline instruction set, give.
BOOST_AUTO_TEST_CASE(digests_and_hashes_equal_known_xxh3_values) {
  struct Known {
    std::size_t size;
    std::string_view digest;
    std::uint64_t hash;
  };
  const Known known[] = {
      {0, "99aa06d3014798d86001c324468d497f", 0x2d06800538d394c2U},
      {1, "495b62073ef70ca44c5cca45d0f4811f", 0x4c5cca45d0f4811fU},
      {3, "46f66cb93538156515f7093b173d005c", 0x15f7093b173d005cU},
      {16, "da917c385cc874c00d463cb04ceffbaf", 0xa7683b861e585aa6U},
      {17, "d443578f2c4e2fb495c34448580e19c8", 0x637c1aa907698945U},
      {128, "22c34350373a38ae5b77925b2c683a12", 0x6d0f64c82ddaad27U},
      {129, "c4a7d8f7893f2090d6d9e73553568be1", 0xeaf3fc97c05f44f3U},
      {240, "e29d70b8920fd24bc6ed4333f79384f8", 0x22f28cbbfaf0447fU},
      {241, "f91b3cb8ed0fa91a07525dbc14902c7f", 0x07525dbc14902c7fU},
      {1024, "f53a1b1e9f1efedfe2898655db7bc9ee", 0xe2898655db7bc9eeU},
      {1025, "a906cca0f6e772a7134c652ba3d6fb9e", 0x134c652ba3d6fb9eU},
      {16384, "33a3d69e0953199435b8e2c248a6f27a", 0x35b8e2c248a6f27aU},
      {177704, "f03cdb02de3067a2dba7537007a36b5e", 0xdba7537007a36b5eU},
  };
  for (const Known& entry : known) {
    const auto bytes = pattern(entry.size);
    BOOST_TEST(lockstep::digest_of(bytes).hex() == entry.digest);
    BOOST_TEST(lockstep::hash64(bytes) == entry.hash);
  }
}

BOOST_AUTO_TEST_CASE(a_text_hashes_as_its_bytes) {
  const std::string text = "lockstep";
  BOOST_TEST(lockstep::hash64(text) == lockstep::hash64(std::as_bytes(std::span(text))));
}

BOOST_AUTO_TEST_CASE(a_digest_survives_its_text) {
  const Digest digest = {.high = 0x0123456789abcdefU, .low = 0x00000000000000f0U};
  BOOST_TEST(digest.hex() == "0123456789abcdef00000000000000f0");
  BOOST_TEST((Digest::parse(digest.hex()) == digest));
  BOOST_TEST((Digest::parse("0123456789ABCDEF00000000000000F0") == digest));
  BOOST_TEST(Digest().hex() == std::string(32, '0'));
}

BOOST_AUTO_TEST_CASE(text_that_is_no_digest_is_refused) {
  for (const std::string text :
       {"", "0", "0123456789abcdef00000000000000f", "0123456789abcdef00000000000000f00",
        "0123456789abcdeg00000000000000f0", "0123456789abcdef00000000000000f ",
        "-123456789abcdef00000000000000f0", "0123456789abcdef-0000000000000f0",
        "+123456789abcdef00000000000000f0", "0x23456789abcdef00000000000000f0"}) {
    BOOST_TEST(!Digest::parse(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(a_stream_gives_the_one_shot_values_however_it_is_cut) {
  for (const std::size_t size : {0U, 1U, 240U, 241U, 1'024U, 5'000U, 100'000U}) {
    const auto bytes = pattern(size);
    for (const std::size_t step : {1U, 63U, 256U, 4'096U, 200'000U}) {
      DigestStream stream;
      for (std::size_t first = 0; first < size; first += step) {
        stream.update(std::span(bytes).subspan(first, std::min(step, size - first)));
      }
      BOOST_TEST((stream.finish() == lockstep::digest_of(bytes)));
      BOOST_TEST(stream.finish64() == lockstep::hash64(bytes));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_stream_goes_on_after_finish_copies_and_reset) {
  const auto bytes = pattern(3'000);
  const auto front = std::span(bytes).first(1'000);
  DigestStream stream;
  stream.update(front);
  BOOST_TEST((stream.finish() == lockstep::digest_of(front)));
  DigestStream copy = stream;
  stream.update(std::span(bytes).subspan(1'000));
  copy.update(std::span(bytes).subspan(1'000));
  BOOST_TEST((stream.finish() == lockstep::digest_of(bytes)));
  BOOST_TEST((copy.finish() == lockstep::digest_of(bytes)));
  stream.reset();
  stream.update(front);
  BOOST_TEST((stream.finish() == lockstep::digest_of(front)));
}

BOOST_AUTO_TEST_CASE(the_weights_digest_is_the_digest_of_the_pieces_digests) {
  for (const std::size_t size : {0UL, 1UL, kPiece - 1, kPiece, kPiece + 1, 3 * kPiece, 44'426UL}) {
    const auto values = ramp(size);
    BOOST_TEST((floats_digest(values) == naive_floats_digest(values)), "of " << size << " floats");
  }
}

BOOST_AUTO_TEST_CASE(the_weights_digest_does_not_depend_on_how_tensors_cut_the_floats) {
  const auto values = ramp(44'426);
  const Digest whole = floats_digest(values);
  const std::vector<std::vector<std::size_t>> cuts = {
      {150, 6, 2'400, 16, 30'720, 120, 10'080, 84, 840, 10},  // LeNet-5's tensors
      {kPiece, kPiece, 1, 0, 2 * kPiece, 4'095},
      {4'095, 1, 8'193},
      {44'425}};
  for (const auto& sizes : cuts) {
    FloatsDigest digest;
    std::size_t first = 0;
    for (const std::size_t size : sizes) {
      digest.add(std::span(values).subspan(first, size));
      first += size;
    }
    digest.add(std::span(values).subspan(first));
    BOOST_TEST((digest.finish() == whole));
  }
}

BOOST_AUTO_TEST_CASE(pieces_hashed_apart_join_to_the_weights_digest) {
  const auto values = ramp(10'000);
  const std::array<Digest, 3> pieces = {
      lockstep::piece_digest(std::span(values).first(kPiece)),
      lockstep::piece_digest(std::span(values).subspan(kPiece, kPiece)),
      lockstep::piece_digest(std::span(values).subspan(2 * kPiece))};
  BOOST_TEST((lockstep::join_piece_digests(pieces) == floats_digest(values)));
}

BOOST_AUTO_TEST_CASE(reset_makes_a_weights_digest_as_new) {
  const auto values = ramp(5'000);
  FloatsDigest digest;
  digest.add(ramp(4'999));
  digest.reset();
  digest.add(values);
  BOOST_TEST((digest.finish() == floats_digest(values)));
  BOOST_TEST((digest.finish() == floats_digest(values)));  // finish changes nothing
}

BOOST_AUTO_TEST_CASE(the_weights_digest_sees_every_bit_and_the_order) {
  auto values = ramp(9'000);
  const Digest before = floats_digest(values);
  for (const std::size_t position : {0U, 4'095U, 4'096U, 8'999U}) {
    const float kept = values[position];
    values[position] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(kept) ^ 1U);
    BOOST_TEST((floats_digest(values) != before));
    values[position] = kept;
  }
  std::swap_ranges(values.begin(), values.begin() + kPiece, values.begin() + kPiece);
  BOOST_TEST((floats_digest(values) != before));
  const std::array<float, 1> zero = {0.0F}, negative_zero = {-0.0F};
  BOOST_TEST((floats_digest(zero) != floats_digest(negative_zero)));
}

BOOST_AUTO_TEST_CASE(the_weights_digest_keeps_its_value) {
  BOOST_TEST(floats_digest(ramp(44'426)).hex() == "9b9aff71f68ade71e90c85f4cacd8cb9");
}

BOOST_AUTO_TEST_SUITE_END()

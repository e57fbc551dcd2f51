#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lockstep {

/// An XXH3-128 value.
struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const Digest&, const Digest&) = default;

  /// 32 lower-case hexadecimal digits, high first, as `xxhsum -H2` prints it.
  std::string hex() const;

  /// Reads what hex() writes, in upper or lower case. Returns nothing for any other text.
  static std::optional<Digest> parse(std::string_view hex32);
};

/// XXH3-128, seed 0.
Digest digest_of(std::span<const std::byte> bytes);

/// XXH3-64, seed 0.
std::uint64_t hash64(std::span<const std::byte> bytes);
std::uint64_t hash64(std::string_view text);

/// XXH3 of bytes that arrive in pieces. How they are cut does not matter. Allocates nothing. May be
/// copied halfway. One thread at a time.
class DigestStream {
 public:
  DigestStream() { reset(); }

  /// Forgets all bytes.
  void reset();

  void update(std::span<const std::byte> bytes);

  /// The digest_of all bytes so far. More may follow.
  Digest finish() const;

  /// The hash64 of all bytes so far. More may follow.
  std::uint64_t finish64() const;

 private:
  static constexpr std::size_t kStateBytes = 576;  // an XXH3_state_t, whose header stays outside

  alignas(64) std::array<std::byte, kStateBytes> state_;
};

/// Floats in a piece of the weights digest.
inline constexpr std::size_t kDigestPieceFloats = 4096;

/// XXH3-128 of the bytes of one piece: at most kDigestPieceFloats floats.
Digest piece_digest(std::span<const float> piece);

/// XXH3-128 of the pieces' digests in order, each as 16 bytes, big-endian, high first.
Digest join_piece_digests(std::span<const Digest> pieces);

/// The weights digest: XXH3-128 of each piece of 4,096 floats (little-endian; the last may be
/// shorter) of the concatenation of all that was added, then XXH3-128 of those digests.
///
/// It depends on the concatenation only, not on how add() cut it. Whoever hashes whole pieces in
/// parallel with piece_digest() gets the same value from join_piece_digests(). Allocates nothing.
/// One thread at a time.
class FloatsDigest {
 public:
  /// Appends the logical values of one tensor, without padding.
  void add(std::span<const float> values);

  /// The digest of everything added since construction or reset(). More may follow.
  Digest finish() const;

  void reset();

 private:
  DigestStream piece_;        // of the floats that do not fill a piece yet
  std::size_t in_piece_ = 0;  // the number of those floats
  DigestStream whole_;        // of the digests of the full pieces
};

}  // namespace lockstep

#include "framework/core/digest.hpp"

#define XXH_STATIC_LINKING_ONLY  // the size of the streaming state
#include <xxhash.h>

#include <fmt/format.h>
#include <algorithm>
#include <bit>
#include <cassert>
#include <charconv>

// libxxhash exports these on x86 only. They choose SSE2, AVX2 or AVX-512 at run time, give the same
// values, and are about 2.5 times as fast as the plain functions, which use the build's baseline.
// Null where the library lacks them.
extern "C" {
// NOLINTBEGIN(readability-identifier-naming): the library's names
[[gnu::weak]] XXH128_hash_t XXH3_128bits_dispatch(const void* input, std::size_t length);
[[gnu::weak]] XXH_errorcode XXH3_128bits_update_dispatch(XXH3_state_t* state, const void* input,
                                                         std::size_t length);
// NOLINTEND(readability-identifier-naming)
}

namespace lockstep {

static_assert(std::endian::native == std::endian::little,
              "floats are hashed as they lie in memory");

namespace {

Digest from_xxhash(XXH128_hash_t hash) { return {.high = hash.high64, .low = hash.low64}; }

/// The digest's canonical form: big-endian, high first.
XXH128_canonical_t canonical(Digest digest) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, {.low64 = digest.low, .high64 = digest.high});
  return bytes;
}

std::span<const std::byte> bytes_of(const XXH128_canonical_t& bytes) {
  return std::as_bytes(std::span(bytes.digest));
}

std::optional<std::uint64_t> parse_word(std::string_view hex16) {
  std::uint64_t word = 0;
  const char* end = hex16.data() + hex16.size();
  const auto [stop, error] = std::from_chars(hex16.data(), end, word, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return word;
}

XXH3_state_t* as_xxhash(std::byte* state) { return reinterpret_cast<XXH3_state_t*>(state); }
const XXH3_state_t* as_xxhash(const std::byte* state) {
  return reinterpret_cast<const XXH3_state_t*>(state);
}

}  // namespace

std::string Digest::hex() const { return fmt::format("{:016x}{:016x}", high, low); }

std::optional<Digest> Digest::parse(std::string_view hex32) {
  if (hex32.size() != 32) return std::nullopt;
  const auto high = parse_word(hex32.substr(0, 16));
  const auto low = parse_word(hex32.substr(16));
  if (!high || !low) return std::nullopt;
  return Digest{.high = *high, .low = *low};
}

Digest digest_of(std::span<const std::byte> bytes) {
  const auto hash = XXH3_128bits_dispatch != nullptr ? XXH3_128bits_dispatch : XXH3_128bits;
  return from_xxhash(hash(bytes.data(), bytes.size()));
}

std::uint64_t hash64(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t hash64(std::string_view text) { return hash64(std::as_bytes(std::span(text))); }

void DigestStream::reset() {
  static_assert(sizeof(XXH3_state_t) == kStateBytes && alignof(XXH3_state_t) <= 64);
  XXH3_128bits_reset(as_xxhash(state_.data()));
}

void DigestStream::update(std::span<const std::byte> bytes) {
  const auto update =
      XXH3_128bits_update_dispatch != nullptr ? XXH3_128bits_update_dispatch : XXH3_128bits_update;
  update(as_xxhash(state_.data()), bytes.data(), bytes.size());
}

Digest DigestStream::finish() const {
  return from_xxhash(XXH3_128bits_digest(as_xxhash(state_.data())));
}

// Both widths of XXH3 gather their input in the same state. They differ only in how it is read.
std::uint64_t DigestStream::finish64() const {
  return XXH3_64bits_digest(as_xxhash(state_.data()));
}

Digest piece_digest(std::span<const float> piece) {
  assert(piece.size() <= kDigestPieceFloats);
  return digest_of(std::as_bytes(piece));
}

Digest join_piece_digests(std::span<const Digest> pieces) {
  DigestStream whole;
  for (const Digest& piece : pieces) whole.update(bytes_of(canonical(piece)));
  return whole.finish();
}

void FloatsDigest::add(std::span<const float> values) {
  while (!values.empty()) {
    const auto part = values.first(std::min(values.size(), kDigestPieceFloats - in_piece_));
    values = values.subspan(part.size());
    if (part.size() == kDigestPieceFloats) {  // in place
      whole_.update(bytes_of(canonical(piece_digest(part))));
      continue;
    }
    piece_.update(std::as_bytes(part));
    in_piece_ += part.size();
    if (in_piece_ == kDigestPieceFloats) {
      whole_.update(bytes_of(canonical(piece_.finish())));
      piece_.reset();
      in_piece_ = 0;
    }
  }
}

Digest FloatsDigest::finish() const {
  DigestStream whole = whole_;
  if (in_piece_ > 0) whole.update(bytes_of(canonical(piece_.finish())));
  return whole.finish();
}

void FloatsDigest::reset() {
  piece_.reset();
  in_piece_ = 0;
  whole_.reset();
}

}  // namespace lockstep

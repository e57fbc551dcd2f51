#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace lockstep {

/// The 128 random bits of one counter.
using RandomWords = std::array<std::uint32_t, 4>;

/// Random numbers that are a pure function of (seed, names, counter): Philox4x32-10 of a counter
/// under a key made of the seed and the names.
///
/// It has no state to advance, save or share: a draw depends on its purpose alone, never on who
/// draws it, when, or how often. Copies are cheap. Any thread may draw. Nothing allocates.
/// @see Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"
class RandomStream {
 public:
  /// The names say what the numbers are for, e.g. {"dropout", layer}. Each goes into the key with
  /// its length, so that {"ab", "c"} and {"a", "bc"} differ. The key is the XXH3-64 of the seed and
  /// of each name's length (8 bytes each, little-endian) and text, its low half first.
  RandomStream(std::uint64_t seed, std::initializer_list<std::string_view> names);

  /// The draw of counter (a, b, c, d).
  RandomWords words(std::uint32_t a, std::uint32_t b = 0, std::uint32_t c = 0,
                    std::uint32_t d = 0) const;

  std::array<std::uint32_t, 2> key() const { return key_; }

 private:
  std::array<std::uint32_t, 2> key_;
};

/// Philox4x32-10: the block of a counter under a key.
RandomWords philox(const RandomWords& counter, const std::array<std::uint32_t, 2>& key);

/// Uniform in [0, 1), a multiple of 2^-24.
constexpr float uniform_unit(std::uint32_t word) {
  return static_cast<float>(word >> 8U) * 0x1p-24F;
}

/// Uniform in (0, 1), never 0 or 1: an odd multiple of 2^-53.
constexpr double open_unit(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (std::uint64_t{high} << 32U | low) >> 12U;
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

/// Uniform in [0, bound), bound > 0: the 64 bits of a draw times bound, divided by 2^64. No value
/// is likelier than another by more than bound 2^-64.
constexpr std::uint64_t bounded(std::uint32_t high, std::uint32_t low, std::uint64_t bound) {
  const std::uint64_t bound_high = bound >> 32U;
  const std::uint64_t bound_low = bound & 0xffffffffU;
  const std::uint64_t middle = high * bound_low + (low * bound_low >> 32U);
  const std::uint64_t other = low * bound_high + (middle & 0xffffffffU);
  return high * bound_high + (middle >> 32U) + (other >> 32U);
}

/// The standard normal's quantile at p in (0, 1), to about 1e-15 of itself; -inf at 0, +inf at 1.
/// @see Wichura 1988, algorithm AS 241, PPND16
double normal_quantile(double p);

}  // namespace lockstep

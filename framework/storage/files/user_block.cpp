#include "framework/storage/files/user_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace lockstep {
namespace {

constexpr std::string_view kMagic = "LOCKSTEP CHECKPOINT ";
constexpr std::string_view kVersion = "1\n";
constexpr std::string_view kLengthKey = "length ";
constexpr std::string_view kDigestKey = "\nxxh3-128 ";
constexpr std::size_t kLengthDigits = 20;
constexpr std::size_t kDigestDigits = 32;
constexpr std::size_t kLengthAt = kMagic.size() + kVersion.size() + kLengthKey.size();
constexpr std::size_t kDigestAt = kLengthAt + kLengthDigits + kDigestKey.size();

constexpr std::string_view kExplanation =
    "\n\n"
    "This is an HDF5 file with a training checkpoint: open it with h5dump, h5ls or h5py,\n"
    "or with `lockstep inspect`. The parameters are under /parameters, the network is the\n"
    "text /model. These first 512 bytes are HDF5's user block; the two lines above give\n"
    "the number of bytes after it and their XXH3-128 (xxhsum -H2). A file changed on\n"
    "purpose is taken as not verified once they are cut off: tail -c +513 OLD > NEW\n";

/// Reads the two figures at their places, if they are figures.
std::optional<UserBlock> parse_figures(std::string_view text) {
  UserBlock block;
  const std::string_view length = text.substr(kLengthAt, kLengthDigits);
  const auto [end, failure] =
      std::from_chars(length.data(), length.data() + length.size(), block.length);
  const std::optional<Digest> digest = Digest::parse(text.substr(kDigestAt, kDigestDigits));
  if (failure != std::errc{} || end != length.data() + length.size() || !digest) return {};
  block.digest = *digest;
  return block;
}

/// Whether most bytes are those of a user block of ours. A block of another program has some in
/// common by chance.
bool resembles_ours(std::string_view text) {
  const std::string ours = user_block_text({});
  std::size_t equal = 0;
  for (std::size_t i = 0; i < text.size(); ++i) equal += text[i] == ours[i] ? 1U : 0U;
  return equal >= kUserBlockBytes / 2;
}

}  // namespace

std::string user_block_text(const UserBlock& block) {
  std::string text = fmt::format("{}{}{}{:0{}}{}{}{}", kMagic, kVersion, kLengthKey, block.length,
                                 kLengthDigits, kDigestKey, block.digest.hex(), kExplanation);
  text.resize(kUserBlockBytes - 1, ' ');
  return text + '\n';
}

UserBlockFinding find_user_block(std::span<const std::byte> start) {
  std::string text(start.size(), '\0');
  std::ranges::transform(start, text.begin(),
                         [](std::byte byte) { return static_cast<char>(byte); });
  if (text.size() < kUserBlockBytes) {
    const bool cut_short = !text.empty() && text.starts_with(kMagic.substr(0, text.size()));
    return {cut_short ? UserBlockKind::damaged : UserBlockKind::none, {}};
  }
  const std::optional<UserBlock> block = parse_figures(text);
  // Finds a changed byte anywhere: the block is compared with the one that it should be.
  if (block && user_block_text(*block) == text) return {UserBlockKind::ours, *block};
  const std::string_view version = std::string_view(text).substr(kMagic.size());
  int number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  if (text.starts_with(kMagic) && number > 1) return {UserBlockKind::newer, {}};
  return {resembles_ours(text) ? UserBlockKind::damaged : UserBlockKind::none, {}};
}

}  // namespace lockstep

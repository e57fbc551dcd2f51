#include "framework/storage/files/user_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace lockstep {
namespace {

struct SealedText {
  std::string_view magic;  ///< the first word of the file, and which kind it is
  std::string_view about;
};

// In the order of SealedKind.
constexpr std::array<SealedText, 4> kTexts = {{
    {"LOCKSTEP CHECKPOINT ",
     "This is an HDF5 file with a training checkpoint: open it with h5dump, h5ls or h5py,\n"
     "or with `lockstep inspect`. The parameters are under /parameters, the network is the\n"
     "text /model. "},
    {"LOCKSTEP METRICS ",
     "This is an HDF5 file with the metrics of a training: open it with h5dump, h5ls or h5py,\n"
     "or with `lockstep inspect`. The figures of steps are under /steps, those of evaluations\n"
     "under /epochs. "},
    {"LOCKSTEP SWEEP ",
     "This is an HDF5 file with the trials of a sweep: open it with h5dump, h5ls or h5py,\n"
     "or with `lockstep inspect`. The table of trials is under /trials, their curves are\n"
     "under /curves. "},
    {"LOCKSTEP BUNDLE ",
     "This is an HDF5 file with whole runs: open it with h5dump, h5ls or h5py, or with\n"
     "`lockstep inspect`. Each run is under /runs.\n"},
}};

constexpr std::string_view kVersion = "1\n";
constexpr std::string_view kLengthKey = "length ";
constexpr std::string_view kDigestKey = "\nxxh3-128 ";
constexpr std::size_t kLengthDigits = 20;
constexpr std::size_t kDigestDigits = 32;

constexpr std::string_view kExplanation =
    "These first 512 bytes are HDF5's user block; the two lines above give\n"
    "the number of bytes after it and their XXH3-128 (xxhsum -H2). A file changed on\n"
    "purpose is taken as not verified once they are cut off: tail -c +513 OLD > NEW\n";

const SealedText& text_of(SealedKind kind) { return kTexts[static_cast<std::size_t>(kind)]; }

/// Reads the two figures at their places, if they are figures.
std::optional<UserBlock> parse_figures(SealedKind kind, std::string_view text) {
  const std::size_t length_at = text_of(kind).magic.size() + kVersion.size() + kLengthKey.size();
  const std::size_t digest_at = length_at + kLengthDigits + kDigestKey.size();
  UserBlock block{.kind = kind, .length = 0, .digest = {}};
  const std::string_view length = text.substr(length_at, kLengthDigits);
  const auto [end, failure] =
      std::from_chars(length.data(), length.data() + length.size(), block.length);
  const std::optional<Digest> digest = Digest::parse(text.substr(digest_at, kDigestDigits));
  if (failure != std::errc{} || end != length.data() + length.size() || !digest) return {};
  block.digest = *digest;
  return block;
}

/// Whether most bytes are those of a user block of ours. A block of another program has some in
/// common by chance.
bool resembles_ours(SealedKind kind, std::string_view text) {
  const std::string ours = user_block_text({.kind = kind, .length = 0, .digest = {}});
  std::size_t equal = 0;
  for (std::size_t i = 0; i < text.size(); ++i) equal += text[i] == ours[i] ? 1U : 0U;
  return equal >= kUserBlockBytes / 2;
}

/// What the text is, if it is a block of one kind.
UserBlockFinding find_block_of(SealedKind kind, std::string_view text) {
  const std::string_view magic = text_of(kind).magic;
  const UserBlock of_kind{.kind = kind, .length = 0, .digest = {}};
  if (text.size() < kUserBlockBytes) {
    const bool cut_short = !text.empty() && text.starts_with(magic.substr(0, text.size()));
    return {cut_short ? UserBlockKind::damaged : UserBlockKind::none, of_kind};
  }
  const std::optional<UserBlock> block = parse_figures(kind, text);
  // Finds a changed byte anywhere: the block is compared with the one that it should be.
  if (block && user_block_text(*block) == text) return {UserBlockKind::ours, *block};
  const std::string_view version = text.substr(magic.size());
  int number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  if (text.starts_with(magic) && number > 1) return {UserBlockKind::newer, of_kind};
  return {resembles_ours(kind, text) ? UserBlockKind::damaged : UserBlockKind::none, of_kind};
}

}  // namespace

std::string user_block_text(const UserBlock& block) {
  const SealedText& own = text_of(block.kind);
  std::string text =
      fmt::format("{}{}{}{:0{}}{}{}\n\n{}{}", own.magic, kVersion, kLengthKey, block.length,
                  kLengthDigits, kDigestKey, block.digest.hex(), own.about, kExplanation);
  text.resize(kUserBlockBytes - 1, ' ');
  return text + '\n';
}

void seal(std::vector<std::byte>& bytes, SealedKind kind) {
  const auto rest = std::span(bytes).subspan(kUserBlockBytes);
  const std::string text = user_block_text(
      {.kind = kind, .length = static_cast<std::int64_t>(rest.size()), .digest = digest_of(rest)});
  std::ranges::copy(std::as_bytes(std::span(text)), bytes.begin());
}

UserBlockFinding find_user_block(std::span<const std::byte> start) {
  std::string text(start.size(), '\0');
  std::ranges::transform(start, text.begin(),
                         [](std::byte byte) { return static_cast<char>(byte); });
  UserBlockFinding best;
  for (std::size_t kind = 0; kind < kTexts.size(); ++kind) {
    const UserBlockFinding found = find_block_of(static_cast<SealedKind>(kind), text);
    if (found.kind == UserBlockKind::ours) return found;
    if (found.kind != UserBlockKind::none) best = found;
  }
  return best;
}

}  // namespace lockstep

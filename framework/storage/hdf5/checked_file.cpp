#include "framework/storage/hdf5/checked_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "framework/core/error.hpp"
#include "framework/storage/files/user_block.hpp"
#include "framework/storage/hdf5/file_format.hpp"
#include "framework/storage/hdf5/layout.hpp"

namespace lockstep {
namespace {

bool begins_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

/// What a file that is not HDF5 seems to be instead, judged by its first bytes.
std::string what_else(std::span<const std::byte> start) {
  if (start.empty()) return "it is empty, expected an HDF5 file";
  if (begins_with(start, "\x1f\x8b")) return "it is compressed by gzip; unpack it first (gunzip)";
  const auto is_text = [](std::byte byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code >= 0x20 || code == '\n' || code == '\r' || code == '\t';
  };
  if (std::ranges::all_of(start, is_text)) {
    return "it is a text file, expected an HDF5 file";
  }
  return "it is not an HDF5 file: the signature is missing, so it is another kind of file or "
         "damaged";
}

CheckedFile damaged(const Descriptor& file, const std::string& reason) {
  return {.check = {.state = FileState::damaged,
                    .message = fmt::format("{} is damaged: {}.", file.path().string(), reason)},
          .has_user_block = true,
          .bytes = {}};
}

CheckedFile check_against(const UserBlock& block, const Descriptor& file) {
  const std::int64_t expected = block.length + static_cast<std::int64_t>(kUserBlockBytes);
  if (file.size() != expected) {
    return damaged(file, fmt::format("it has {} bytes, expected {}", file.size(), expected));
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(expected));
  bytes.resize(file.read_at(0, bytes));
  if (bytes.size() != static_cast<std::size_t>(expected)) {
    return damaged(file, fmt::format("{} bytes can be read, expected {}", bytes.size(), expected));
  }
  const Digest digest = digest_of(std::span(bytes).subspan(kUserBlockBytes));
  if (digest != block.digest) {
    return damaged(file,
                   fmt::format("its digest is {}, expected {}", digest.hex(), block.digest.hex()));
  }
  return {.check = {.state = FileState::verified,
                    .message = fmt::format("{} is verified: its digest is {}.",
                                           file.path().string(), digest.hex())},
          .has_user_block = true,
          .bytes = std::move(bytes)};
}

/// Detects a file of ours whose user block was overwritten, by zeros for example. Whoever removes
/// the block on purpose leaves none.
void require_no_lost_block(const Hdf5Reader& file) {
  constexpr std::array<std::string_view, 4> kSealed = {
      checkpoint_layout::kFormat, metrics_layout::kFormat, sweep_layout::kFormat,
      bundle_layout::kFormat};
  if (std::ranges::count(kSealed, format_of(file)) == 0) return;
  refuse_file(errors::kDamagedFile, file.name(),
              "it is damaged: its first 512 bytes, which hold its digest, are lost");
}

std::vector<std::byte> read_start(const Descriptor& file) {
  std::vector<std::byte> start(kUserBlockBytes);
  start.resize(file.read_at(0, start));
  return start;
}

}  // namespace

std::optional<SealedKind> sealed_kind(const std::filesystem::path& path) {
  const UserBlockFinding found = find_user_block(read_start(Descriptor(path, OpenMode::read)));
  if (found.kind == UserBlockKind::none) return {};
  return found.block.kind;
}

CheckedFile read_checked_file(const std::filesystem::path& path) {
  const Descriptor file(path, OpenMode::read);
  const std::vector<std::byte> start = read_start(file);
  const UserBlockFinding finding = find_user_block(start);
  const std::string name = file.path().string();
  switch (finding.kind) {
    case UserBlockKind::ours:
      return check_against(finding.block, file);
    case UserBlockKind::damaged:
      return damaged(file, "its first 512 bytes, which hold its digest, have changed");
    case UserBlockKind::newer:
      refuse_file(errors::kNewerVersion, name,
                  "it was written by a newer version of Lockstep; read it with that");
    case UserBlockKind::none:
      break;
  }
  const std::optional<std::int64_t> data = find_hdf5_data(file);
  if (!data) {
    const ErrorCode& code = start.empty() ? errors::kDamagedFile : errors::kForeignFile;
    refuse_file(code, name, what_else(start));
  }
  return {.check = {.message =
                        fmt::format("{} is not verified: it has no digest to compare with.", name)},
          .has_user_block = *data > 0,
          .bytes = {}};
}

std::vector<std::byte> read_verified_bytes(const std::filesystem::path& path) {
  CheckedFile file = read_checked_file(path);
  if (file.check.state != FileState::verified) {
    throw Error(errors::kDamagedFile, file.check.message);
  }
  return std::move(file.bytes);
}

FileCheck check_file(const std::filesystem::path& path) { return read_checked_file(path).check; }

OpenedFile open_checked(const std::filesystem::path& path) {
  const CheckedFile file = read_checked_file(path);
  switch (file.check.state) {
    case FileState::damaged:
      throw Error(errors::kDamagedFile, file.check.message);
    case FileState::verified:
      return {std::make_unique<Hdf5Reader>(file.bytes, path.string()), true};
    case FileState::not_verified:
      break;
  }
  auto reader = std::make_unique<Hdf5Reader>(path);
  if (file.has_user_block) require_no_lost_block(*reader);
  return {std::move(reader), false};
}

}  // namespace lockstep

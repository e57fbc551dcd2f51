#include "framework/storage/checkpoint/checked_bytes.hpp"

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

namespace lockstep {
namespace {

constexpr std::string_view kHdf5Signature = "\x89HDF\r\n\x1a\n";

bool begins_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

/// Where the HDF5 data begin: at 0, 512, 1024, 2048, ... What lies before is a user block.
std::optional<std::int64_t> find_hdf5_data(const Descriptor& file) {
  std::array<std::byte, 8> bytes{};
  for (std::int64_t at = 0; at < file.size(); at = at == 0 ? 512 : 2 * at) {
    if (file.read_at(at, bytes) == bytes.size() && begins_with(bytes, kHdf5Signature)) return at;
  }
  return {};
}

/// What a file that is not HDF5 seems to be instead, judged by its first bytes.
std::string what_else(std::span<const std::byte> start) {
  if (start.empty()) return "it is empty, expected an HDF5 file with a checkpoint";
  if (begins_with(start, "\x1f\x8b")) return "it is compressed by gzip; unpack it first (gunzip)";
  const auto is_text = [](std::byte byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code >= 0x20 || code == '\n' || code == '\r' || code == '\t';
  };
  if (std::ranges::all_of(start, is_text)) {
    return "it is a text file, expected an HDF5 file with a checkpoint";
  }
  return "it is not an HDF5 file: the signature is missing, so it is another kind of file or "
         "damaged";
}

CheckedBytes damaged(const Descriptor& file, const std::string& reason) {
  return {.check = {FileState::damaged,
                    fmt::format("{} is damaged: {}.", file.path().string(), reason)},
          .has_user_block = true,
          .bytes = {}};
}

CheckedBytes check_against(const UserBlock& block, const Descriptor& file) {
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
  return {.check = {FileState::verified, fmt::format("{} is verified: its digest is {}.",
                                                     file.path().string(), digest.hex())},
          .has_user_block = true,
          .bytes = std::move(bytes)};
}

}  // namespace

CheckedBytes check_bytes(const Descriptor& file) {
  std::vector<std::byte> start(kUserBlockBytes);
  start.resize(file.read_at(0, start));
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
  return {.check = {FileState::not_verified,
                    fmt::format("{} is not verified: it has no digest to compare with.", name)},
          .has_user_block = *data > 0,
          .bytes = {}};
}

std::vector<std::byte> read_verified_bytes(const std::filesystem::path& path) {
  CheckedBytes checked = check_bytes(Descriptor(path, OpenMode::read));
  if (checked.check.state != FileState::verified) {
    throw Error(errors::kDamagedFile, checked.check.message);
  }
  return std::move(checked.bytes);
}

FileCheck check_file(const std::filesystem::path& path) {
  return check_bytes(Descriptor(path, OpenMode::read)).check;
}

}  // namespace lockstep

#include "cluster/host_resources.hpp"

#include <sys/resource.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

constexpr std::int64_t kKibibyte = 1024;

// The text after "key :" in a file of such lines.
std::string value_in(const std::filesystem::path& file, std::string_view key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t start = line.find_first_not_of(" \t:", key.size());
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

// "24684092 kB"
std::int64_t available_memory() {
  const std::string text = value_in("/proc/meminfo", "MemAvailable");
  return text.empty() ? 0 : std::stoll(text) * kKibibyte;
}

std::int64_t limit_of(__rlimit_resource resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnlimited;
  return static_cast<std::int64_t>(limit.rlim_cur);
}

std::int64_t free_bytes_of(const struct statfs& status) {
  return static_cast<std::int64_t>(status.f_bavail) * static_cast<std::int64_t>(status.f_bsize);
}

std::int64_t free_shared_memory() {
  struct statfs status {};
  return statfs("/dev/shm", &status) == 0 ? free_bytes_of(status) : 0;
}

struct KnownType {
  std::uint32_t number;
  std::string_view name;
  bool is_network = false;
  bool is_memory = false;
};

// By the numbers in linux/magic.h and in the file systems' own headers.
constexpr std::array<KnownType, 22> kKnownTypes{{
    {0xEF53, "ext4"},
    {0x58465342, "xfs"},
    {0x9123683E, "btrfs"},
    {0x2FC12FC1, "zfs"},
    {0xF2F52010, "f2fs"},
    {0x794C7630, "overlayfs"},
    {0x01021994, "tmpfs", false, true},
    {0x858458F6, "ramfs", false, true},
    {0x65735546, "fuse"},
    {0x73717368, "squashfs"},
    {0x9FA0, "proc"},
    {0x62656572, "sysfs"},
    {0x6969, "nfs", true},
    {0x517B, "smb", true},
    {0xFF534D42, "cifs", true},
    {0xFE534D42, "smb2", true},
    {0x00C36400, "ceph", true},
    {0x0BD00BD0, "lustre", true},
    {0x47504653, "gpfs", true},
    {0x19830326, "beegfs", true},
    {0x01021997, "9p", true},
    {0x5346414F, "afs", true},
}};

}  // namespace

HostResources host_resources() {
  return {.processor = value_in("/proc/cpuinfo", "model name"),
          .memory_available = available_memory(),
          .open_files = limit_of(RLIMIT_NOFILE),
          .core_file_bytes = limit_of(RLIMIT_CORE),
          .shared_memory_free = free_shared_memory()};
}

FileSystem file_system_of(const std::filesystem::path& folder) {
  struct statfs status {};
  if (statfs(folder.c_str(), &status) != 0) {
    throw Error(errors::kHost,
                fmt::format("The type and free space of the file system of {} cannot be read: {}.",
                            folder.string(), std::generic_category().message(errno)));
  }
  const auto number = static_cast<std::uint32_t>(status.f_type);
  const auto* const known = std::ranges::find(kKnownTypes, number, &KnownType::number);
  FileSystem found{.type = fmt::format("type {:#x}", number), .free_bytes = free_bytes_of(status)};
  if (known != kKnownTypes.end()) {
    found.type = known->name;
    found.is_network = known->is_network;
    found.is_memory = known->is_memory;
  }
  return found;
}

}  // namespace lockstep

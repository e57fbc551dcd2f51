#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace lockstep {

/// What a process of this host may use. `kUnlimited` stands for a limit that does not exist.
struct HostResources {
  std::string processor;                ///< "AMD EPYC"; empty if the system does not say
  std::int64_t memory_available = 0;    ///< bytes available without swapping
  std::int64_t open_files = 0;          ///< of one process
  std::int64_t core_file_bytes = 0;     ///< of a process that crashes; 0: none is written
  std::int64_t shared_memory_free = 0;  ///< bytes of /dev/shm, through which ranks communicate
};

inline constexpr std::int64_t kUnlimited = INT64_MAX;

HostResources host_resources();

/// A place where files are kept.
struct FileSystem {
  std::string type;             ///< "ext4", "nfs", ...; its number if the type is not known here
  bool is_network = false;      ///< other hosts may see the same files
  bool is_memory = false;       ///< its files are gone after a restart of the host
  std::int64_t free_bytes = 0;  ///< for this user
};

/// The file system of an existing folder. @throws Error (data)
FileSystem file_system_of(const std::filesystem::path& folder);

}  // namespace lockstep

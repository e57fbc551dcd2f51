#pragma once

#include <filesystem>
#include <string>

namespace lockstep {

/// The text of /proc/self/cgroup or of a similar file. Empty if it cannot be read.
std::string read_cgroups(const std::filesystem::path& file);

/// How many CPUs' worth of time the cgroups of a process allow it: the smallest quota of its own
/// group and of all groups above it, by either version of the kernel's interface. 0: no limit.
/// @param cgroups  lines of "number:controllers:path", as in /proc/self/cgroup
/// @param root     where the groups are mounted; a container sees its own group there
double cpu_quota_of(const std::string& cgroups, const std::filesystem::path& root);

}  // namespace lockstep

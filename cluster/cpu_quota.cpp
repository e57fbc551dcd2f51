#include "cluster/cpu_quota.hpp"

#include <fstream>
#include <iterator>
#include <sstream>

namespace lockstep {
namespace {

namespace fs = std::filesystem;

// 2 for "200000 100000"; 0 for "max 100000", for -1, and if there is no such file.
double quota_in(std::istream&& text, std::istream&& period_text) {
  double quota = 0;
  double period = 0;
  if (!(text >> quota) || quota <= 0) return 0;
  if (!(text >> period) && !(period_text >> period)) return 0;
  return period > 0 ? quota / period : 0;
}

double quota_of_group(const fs::path& group) {
  const double quota = quota_in(std::ifstream(group / "cpu.max"), std::istringstream());
  if (quota > 0) return quota;
  return quota_in(std::ifstream(group / "cpu.cfs_quota_us"),
                  std::ifstream(group / "cpu.cfs_period_us"));
}

double smallest(double a, double b) {
  if (a == 0 || b == 0) return a + b;
  return a < b ? a : b;
}

// The smallest quota of the group and of all groups above it.
double quota_up_to(const fs::path& mount, fs::path group) {
  double quota = quota_of_group(mount);
  for (; group.has_relative_path(); group = group.parent_path()) {
    quota = smallest(quota, quota_of_group(mount / group.relative_path()));
  }
  return quota;
}

bool names_cpu(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

}  // namespace

std::string read_cgroups(const fs::path& file) {
  std::ifstream text(file);
  return {std::istreambuf_iterator<char>(text), std::istreambuf_iterator<char>()};
}

double cpu_quota_of(const std::string& cgroups, const fs::path& root) {
  double quota = 0;
  std::istringstream lines(cgroups);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (controllers.empty()) {
      quota = smallest(quota, quota_up_to(root, group));
    } else if (names_cpu(controllers)) {
      quota = smallest(quota, quota_up_to(root / controllers, group));
      quota = smallest(quota, quota_up_to(root / "cpu", group));
    }
  }
  return quota;
}

}  // namespace lockstep

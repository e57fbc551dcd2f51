#include "framework/storage/files/run_lock.hpp"

#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>
#include <string>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

/// The holder as it has described itself in the file, which it may not have done yet.
std::string holder_in(const Descriptor& file) {
  std::array<char, 512> text{};
  const std::size_t length = file.read_at(0, std::as_writable_bytes(std::span(text)));
  std::string holder(text.data(), length);
  holder = holder.substr(0, holder.find('\n'));
  return holder.empty() ? "another process" : holder;
}

/// Whether a failed lock call means that there are no locks here.
bool knows_no_locks(int error_number) {
  return error_number == ENOLCK || error_number == ENOSYS || error_number == EOPNOTSUPP;
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& folder)
    : file_(folder / kFileName, OpenMode::lock_file) {
  if (::flock(file_.number(), LOCK_EX | LOCK_NB) != 0) {
    if (knows_no_locks(errno)) return;
    if (errno != EWOULDBLOCK) throw system_error("lock", file_.path(), errno);
    throw RunInUse(fmt::format("{} is in use by {}; wait for it or name another folder with --out.",
                               folder.string(), holder_in(file_)));
  }
  held_ = true;
  const std::string holder = fmt::format("process {} on host {}\n", ::getpid(), host_name());
  file_.truncate(0);
  file_.write_at(0, std::as_bytes(std::span(holder)));
}

RunLock::~RunLock() {
  if (!held_) return;
  try {
    file_.truncate(0);
  } catch (const Error&) {
    // The text goes on naming a process that has ended. The system's lock decides, not the text.
  }
}

bool is_run_locked(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / RunLock::kFileName;
  if (!std::filesystem::exists(path)) return false;
  const Descriptor file(path, OpenMode::read);
  return ::flock(file.number(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace lockstep

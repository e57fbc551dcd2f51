#include "cluster/host_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace lockstep {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

[[noreturn]] void fail(int error_number, const char* call) {
  throw std::system_error(error_number, std::generic_category(), call);
}

int checked(int result, const char* call) {
  if (result < 0) fail(errno, call);
  return result;
}

// Uses write(2) and not a mapping: if memory is short, write reports it, whereas a mapping kills
// the process.
void write_all(int file, HostMemory::Piece piece) {
  while (!piece.bytes.empty()) {
    const ssize_t written =
        pwrite(file, piece.bytes.data(), piece.bytes.size(), static_cast<off_t>(piece.offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(written < 0 ? errno : ENOSPC, "writing shared memory");
    piece.offset += static_cast<std::size_t>(written);
    piece.bytes = piece.bytes.subspan(static_cast<std::size_t>(written));
  }
}

struct stat status_of(int file) {
  struct stat status {};
  checked(fstat(file, &status), "fstat");
  return status;
}

/// Where a memory is, and which one it is: by now, /proc may have something else at that place.
struct Ticket {
  long process = 0;
  int file = -1;
  unsigned long device = 0;
  unsigned long number = 0;

  static Ticket parse(const std::string& text) {
    Ticket ticket;
    std::istringstream(text) >> ticket.process >> ticket.file >> ticket.device >> ticket.number;
    return ticket;
  }

  std::string text() const { return fmt::format("{} {} {} {}", process, file, device, number); }
  std::string path() const { return fmt::format("/proc/{}/fd/{}", process, file); }

  bool fits(int opened) const {
    const struct stat status = status_of(opened);
    const int seals = fcntl(opened, F_GET_SEALS);
    return status.st_dev == device && status.st_ino == number && seals >= 0 &&
           (seals & kSeals) == kSeals;
  }
};

}  // namespace

HostMemory::HostMemory(int file, std::string ticket) : file_(file), ticket_(std::move(ticket)) {}

HostMemory::HostMemory(std::span<const Piece> pieces)
    : HostMemory(
          checked(memfd_create("lockstep_data", MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create"),
          "") {
  for (const Piece& piece : pieces) write_all(file_, piece);
  checked(fcntl(file_, F_ADD_SEALS, kSeals), "sealing shared memory");
  const struct stat status = status_of(file_);
  ticket_ = Ticket{getpid(), file_, status.st_dev, status.st_ino}.text();
  map();
}

HostMemory::HostMemory(const std::string& ticket) : HostMemory(-1, ticket) { map(); }

HostMemory::~HostMemory() {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): munmap takes what mmap gave
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  if (file_ >= 0) close(file_);
}

// The writer, too, opens it anew for reading only: before Linux 6.7, a sealed file that is open for
// writing cannot be mapped as shared.
void HostMemory::map() {
  const Ticket ticket = Ticket::parse(ticket_);
  const int opened =
      checked(open(ticket.path().c_str(), O_RDONLY | O_CLOEXEC), "opening shared memory");
  const bool fits = ticket.fits(opened);
  const auto size = static_cast<std::size_t>(status_of(opened).st_size);
  void* const begin =
      fits ? mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, opened, 0) : MAP_FAILED;
  const int error_number = fits ? errno : ESTALE;
  close(opened);
  if (begin == MAP_FAILED) fail(error_number, "mapping shared memory");
  bytes_ = {static_cast<const std::byte*>(begin), size};
}

std::string HostMemory::reach() {
  std::string kernel;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), kernel);
  std::error_code ignored;
  const auto processes = std::filesystem::read_symlink("/proc/self/ns/pid", ignored);
  return fmt::format("{} {}", kernel, processes.string());
}

}  // namespace lockstep

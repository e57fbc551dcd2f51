#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace lockstep {

/// Bytes that the processes of one host share: one process writes them once, and all read the same
/// pages.
///
/// The bytes are a file in memory without a name (memfd), sealed once it is written: from then on
/// nobody can change or cut it. Others open it with the writer's ticket, through the writer's entry
/// in /proc. It needs no room in /dev/shm. It is gone with the last process that has it, however
/// that process ends. Nothing here is collective, so a rank that fails alone leaves nobody waiting.
/// Threading contract: constant once constructed; safe from any thread.
class HostMemory {
 public:
  /// A piece to be written, and where it begins.
  struct Piece {
    std::size_t offset;
    std::span<const std::byte> bytes;
  };

  /// Writes the pieces. @throws std::system_error with the call that failed: there is not enough
  /// memory, or a limit (ulimit -f) or the system does not allow it
  explicit HostMemory(std::span<const Piece> pieces);
  /// Opens what another process of this host has written, as long as that process still has it.
  /// @throws std::system_error if it cannot be reached
  explicit HostMemory(const std::string& ticket);
  ~HostMemory();
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  /// Begins at the start of a page.
  std::span<const std::byte> bytes() const { return bytes_; }
  /// For the processes that are to open it; one line.
  const std::string& ticket() const { return ticket_; }

  /// Equal for processes that can reach one another's memory: those that run under the same kernel
  /// and in the same process namespace.
  static std::string reach();

 private:
  int file_ = -1;  // the writer's, which others open
  std::span<const std::byte> bytes_;
  std::string ticket_;

  HostMemory(int file, std::string ticket);
  void map();
};

}  // namespace lockstep

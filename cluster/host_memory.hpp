#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace lockstep {

/// Bytes that the processes of one host share: one of them writes them once, all read the same
/// pages.
///
/// They are a file in memory without a name (memfd), sealed once it is written: from then on nobody
/// can change or cut it. Others open it by the writer's ticket, through its entry in /proc. It
/// needs no room in /dev/shm and is gone with the last process that has it, however that ends.
/// Nothing here is collective, so that a rank that fails alone leaves nobody waiting. Threading
/// contract: constant once constructed; safe from any thread.
class HostMemory {
 public:
  /// What is to be written, and where it begins.
  struct Piece {
    std::size_t offset;
    std::span<const std::byte> bytes;
  };

  /// Writes. @throws std::system_error with the call that failed: there is no memory for it, or a
  ///                 limit (ulimit -f) or the system does not allow it
  explicit HostMemory(std::span<const Piece> pieces);
  /// Opens what another process of this host has written, while that still has it.
  /// @throws std::system_error when that cannot be reached
  explicit HostMemory(const std::string& ticket);
  ~HostMemory();
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  /// Begins at a page's begin.
  std::span<const std::byte> bytes() const { return bytes_; }
  /// For the processes that shall open it; one line.
  const std::string& ticket() const { return ticket_; }

  /// Equal for processes that can reach one another's memory: those of the same running kernel that
  /// number processes alike.
  static std::string reach();

 private:
  int file_ = -1;  // the writer's, which others open
  std::span<const std::byte> bytes_;
  std::string ticket_;

  HostMemory(int file, std::string ticket);
  void map();
};

}  // namespace lockstep

#pragma once

// This program, started anew as a process that may do little, for work on files that may be
// hostile. Nothing is shared with it: neither threads nor MPI nor memory. What it hands back is
// plain values. If it crashes, hangs or wants too much memory, its starter goes on.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "framework/storage/sandbox/channel.hpp"

namespace lockstep {

/// What a program offers to do in a process of its own.
struct SandboxService {
  std::string_view name;
  /// Works for whoever is at the other end, until that goes. It calls `give_up_rights` first.
  /// @param file  an open file to read
  std::function<void(const Channel& channel, int file)> serve;
};

/// To be called first in `main`, before anything is started or printed.
///
/// @return the code to end with at once, if this process was started by SandboxedProcess for one of
///         these services; else nothing. From then on this program can be started anew.
std::optional<int> serve_if_sandboxed(std::span<const SandboxService> services, int argc,
                                      const char* const* argv);

/// Whether `serve_if_sandboxed` was called.
bool can_be_started_anew();

/// The process has ended, or has been ended, without an answer; every later question says the same.
/// `what` says why: "it crashed (Segmentation fault)".
class ProcessLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The process cannot be started here.
class NoProcess : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class SandboxedProcess {
 public:
  /// Starts the process. @param file  what it may read, open; stays the caller's
  SandboxedProcess(std::string_view service, int file);
  /// Ends the process.
  ~SandboxedProcess();
  SandboxedProcess(const SandboxedProcess&) = delete;
  SandboxedProcess& operator=(const SandboxedProcess&) = delete;

  void send(const Message& message);

  // An answer may take so many seconds of computing, and some more for `bytes` of work.
  // @throws ProcessLost, MalformedMessage
  Message receive(std::size_t bytes_of_work = 0);
  void receive_bytes(std::span<std::byte> bytes, std::size_t bytes_of_work);

  /// Lets the process use so many bytes more than the limits it set itself.
  void allow_memory(std::size_t bytes) const;

 private:
  /// Ends the process, if it is there. @return its status
  int end();
  [[noreturn]] void give_up(const std::string& reason);
  /// @throws ProcessLost again, once it is lost
  void require_process();
  Channel::Waiting patience(std::size_t bytes_of_work);

  int process_ = 0;   ///< 0: there is none
  std::string loss_;  ///< why it is lost
  std::optional<Channel> channel_;
};

}  // namespace lockstep

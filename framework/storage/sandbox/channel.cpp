#include "framework/storage/sandbox/channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace lockstep {

Channel::~Channel() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Channel::Channel(Channel&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

bool Channel::send(const Message& message) const {
  const std::uint64_t size = message.size();
  return send_bytes(std::as_bytes(std::span(&size, 1))) && send_bytes(message);
}

bool Channel::send_bytes(std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool Channel::receive(Message& message, std::size_t longest, const Waiting& waiting) const {
  std::uint64_t size = 0;
  if (!receive_bytes(std::as_writable_bytes(std::span(&size, 1)), waiting)) return false;
  if (size > longest) throw MalformedMessage();
  message.resize(size);
  return receive_bytes(message, waiting);
}

bool Channel::receive_bytes(std::span<std::byte> bytes, const Waiting& waiting) const {
  constexpr int kMilliseconds = 20;
  while (!bytes.empty()) {
    if (waiting) {
      pollfd ready{.fd = descriptor_, .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, kMilliseconds) <= 0) {
        waiting();
        continue;
      }
    }
    const ssize_t count = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (count > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      if (waiting && !bytes.empty()) waiting();  // who sends drop by drop keeps nobody waiting
    } else if (count == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace lockstep

#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "framework/storage/sandbox/message.hpp"

namespace lockstep {

/// One end of a connection between two processes: messages, and plain bytes of a length that both
/// sides know. Owns its descriptor. One thread at a time.
class Channel {
 public:
  /// Called now and then until all has come. It throws to give up.
  using Waiting = std::function<void()>;

  explicit Channel(int descriptor) : descriptor_(descriptor) {}
  ~Channel();
  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&&) = delete;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int descriptor() const { return descriptor_; }

  // Each returns false if the other side is gone.
  bool send(const Message& message) const;
  bool send_bytes(std::span<const std::byte> bytes) const;
  /// @param longest  a longer message throws MalformedMessage
  bool receive(Message& message, std::size_t longest, const Waiting& waiting = {}) const;
  bool receive_bytes(std::span<std::byte> bytes, const Waiting& waiting = {}) const;

 private:
  int descriptor_;
};

}  // namespace lockstep

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "framework/core/digest.hpp"
#include "framework/core/error.hpp"

namespace lockstep {

/// A stretch of a message buffer: bytes [offset, offset + size).
struct MessagePart {
  std::size_t offset = 0;
  std::size_t size = 0;
};

struct OutgoingMessage {
  int to;
  std::span<const std::byte> data;
};

struct IncomingMessage {
  int from;
  std::span<std::byte> data;
};

/// Messages between this rank and others that travel while it computes.
///
/// Threading contract: as its communicator's. An exchange that was started runs to its end.
/// @throws Error (peer) when another rank has failed.
class Exchange {
 public:
  virtual ~Exchange() = default;

  /// Begins another exchange once the last one has ended. What one rank sends to another arrives in
  /// the order given here; sizes must match. The memory is in use until the end.
  virtual void start(std::span<const OutgoingMessage> outgoing,
                     std::span<const IncomingMessage> incoming) = 0;

  /// Makes progress without waiting.
  /// @return whether everything has arrived and what was sent may be overwritten
  virtual bool progress() = 0;
};

/// The cost of a message between the two ranks that are farthest apart.
struct LinkCost {
  double seconds_per_message;
  double seconds_per_byte;
};

/// How the ranks of a job communicate. All calls are collective: every rank makes the same calls in
/// the same order. No call does arithmetic: the caller computes sums in its own order.
///
/// Threading contract: only the main thread of a rank calls its communicator.
/// @throws Error (peer) when another rank has failed.
class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// On every rank the buffer becomes that of rank `root`. Sizes are equal everywhere.
  virtual void broadcast(std::span<std::byte> data, int root) = 0;

  /// An exchange of messages. Messages of different channels do not mix.
  /// @param channel  not negative; each living exchange has its own, the same on every rank
  virtual std::unique_ptr<Exchange> make_exchange(int channel) = 0;

  /// An estimate that is the same on every rank.
  virtual LinkCost link_cost() const = 0;

  /// Every rank contributes its part of `data` (part `rank()`) and receives all the others.
  virtual void all_gather(std::span<std::byte> data, std::span<const MessagePart> parts) = 0;

  virtual void barrier() = 0;
};

/// A group of one: programs run unchanged without MPI.
class SoloCommunicator final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void broadcast(std::span<std::byte> data, int root) override;
  std::unique_ptr<Exchange> make_exchange(int channel) override;
  LinkCost link_cost() const override { return {}; }
  void all_gather(std::span<std::byte> data, std::span<const MessagePart> parts) override;
  void barrier() override {}
};

/// Root's value on every rank. The type must be copyable byte by byte.
template <class T>
requires std::is_trivially_copyable_v<T>
void broadcast_value(Communicator& communicator, T& value, int root) {
  communicator.broadcast(std::as_writable_bytes(std::span(&value, 1)), root);
}

/// Root's text on every rank, whatever its length.
std::string broadcast_text(Communicator& communicator, std::string text, int root);

/// Each rank's text on every rank, in rank order.
std::vector<std::string> all_gather_text(Communicator& communicator, const std::string& text);

/// Runs something that may fail on some ranks only (reading a file, say), and makes it fail on all
/// ranks or on none. If any rank throws an Error, every rank throws the error of the lowest such
/// rank as a CollectiveError. Collective. `body` itself must not communicate.
void fail_together(Communicator& communicator, const std::function<void()>& body);

/// Something that must be the same on every rank before ranks work together.
struct Agreement {
  std::string what;    ///< "experiment"
  std::string mine;    ///< this rank's version; one line or many
  ErrorCode code;      ///< of the error when it differs
  std::string advice;  ///< what to do in that case
};

/// Compares it between the ranks. Collective.
/// @throws CollectiveError on every rank; it names the first rank that differs from rank 0, and the
///         first line in which the two differ
void require_agreement(Communicator& communicator, const Agreement& agreement);

/// Each rank's digest, in rank order. Collective; allocates.
std::vector<Digest> all_gather_digests(Communicator& communicator, const Digest& mine);

}  // namespace lockstep

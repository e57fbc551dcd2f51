#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "framework/training/exchange/communicator.hpp"

namespace lockstep {

/// N ranks inside one process, each on its own thread: for tests of everything that ranks do.
///
/// If one rank throws, the calls of the others throw Error (peer), and `run` rethrows the first
/// error.
class ThreadGroup {
 public:
  explicit ThreadGroup(int ranks);

  /// Runs `body(communicator)` once per rank, concurrently, and returns when all have returned.
  void run(const std::function<void(Communicator&)>& body);

 private:
  class Member;
  class MemberExchange;

  // What a rank shows to the others between two meetings.
  struct Posting {
    std::span<const std::byte> data;
    std::span<const MessagePart> parts;
  };

  // (from, to, channel)
  using Route = std::tuple<int, int, int>;

  int ranks_;
  std::mutex mutex_;
  std::condition_variable all_here_;
  int waiting_ = 0;
  std::size_t meeting_ = 0;
  bool failed_ = false;
  std::vector<Posting> postings_;
  std::map<Route, std::deque<std::vector<std::byte>>> under_way_;

  void meet();
  void send(const Route& route, std::span<const std::byte> data);
  bool receive(const Route& route, std::span<std::byte> data);
  void fail();
};

}  // namespace lockstep

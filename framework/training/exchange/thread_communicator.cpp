#include "framework/training/exchange/thread_communicator.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <thread>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

constexpr const char* kPeerFailed = "Another rank of this group of threads has failed.";

}  // namespace

class ThreadGroup::MemberExchange final : public Exchange {
 public:
  MemberExchange(ThreadGroup& group, int rank, int channel)
      : group_(group), rank_(rank), channel_(channel) {}

  void start(std::span<const OutgoingMessage> outgoing,
             std::span<const IncomingMessage> incoming) override {
    for (const OutgoingMessage& message : outgoing) {
      group_.send({rank_, message.to, channel_}, message.data);
    }
    awaited_.assign(incoming.begin(), incoming.end());
  }

  bool progress() override {
    while (!awaited_.empty()) {
      const IncomingMessage& next = awaited_.front();
      if (!group_.receive({next.from, rank_, channel_}, next.data)) return false;
      awaited_.pop_front();
    }
    return true;
  }

 private:
  ThreadGroup& group_;
  int rank_;
  int channel_;
  std::deque<IncomingMessage> awaited_;
};

class ThreadGroup::Member final : public Communicator {
 public:
  Member(ThreadGroup& group, int rank) : group_(group), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return group_.ranks_; }

  void broadcast(std::span<std::byte> data, int root) override {
    post({.data = data, .parts = {}});
    if (rank_ != root) copy(posting(root).data, data);
    group_.meet();
  }

  std::unique_ptr<Exchange> make_exchange(int channel) override {
    return std::make_unique<MemberExchange>(group_, rank_, channel);
  }

  LinkCost link_cost() const override {
    return {.seconds_per_message = 1e-6, .seconds_per_byte = 1e-10};
  }

  void all_gather(std::span<std::byte> data, std::span<const MessagePart> parts) override {
    post({.data = data, .parts = parts});
    for (int from = 0; from < size(); ++from) {
      const MessagePart& part = parts[static_cast<std::size_t>(from)];
      if (from != rank_) {
        copy(posting(from).data.subspan(part.offset, part.size),
             data.subspan(part.offset, part.size));
      }
    }
    group_.meet();
  }

  void barrier() override { group_.meet(); }

 private:
  ThreadGroup& group_;
  int rank_;

  // Shows the others what this rank has to give, and waits until every rank has done so.
  void post(const Posting& mine) {
    group_.postings_[static_cast<std::size_t>(rank_)] = mine;
    group_.meet();
  }
  const Posting& posting(int rank) const {
    return group_.postings_[static_cast<std::size_t>(rank)];
  }
  static void copy(std::span<const std::byte> from, std::span<std::byte> to) {
    std::copy(from.begin(), from.end(), to.begin());
  }
};

ThreadGroup::ThreadGroup(int ranks) : ranks_(ranks), postings_(static_cast<std::size_t>(ranks)) {}

void ThreadGroup::send(const Route& route, std::span<const std::byte> data) {
  const std::lock_guard lock(mutex_);
  under_way_[route].emplace_back(data.begin(), data.end());
}

bool ThreadGroup::receive(const Route& route, std::span<std::byte> data) {
  const std::lock_guard lock(mutex_);
  if (failed_) throw Error(errors::kPeerFailed, kPeerFailed);
  auto& messages = under_way_[route];
  if (messages.empty()) return false;
  if (messages.front().size() != data.size()) {
    throw std::logic_error("a message is not as long as its receiver expects");
  }
  std::copy(messages.front().begin(), messages.front().end(), data.begin());
  messages.pop_front();
  return true;
}

void ThreadGroup::meet() {
  std::unique_lock lock(mutex_);
  const std::size_t meeting = meeting_;
  if (++waiting_ == ranks_) {
    waiting_ = 0;
    ++meeting_;
    all_here_.notify_all();
  } else {
    all_here_.wait(lock, [&] { return failed_ || meeting_ != meeting; });
  }
  if (failed_) throw Error(errors::kPeerFailed, kPeerFailed);
}

void ThreadGroup::fail() {
  const std::lock_guard lock(mutex_);
  failed_ = true;
  all_here_.notify_all();
}

void ThreadGroup::run(const std::function<void(Communicator&)>& body) {
  std::exception_ptr first;
  std::mutex first_mutex;
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks_; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        Member member(*this, rank);
        body(member);
      } catch (...) {
        {
          const std::lock_guard lock(first_mutex);
          if (!first) first = std::current_exception();
        }
        fail();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace lockstep

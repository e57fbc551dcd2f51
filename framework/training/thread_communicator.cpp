#include "framework/training/thread_communicator.hpp"

#include <algorithm>
#include <exception>
#include <thread>

#include "framework/core/error.hpp"

namespace lockstep {

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

  void exchange(std::span<const std::byte> send, std::span<const MessagePart> send_parts,
                std::span<std::byte> receive, std::span<const MessagePart> receive_parts) override {
    post({.data = send, .parts = send_parts});
    for (int from = 0; from < size(); ++from) {
      const Posting& theirs = posting(from);
      const MessagePart& sent = theirs.parts[static_cast<std::size_t>(rank_)];
      const MessagePart& wanted = receive_parts[static_cast<std::size_t>(from)];
      copy(theirs.data.subspan(sent.offset, sent.size),
           receive.subspan(wanted.offset, wanted.size));
    }
    group_.meet();
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

  // Shows what this rank has to give and waits until every rank has done so.
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
  if (failed_) throw Error(ErrorKind::peer, "Another rank of this group of threads has failed.");
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

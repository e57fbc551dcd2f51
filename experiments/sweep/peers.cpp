#include "experiments/sweep/peers.hpp"

#include <algorithm>
#include <span>

namespace lockstep {
namespace {

constexpr int kNewsChannel = 0;
constexpr double kInterval = 0.1;  // seconds between the starts of two rounds if there is no news

}  // namespace

SweepPeers::SweepPeers(Communicator& communicator, Heartbeat& heartbeat, double (*clock)())
    : rank_(communicator.rank()),
      heartbeat_(heartbeat),
      clock_(clock),
      words_(static_cast<std::size_t>(communicator.size())),
      exchange_(communicator.make_exchange(kNewsChannel)) {}

void SweepPeers::progress() {
  if (are_all_through_) return;
  if (!is_under_way_ && is_next_due()) begin();
  if (is_under_way_ && exchange_->progress()) end();
}

bool SweepPeers::is_next_due() const {
  return mine_ != words_[static_cast<std::size_t>(rank_)] || clock_() - begun_ >= kInterval;
}

void SweepPeers::begin() {
  words_[static_cast<std::size_t>(rank_)] = mine_;
  std::vector<OutgoingMessage> outgoing;
  std::vector<IncomingMessage> incoming;
  for (int other = 0; other < static_cast<int>(words_.size()); ++other) {
    if (other == rank_) continue;
    const auto of = [&](int rank) {
      return std::span(words_).subspan(static_cast<std::size_t>(rank), 1);
    };
    outgoing.push_back({other, std::as_bytes(of(rank_))});
    incoming.push_back({other, std::as_writable_bytes(of(other))});
  }
  exchange_->start(outgoing, incoming);
  begun_ = clock_();
  is_under_way_ = true;
}

void SweepPeers::end() {
  is_under_way_ = false;
  heartbeat_.beat();
  was_any_asked_ = std::ranges::any_of(words_, &SweepWord::was_asked);
  stops_any_ = std::ranges::any_of(words_, &SweepWord::stops);
  are_all_through_ = std::ranges::all_of(words_, &SweepWord::is_through);
}

}  // namespace lockstep

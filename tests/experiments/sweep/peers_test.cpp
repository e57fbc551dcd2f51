#include "experiments/sweep/peers.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <functional>
#include <thread>
#include <vector>

#include "framework/training/exchange/thread_communicator.hpp"

namespace lockstep {
namespace {

// A clock that stands still: only news causes rounds.
double no_time() { return 0; }

// What each of three ranks sees once `until` holds there.
struct Seen {
  bool was_any_asked = false;
  bool stops_any = false;
  bool are_all_through = false;
};

std::array<Seen, 3> after(const std::array<SweepWord, 3>& words,
                          const std::function<bool(const SweepPeers&)>& until) {
  std::array<Seen, 3> seen;
  ThreadGroup(3).run([&](Communicator& communicator) {
    Heartbeat heartbeat;
    SweepPeers peers(communicator, heartbeat, [] {
      static thread_local double now = 0;
      return now += 1;  // a round is due at every look
    });
    const auto rank = static_cast<std::size_t>(communicator.rank());
    while (!until(peers)) {
      peers.say(words[rank]);
      peers.progress();
      std::this_thread::yield();
    }
    seen[rank] = {peers.was_any_asked(), peers.stops_any(), peers.are_all_through()};
    while (!peers.are_all_through()) {
      peers.say({.was_asked = words[rank].was_asked, .is_through = true});
      peers.progress();
      std::this_thread::yield();
    }
  });
  return seen;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sweep_peers)

BOOST_AUTO_TEST_CASE(what_one_rank_is_asked_all_learn) {
  for (std::size_t asked = 0; asked < 3; ++asked) {
    std::array<SweepWord, 3> words;
    words[asked] = {.was_asked = true, .stops = true};
    for (const Seen& each : after(words, &SweepPeers::was_any_asked)) {
      BOOST_TEST(each.stops_any);
      BOOST_TEST(!each.are_all_through);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_rank_that_stops_unasked_stops_all_but_asks_none) {
  std::array<SweepWord, 3> words;
  words[1] = {.stops = true};
  for (const Seen& each : after(words, &SweepPeers::stops_any)) BOOST_TEST(!each.was_any_asked);
}

BOOST_AUTO_TEST_CASE(ranks_end_together_and_the_last_round_is_the_last) {
  std::array<SweepWord, 3> words;
  words.fill({.is_through = true});
  for (const Seen& each : after(words, &SweepPeers::are_all_through)) {
    BOOST_TEST(each.are_all_through);
    BOOST_TEST(!each.stops_any);
  }
}

BOOST_AUTO_TEST_CASE(a_rank_alone_is_told_its_own_word_at_once) {
  SoloCommunicator communicator;
  Heartbeat heartbeat;
  SweepPeers peers(communicator, heartbeat, no_time);
  peers.progress();
  BOOST_TEST(!peers.are_all_through());
  peers.say({.is_through = true});
  peers.progress();
  BOOST_TEST(peers.are_all_through());
}

BOOST_AUTO_TEST_CASE(without_news_no_round_begins_before_its_time) {
  SoloCommunicator communicator;
  Heartbeat heartbeat;
  SweepPeers peers(communicator, heartbeat, no_time);
  peers.progress();
  BOOST_TEST(heartbeat.beats() == 0U);
  peers.say({.stops = true});
  peers.progress();
  peers.progress();
  BOOST_TEST(heartbeat.beats() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

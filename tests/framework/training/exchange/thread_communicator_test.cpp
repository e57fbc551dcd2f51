#include "framework/training/exchange/thread_communicator.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "framework/core/error.hpp"

namespace lockstep {

BOOST_AUTO_TEST_SUITE(thread_communicator)

BOOST_AUTO_TEST_CASE(broadcast_gives_the_roots_text_to_all) {
  ThreadGroup group(3);
  std::mutex checking;
  group.run([&](Communicator& communicator) {
    const std::string mine = "from " + std::to_string(communicator.rank());
    const std::string text = broadcast_text(communicator, mine, 1);
    const std::lock_guard lock(checking);
    BOOST_TEST(text == "from 1");
  });
}

BOOST_AUTO_TEST_CASE(all_gather_keeps_rank_order_and_empty_texts) {
  ThreadGroup group(4);
  std::mutex checking;
  group.run([&](Communicator& communicator) {
    const std::string mine(static_cast<std::size_t>(communicator.rank()), 'x');
    const std::vector<std::string> all = all_gather_text(communicator, mine);
    const std::lock_guard lock(checking);
    BOOST_TEST(all == (std::vector<std::string>{"", "x", "xx", "xxx"}),
               boost::test_tools::per_element());
  });
}

BOOST_AUTO_TEST_CASE(an_exchange_brings_each_message_to_its_rank_in_order) {
  ThreadGroup group(3);
  std::mutex checking;
  group.run([&](Communicator& communicator) {
    std::array<int, 6> sent{};
    std::array<int, 6> received{};
    std::vector<OutgoingMessage> outgoing;
    std::vector<IncomingMessage> incoming;
    for (int i = 0; i < 6; ++i) {  // two to each rank, itself among them
      const auto at = static_cast<std::size_t>(i);
      sent[at] = communicator.rank() * 10 + i;
      outgoing.push_back({i % 3, std::as_bytes(std::span(sent).subspan(at, 1))});
      incoming.push_back({i % 3, std::as_writable_bytes(std::span(received).subspan(at, 1))});
    }
    const auto exchange = communicator.make_exchange(0);
    exchange->start(outgoing, incoming);
    while (!exchange->progress()) std::this_thread::yield();
    const std::lock_guard lock(checking);
    for (int i = 0; i < 6; ++i) {
      BOOST_TEST(received[static_cast<std::size_t>(i)] ==
                 i % 3 * 10 + communicator.rank() + i / 3 * 3);
    }
  });
}

BOOST_AUTO_TEST_CASE(messages_of_different_channels_do_not_mix) {
  ThreadGroup group(2);
  std::mutex checking;
  group.run([&](Communicator& communicator) {
    const int peer = 1 - communicator.rank();
    const std::array<int, 2> sent = {7, 8};
    std::array<int, 2> received{};
    std::array<std::unique_ptr<Exchange>, 2> exchanges = {communicator.make_exchange(0),
                                                          communicator.make_exchange(1)};
    const auto start = [&](std::size_t channel) {
      const OutgoingMessage out{peer, std::as_bytes(std::span(sent).subspan(channel, 1))};
      const IncomingMessage in{peer,
                               std::as_writable_bytes(std::span(received).subspan(channel, 1))};
      exchanges[channel]->start(std::span(&out, 1), std::span(&in, 1));
    };
    // One rank begins with the first channel, the other with the second.
    start(static_cast<std::size_t>(communicator.rank()));
    start(static_cast<std::size_t>(peer));
    for (const auto& exchange : exchanges) {
      while (!exchange->progress()) std::this_thread::yield();
    }
    const std::lock_guard lock(checking);
    BOOST_TEST(received == sent, boost::test_tools::per_element());
  });
}

BOOST_AUTO_TEST_CASE(an_exception_of_one_rank_ends_the_others_and_is_rethrown) {
  ThreadGroup group(3);
  const auto body = [](Communicator& communicator) {
    if (communicator.rank() == 1) throw Error(errors::kDamagedData, "rank 1 has no data");
    communicator.barrier();
  };
  BOOST_CHECK_EXCEPTION(group.run(body), Error, [](const Error& error) {
    return std::string(error.what()) == "rank 1 has no data";
  });
}

BOOST_AUTO_TEST_CASE(fail_together_gives_every_rank_the_lowest_failing_ranks_error) {
  ThreadGroup group(3);
  std::mutex checking;
  group.run([&](Communicator& communicator) {
    std::string seen = "nothing";
    ErrorKind kind = ErrorKind::usage;
    try {
      fail_together(communicator, [&] {
        if (communicator.rank() > 0) throw Error(errors::kDamagedData, "no file");
      });
    } catch (const CollectiveError& error) {
      seen = error.what();
      kind = error.kind();
    }
    const std::lock_guard lock(checking);
    BOOST_TEST(seen == "On rank 1: no file");
    BOOST_CHECK(kind == ErrorKind::data);
  });
}

/// What each rank hears when rank r brings the r-th text; "agreed" where nothing is thrown.
std::vector<std::string> heard(const std::vector<std::string>& texts) {
  ThreadGroup group(static_cast<int>(texts.size()));
  std::vector<std::string> result(texts.size());
  group.run([&](Communicator& communicator) {
    const auto rank = static_cast<std::size_t>(communicator.rank());
    try {
      require_agreement(communicator, {.what = "menu",
                                       .mine = texts[rank],
                                       .code = errors::kRanksHaveOtherData,
                                       .advice = "order together."});
      result[rank] = "agreed";
    } catch (const CollectiveError& error) {
      result[rank] = std::to_string(error.exit_code()) + " " + error.what();
    }
  });
  return result;
}

BOOST_AUTO_TEST_CASE(ranks_with_the_same_text_agree) {
  BOOST_TEST(heard({"soup\nfish"}) == std::vector<std::string>(1, "agreed"));
  BOOST_TEST(heard({"soup\nfish", "soup\nfish", "soup\nfish"}) ==
             std::vector<std::string>(3, "agreed"));
}

BOOST_AUTO_TEST_CASE(every_rank_hears_which_rank_has_another_text_and_the_first_line_of_it) {
  const auto all = [](const std::string& text) { return std::vector<std::string>(3, text); };
  BOOST_TEST(heard({"soup\nfish\nplum", "soup\nfish\nplum", "soup\nmeat\npear"}) ==
             all("3 Rank 2 has another menu than rank 0: expected 'fish', found 'meat'; order "
                 "together."));
  BOOST_TEST(heard({"soup\nfish", "soup", "soup\nfish"}) ==
             all("3 Rank 1 has another menu than rank 0: expected 'fish', found 'nothing'; order "
                 "together."));
  BOOST_TEST(heard({"soup", "soup\nfish", "plum"}) ==
             all("3 Rank 1 has another menu than rank 0: expected 'nothing', found 'fish'; order "
                 "together."));
}

BOOST_AUTO_TEST_CASE(fail_together_passes_when_no_rank_fails) {
  ThreadGroup group(2);
  std::atomic<int> done = 0;
  group.run([&](Communicator& communicator) { fail_together(communicator, [&] { ++done; }); });
  BOOST_TEST(done == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

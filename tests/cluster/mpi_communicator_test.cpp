#include "cluster/mpi_communicator.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "cluster/mpi_session.hpp"
#include "framework/core/error.hpp"
#include "tests/support/training.hpp"

namespace lockstep {
namespace {

namespace utf = boost::unit_test;

// MPI can be initialised once per process; each case is a process of its own.
MpiSession& session() {
  static MpiSession instance;
  return instance;
}

// Digests of ten steps of the busy network, the last one of an epoch among them.
std::vector<std::string> train(Communicator& communicator, int threads) {
  testing::TestRun run(communicator, threads,
                       {.total_steps = 10, .batch_size = 100, .micro_batch = 16, .clip_norm = 1.0},
                       {.optimizer = {{"type", "sgd"}, {"momentum", "0.9"}},
                        .learning_rate = {{"schedule", "constant"}, {"peak", "0.05"}}});
  return testing::step_digests(run.setup, run.place(), 10);
}

void check_collectives(int ranks) {
  Communicator& communicator = session().communicator();
  BOOST_REQUIRE(communicator.size() == ranks);
  const int rank = communicator.rank();
  BOOST_TEST(broadcast_text(communicator, rank == ranks - 1 ? "last" : "", ranks - 1) == "last");
  const std::vector<std::string> texts =
      all_gather_text(communicator, std::string(static_cast<std::size_t>(rank), 'x'));
  for (std::size_t r = 0; r < texts.size(); ++r) BOOST_TEST(texts[r] == std::string(r, 'x'));
}

std::string text_for(int from, int to, std::size_t size) {
  return std::string(size, static_cast<char>('a' + from * 5 + to));
}

// Two messages from each rank to each other, on two channels: some bytes, and more than a network
// takes at once.
void check_exchange(int ranks) {
  Communicator& communicator = session().communicator();
  BOOST_REQUIRE(communicator.size() == ranks);
  const int rank = communicator.rank();
  const std::array<std::size_t, 2> sizes = {5, 3'000'000};
  std::vector<std::string> sent;
  std::vector<std::string> received;
  for (int peer = 0; peer < ranks; ++peer) {
    for (const std::size_t size : sizes) {
      sent.push_back(text_for(rank, peer, size));
      received.emplace_back(size, '?');
    }
  }
  std::vector<std::unique_ptr<Exchange>> exchanges;
  for (std::size_t channel = 0; channel < 2; ++channel) {
    std::vector<OutgoingMessage> outgoing;
    std::vector<IncomingMessage> incoming;
    for (int peer = 0; peer < ranks; ++peer) {
      if (peer == rank) continue;
      const std::size_t at = static_cast<std::size_t>(peer) * 2 + channel;
      outgoing.push_back({peer, std::as_bytes(std::span(sent[at]))});
      incoming.push_back({peer, std::as_writable_bytes(std::span(received[at]))});
    }
    exchanges.push_back(communicator.make_exchange(static_cast<int>(channel)));
    exchanges.back()->start(outgoing, incoming);
  }
  for (const auto& exchange : exchanges) {
    while (!exchange->progress()) std::this_thread::yield();
  }
  for (int peer = 0; peer < ranks; ++peer) {
    if (peer == rank) continue;
    const std::size_t at = static_cast<std::size_t>(peer) * 2;
    BOOST_TEST(received[at] == text_for(peer, rank, sizes[0]));
    BOOST_TEST((received[at + 1] == text_for(peer, rank, sizes[1])));
  }
}

void check_training(int ranks) {
  BOOST_REQUIRE(session().size() == ranks);
  SoloCommunicator solo;
  const std::vector<std::string> expected = train(solo, 1);
  for (const int threads : {1, 2}) {
    BOOST_TEST(train(session().communicator(), threads) == expected,
               boost::test_tools::per_element());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mpi_communicator)

BOOST_AUTO_TEST_CASE(collectives_move_bytes_between_two_ranks, *utf::label("ranks2")) {
  check_collectives(2);
}

BOOST_AUTO_TEST_CASE(collectives_move_bytes_between_three_ranks, *utf::label("ranks3")) {
  check_collectives(3);
}

BOOST_AUTO_TEST_CASE(an_exchange_lasts_until_what_was_sent_may_be_overwritten,
                     *utf::label("ranks2")) {
  Communicator& communicator = session().communicator();
  BOOST_REQUIRE(communicator.size() == 2);
  const auto exchange = communicator.make_exchange(0);
  std::string text(3'000'000, communicator.rank() == 0 ? 'a' : '?');
  if (communicator.rank() == 0) {
    const OutgoingMessage message{1, std::as_bytes(std::span(text))};
    exchange->start(std::span(&message, 1), {});
    for (int turn = 0; turn < 1000; ++turn) BOOST_REQUIRE(!exchange->progress());
    communicator.barrier();
  } else {
    communicator.barrier();
    const IncomingMessage message{0, std::as_writable_bytes(std::span(text))};
    exchange->start({}, std::span(&message, 1));
  }
  while (!exchange->progress()) std::this_thread::yield();
  BOOST_TEST((text == std::string(3'000'000, 'a')));
}

BOOST_AUTO_TEST_CASE(exchanges_of_two_channels_travel_between_two_ranks, *utf::label("ranks2")) {
  check_exchange(2);
}

BOOST_AUTO_TEST_CASE(exchanges_of_two_channels_travel_among_three_ranks, *utf::label("ranks3")) {
  check_exchange(3);
}

BOOST_AUTO_TEST_CASE(two_ranks_train_the_bits_of_one_process, *utf::label("ranks2")) {
  check_training(2);
}

BOOST_AUTO_TEST_CASE(three_ranks_train_the_bits_of_one_process, *utf::label("ranks3")) {
  check_training(3);
}

BOOST_AUTO_TEST_CASE(five_ranks_train_the_bits_of_one_process, *utf::label("ranks5")) {
  check_training(5);
}

BOOST_AUTO_TEST_CASE(groups_of_ranks_train_at_the_same_time_to_the_bits_of_one_process,
                     *utf::label("ranks5")) {
  SoloCommunicator solo;
  const std::vector<std::string> expected = train(solo, 1);
  const int rank = session().rank();
  const auto group = session().make_group(rank / 2);  // of 2, 2 and 1 ranks
  BOOST_TEST(group->rank() == rank % 2);
  BOOST_TEST(group->size() == (rank < 4 ? 2 : 1));
  const std::string leader = broadcast_text(*group, fmt::format("{}", rank), 0);
  BOOST_TEST(leader == fmt::format("{}", rank / 2 * 2));
  BOOST_TEST(train(*group, 1) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ranks_that_come_find_one_another_and_a_missing_one_is_missed,
                     *utf::label("ranks3")) {
  const auto group = session().make_group(session().rank() < 2 ? 0 : 1);
  BOOST_TEST(session().all_ranks_come(*group));
  BOOST_TEST(session().all_ranks_come(session().communicator()));
  if (session().rank() == 0) BOOST_TEST(!session().all_ranks_come(*group));
  session().communicator().barrier();
}

BOOST_AUTO_TEST_CASE(a_failure_on_one_rank_is_thrown_on_all, *utf::label("ranks2")) {
  const auto fail = [] {
    fail_together(session().communicator(), [] {
      if (session().rank() == 1) throw Error(errors::kDamagedData, "no such file");
    });
  };
  BOOST_CHECK_EXCEPTION(fail(), CollectiveError, [](const Error& error) {
    return std::string(error.what()) == "On rank 1: no such file" &&
           error.kind() == ErrorKind::data;
  });
}

BOOST_AUTO_TEST_CASE(without_a_launcher_there_is_one_rank_and_no_mpi) {
  BOOST_TEST(session().size() == 1);
  BOOST_TEST(!session().under_launcher());
  BOOST_TEST(session().mpi_library() == "none");
  BOOST_TEST(session().fair_threads() >= 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

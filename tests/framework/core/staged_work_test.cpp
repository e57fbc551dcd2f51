#include "framework/core/staged_work.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "framework/core/parallel.hpp"

namespace lockstep {
namespace {

constexpr int kTeamSizes[] = {1, 2, 3, 8};
constexpr std::size_t kPieces = 50;

}  // namespace

BOOST_AUTO_TEST_SUITE(staged_work)

BOOST_AUTO_TEST_CASE(each_piece_is_done_once_and_no_stage_begins_before_the_last_has_ended) {
  for (const int threads : kTeamSizes) {
    const WorkerTeam team(threads);
    StagedWork work(3, threads);
    for (int round = 0; round < 30; ++round) {
      std::vector<std::atomic<int>> first(kPieces);
      std::atomic<int> early = 0;
      std::atomic<int> middle = 0;
      std::atomic<int> last = 0;
      work.start();
      team.run([&](int slot) {
        StagedWork::Walk walk(work, slot);
        const bool all = walk.stage(kPieces, [&](std::size_t i) {
          ++first[i];
        }) && walk.stage(1, [&](std::size_t /*i*/) {
          for (const auto& count : first) early += count == 1 ? 0 : 1;
          ++middle;
        }) && walk.stage(kPieces, [&](std::size_t /*i*/) {
          if (middle != 1) ++early;
          ++last;
        });
        if (!all) ++early;
      });
      BOOST_TEST(early == 0);
      BOOST_TEST(middle == 1);
      BOOST_TEST(last == static_cast<int>(kPieces));
    }
  }
}

// The only piece lasts until another slot has been idle often enough.
BOOST_AUTO_TEST_CASE(a_slot_that_waits_is_idle_for_as_long_as_it_wants) {
  StagedWork work(1, 2);
  std::atomic<int> idle_calls = 0;
  std::atomic<int> through = 0;
  const auto walk_through = [&](int slot) {
    StagedWork::Walk walk(work, slot);
    const bool all = walk.stage(
        1,
        [&](std::size_t /*i*/) {
          while (idle_calls < 5) std::this_thread::yield();
        },
        [&] { return ++idle_calls < 5; });
    through += all ? 1 : 0;
  };
  work.start();
  std::thread other([&] { walk_through(1); });
  walk_through(0);
  other.join();
  BOOST_TEST(idle_calls == 5);
  BOOST_TEST(through == 2);
}

BOOST_AUTO_TEST_CASE(a_stage_without_pieces_holds_nobody_up) {
  const WorkerTeam team(3);
  StagedWork work(1, 3);
  std::atomic<int> through = 0;
  work.start();
  team.run([&](int slot) {
    StagedWork::Walk walk(work, slot);
    if (walk.stage(0, [](std::size_t /*i*/) { throw std::logic_error("there is no piece"); })) {
      ++through;
    }
  });
  BOOST_TEST(through == 3);
}

BOOST_AUTO_TEST_CASE(when_a_piece_throws_the_others_leave_and_the_caller_gets_that_exception) {
  for (const int threads : kTeamSizes) {
    const WorkerTeam team(threads);
    StagedWork work(2, threads);
    for (int round = 0; round < 30; ++round) {
      std::atomic<int> later = 0;
      work.start();
      const auto one_throws = [&](int slot) {
        StagedWork::Walk walk(work, slot);
        const bool goes_on = walk.stage(kPieces, [](std::size_t i) {
          if (i == 7) throw std::runtime_error("piece 7");
        });
        if (goes_on) ++later;
      };
      BOOST_CHECK_EXCEPTION(team.run(one_throws), std::runtime_error, [](const auto& error) {
        return std::string(error.what()) == "piece 7";
      });
      BOOST_TEST(later == 0);
    }
    std::atomic<int> afterwards = 0;
    work.start();
    team.run([&](int slot) {
      StagedWork::Walk walk(work, slot);
      if (walk.stage(kPieces, [](std::size_t /*i*/) {})) ++afterwards;
    });
    BOOST_TEST(afterwards == threads);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

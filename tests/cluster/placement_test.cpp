#include "cluster/placement.hpp"

#include <boost/test/unit_test.hpp>

#include <sched.h>

#include <mutex>
#include <string>
#include <vector>

#include "framework/training/exchange/thread_communicator.hpp"
#include "tests/cluster/made_up_placements.hpp"

namespace lockstep {
namespace {

using testing::cpu_range;
using testing::made_up_job;

}  // namespace

BOOST_AUTO_TEST_SUITE(placement)

BOOST_AUTO_TEST_CASE(lists_of_cpus_are_written_as_runs) {
  BOOST_TEST(cpu_list({}) == "none");
  BOOST_TEST(cpu_list(std::vector{7}) == "7");
  BOOST_TEST(cpu_list(std::vector{0, 1, 2, 3}) == "0-3");
  BOOST_TEST(cpu_list(std::vector{0, 1, 2, 3, 8}) == "0-3,8");
  BOOST_TEST(cpu_list(std::vector{1, 3, 5, 6}) == "1,3,5-6");
}

BOOST_AUTO_TEST_CASE(text_between_ranks_keeps_everything) {
  const Placement one{.host = "node-17.cluster",
                      .launcher = Launcher::srun,
                      .cpus = {0, 1, 64, 65},
                      .host_cpus = 128,
                      .threads_per_core = 2,
                      .cpu_quota = 2.5};
  BOOST_TEST((placement_from_text(to_text(one)) == one));
}

BOOST_AUTO_TEST_CASE(this_process_is_where_the_system_says) {
  const Placement here = placement_here("here", Launcher::none);
  cpu_set_t mask;
  BOOST_REQUIRE(sched_getaffinity(0, sizeof(mask), &mask) == 0);
  BOOST_TEST(here.host == "here");
  BOOST_TEST(static_cast<int>(here.cpus.size()) == CPU_COUNT(&mask));
  BOOST_TEST(here.host_cpus >= static_cast<int>(here.cpus.size()));
  BOOST_TEST(here.threads_per_core >= 1);
  BOOST_TEST(here.cpu_quota >= 0);
}

BOOST_AUTO_TEST_CASE(a_smaller_mask_leaves_the_hosts_cpus_known) {
  const Placement before = placement_here("here", Launcher::none);
  cpu_set_t whole;
  BOOST_REQUIRE(sched_getaffinity(0, sizeof(whole), &whole) == 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(before.cpus.back()), &one);
  BOOST_REQUIRE(sched_setaffinity(0, sizeof(one), &one) == 0);
  const Placement bound = placement_here("here", Launcher::none);
  const Placement again = placement_here("here", Launcher::none);  // looking changes nothing
  BOOST_REQUIRE(sched_setaffinity(0, sizeof(whole), &whole) == 0);
  BOOST_TEST(bound.cpus == std::vector{before.cpus.back()});
  BOOST_TEST(bound.host_cpus == before.host_cpus);
  BOOST_TEST((again == bound));
}

BOOST_AUTO_TEST_CASE(ranks_that_share_a_mask_share_its_cpus) {
  const JobPlacement job = made_up_job({.cpus = 8}, {{"a", cpu_range(0, 7)},
                                                     {"a", cpu_range(0, 7)},
                                                     {"a", cpu_range(0, 7)},
                                                     {"b", cpu_range(0, 7)},
                                                     {"b", {2}}});
  BOOST_TEST(job.hosts() == (std::vector<std::string>{"a", "b"}));
  BOOST_TEST(job.ranks_of_host(0) == 3);
  BOOST_TEST(job.ranks_of_mask(0) == 3);
  BOOST_TEST(job.fair_threads(0) == 2);
  BOOST_TEST(job.cpu_share(0) == 2);
  BOOST_TEST(job.fair_threads(3) == 8);
  BOOST_TEST(job.cpu_share(3) == 4);
  BOOST_TEST(job.fair_threads(4) == 1);
}

BOOST_AUTO_TEST_CASE(a_rank_has_a_thread_however_many_share_its_mask) {
  const JobPlacement job = made_up_job({.cpus = 1}, {{"a", {0}}, {"a", {0}}, {"a", {0}}});
  BOOST_TEST(job.fair_threads(0) == 1);
  BOOST_TEST(job.cpu_share(0) == 0);
}

BOOST_AUTO_TEST_CASE(every_rank_knows_where_all_are) {
  std::mutex checking;
  ThreadGroup(3).run([&](Communicator& communicator) {
    const int rank = communicator.rank();
    const JobPlacement job = gather_placements(
        communicator,
        {.host = rank == 2 ? "b" : "a", .cpus = cpu_range(rank, rank + 1), .host_cpus = 4});
    const std::lock_guard lock(checking);
    BOOST_TEST(job.size() == 3);
    BOOST_TEST(job.of(2).host == "b");
    BOOST_TEST(job.of(1).cpus == (std::vector{1, 2}));
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

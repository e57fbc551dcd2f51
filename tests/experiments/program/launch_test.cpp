#include "experiments/program/launch.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <vector>

#include "tests/cluster/made_up_placements.hpp"

namespace lockstep {
namespace {

using testing::cpu_range;
using testing::made_up_job;
using testing::MadeUpRank;

constexpr std::array<const char*, 3> kWords = {"lockstep", "train", "my file.yaml"};

std::vector<std::string> warnings(const JobPlacement& job, const std::vector<int>& asked) {
  return launch_warnings(job, asked, kWords);
}

// The only one.
std::string warning(const JobPlacement& job, const std::vector<int>& asked) {
  const std::vector<std::string> all = warnings(job, asked);
  BOOST_REQUIRE(all.size() == 1);
  return all.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(launch)

BOOST_AUTO_TEST_CASE(the_line_says_where_a_job_runs) {
  const std::vector<int> one_each = {1, 1};
  BOOST_TEST(launch_line(made_up_job({.cpus = 2}, {{"a", {0}}, {"a", {1}}}), one_each, "avx512") ==
             "2 ranks x 1 thread on 1 host, each bound to 1 core, avx512");
  BOOST_TEST(launch_line(made_up_job({.cpus = 2}, {{"a", {0, 1}}}), std::vector{2}, "avx2") ==
             "1 rank x 2 threads on 1 host, not bound, avx2");
}

BOOST_AUTO_TEST_CASE(different_ranks_are_a_range) {
  const JobPlacement job = made_up_job({.cpus = 8}, {{"a", cpu_range(0, 3)}, {"b", {0}}});
  const std::vector<int> threads = threads_of_ranks(job, std::vector{0, 0});
  BOOST_TEST(threads == (std::vector{4, 1}));
  BOOST_TEST(launch_line(job, threads, "avx512") ==
             "2 ranks x 1 to 4 threads on 2 hosts, bound to 1 to 4 cores, avx512");
}

BOOST_AUTO_TEST_CASE(the_line_of_a_large_cluster_fits_80_columns) {
  std::vector<MadeUpRank> ranks;
  for (int rank = 0; rank < 1024; ++rank) {
    ranks.push_back({"node" + std::to_string(rank / 2), cpu_range(0, rank % 2 == 0 ? 255 : 127)});
  }
  const JobPlacement job = made_up_job({.cpus = 256, .threads_per_core = 2}, ranks);
  const std::vector<int> threads = threads_of_ranks(job, std::vector<int>(1024, 0));
  BOOST_TEST(launch_line(job, threads, "portable").size() <= 80);
}

BOOST_AUTO_TEST_CASE(threads_that_were_asked_for_count) {
  const JobPlacement job = made_up_job({.cpus = 2}, {{"a", {0, 1}}, {"a", {0, 1}}});
  BOOST_TEST(threads_of_ranks(job, std::vector{0, 7}) == (std::vector{1, 7}));
}

BOOST_AUTO_TEST_CASE(where_nothing_is_lost_there_is_no_warning) {
  BOOST_TEST(warnings(made_up_job({.cpus = 2}, {{"a", {0}}, {"a", {1}}}), {0, 0}).empty());
  BOOST_TEST(warnings(made_up_job({.cpus = 2}, {{"a", {0}}, {"a", {1}}}), {1, 1}).empty());
  BOOST_TEST(warnings(made_up_job({.cpus = 8}, {{"a", cpu_range(0, 7)}}), {3}).empty());
}

BOOST_AUTO_TEST_CASE(a_starved_rank_gets_the_line_to_start_instead) {
  BOOST_TEST(warning(made_up_job({.cpus = 8}, {{"node1", {0}}, {"node1", {1}}}), {0, 0}) ==
             "rank 0 is bound to 1 core of node1, though the host has 4 cores for it: start "
             "`mpirun -n 2 --map-by slot:PE=4 --bind-to core lockstep train 'my file.yaml'` with "
             "your other mpirun options, or give --threads 1 if that is meant.");
}

BOOST_AUTO_TEST_CASE(ranks_on_one_core_are_told_that_they_share_it) {
  const std::string said = warning(made_up_job({.cpus = 2}, {{"a", {0}}, {"a", {0}}}), {0, 0});
  BOOST_TEST(said ==
             "rank 0 is bound to 1 core of a, which 2 ranks share, though the host has 2 cores for "
             "its 2 ranks: start `mpirun -n 2 --map-by slot:PE=1 --bind-to core lockstep train "
             "'my file.yaml'` with your other mpirun options.");
}

BOOST_AUTO_TEST_CASE(more_ranks_than_cores_are_told_what_the_host_has) {
  const std::vector<MadeUpRank> four(4, {"a", {0}});
  const std::vector<int> nothing(4, 0);
  const std::string by_mpirun = warning(made_up_job({.cpus = 2}, four), nothing);
  BOOST_TEST(by_mpirun.starts_with("rank 0 is bound to 1 core of a, which 4 ranks share, though "
                                   "the host has 2 cores for its 4 ranks: start `mpirun -n 4 "
                                   "--bind-to none --oversubscribe lockstep"),
             by_mpirun);
  const std::string by_srun =
      warning(made_up_job({.cpus = 2, .launcher = Launcher::srun}, four), nothing);
  BOOST_TEST(by_srun.ends_with("ranks: start fewer ranks there."), by_srun);
}

BOOST_AUTO_TEST_CASE(threads_beyond_the_mask_are_its_fault_where_the_host_has_more) {
  const std::string said = warning(made_up_job({.cpus = 8}, {{"a", {0}}, {"a", {1}}}), {4, 4});
  BOOST_TEST(said.find("--map-by slot:PE=4") != std::string::npos, said);
}

BOOST_AUTO_TEST_CASE(threads_beyond_the_host_take_turns) {
  const std::string said = warning(made_up_job({.cpus = 2}, {{"a", {0}}, {"a", {1}}}), {1, 8});
  BOOST_TEST(said.starts_with("--threads 8 is honoured, but rank 1's share of the cores is 1, so "
                              "the threads will take turns"),
             said);
}

BOOST_AUTO_TEST_CASE(an_unknown_launcher_is_told_in_words) {
  const std::string said =
      warning(made_up_job({.cpus = 2, .launcher = Launcher::other}, {{"a", {0}}}), {0});
  BOOST_TEST(
      said.find("have the launcher bind each rank to as many, or to none") != std::string::npos,
      said);
}

BOOST_AUTO_TEST_CASE(a_quota_says_how_many_threads_fit) {
  const std::vector<MadeUpRank> two(2, {"a", cpu_range(0, 7)});
  BOOST_TEST(warning(made_up_job({.cpus = 8, .cpu_quota = 4}, two), {0, 0}) ==
             "the cgroup of a allows 4 CPUs' worth of time, but 8 threads would take more and are "
             "stopped again and again: give --threads 2, or raise the limit.");
  const std::string few = warning(made_up_job({.cpus = 8, .cpu_quota = 1}, two), {0, 0});
  BOOST_TEST(few.find("start fewer ranks there") != std::string::npos, few);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

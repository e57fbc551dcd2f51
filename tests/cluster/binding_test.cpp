#include "cluster/binding.hpp"

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

// The first starved rank where no rank was given --threads; -1 for none.
int starved(const JobPlacement& job) {
  return find_starved_rank(job, std::vector<int>(job.ranks().size(), 0)).value_or(-1);
}

int starved(const JobPlacement& job, const std::vector<int>& asked) {
  return find_starved_rank(job, asked).value_or(-1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(binding)

BOOST_AUTO_TEST_CASE(bindings_have_words) {
  const auto words = [](int host_cpus, const std::vector<MadeUpRank>& ranks) {
    return binding_in_words(made_up_job({.cpus = host_cpus}, ranks));
  };
  BOOST_TEST(words(2, {{"a", {0, 1}}}) == "not bound");
  BOOST_TEST(words(2, {{"a", {1}}}) == "bound to 1 core");
  BOOST_TEST(words(2, {{"a", {0}}, {"a", {1}}}) == "each bound to 1 core");
  BOOST_TEST(words(8, {{"a", cpu_range(0, 3)}, {"a", cpu_range(4, 7)}}) == "each bound to 4 cores");
  BOOST_TEST(words(8, {{"a", cpu_range(0, 3)}, {"b", {4}}}) == "bound to 1 to 4 cores");
  BOOST_TEST(words(1, {{"a", {0}}, {"a", {0}}}) == "not bound");
}

BOOST_AUTO_TEST_CASE(hardware_threads_are_called_cpus) {
  const JobPlacement job =
      made_up_job({.cpus = 8, .threads_per_core = 2}, {{"a", {0, 1, 4, 5}}, {"a", {2, 3, 6, 7}}});
  BOOST_TEST(binding_in_words(job) == "each bound to 4 CPUs");
}

BOOST_AUTO_TEST_CASE(where_nothing_is_lost_nobody_starves) {
  BOOST_TEST(starved(made_up_job({.cpus = 2}, {{"a", {0}}, {"a", {1}}})) == -1);
  BOOST_TEST(starved(made_up_job({.cpus = 2}, {{"a", {0, 1}}})) == -1);
  BOOST_TEST(starved(made_up_job({.cpus = 2}, {{"a", {0, 1}}, {"a", {0, 1}}})) == -1);
  // Three ranks of four cores have one each: the fourth core fits none.
  BOOST_TEST(starved(made_up_job({.cpus = 4}, {{"a", {0}}, {"a", {1}}, {"a", {2}}})) == -1);
  // By sockets, as Open MPI binds more than two ranks: two share the first.
  BOOST_TEST(starved(made_up_job(
                 {.cpus = 8},
                 {{"a", cpu_range(0, 3)}, {"a", cpu_range(4, 7)}, {"a", cpu_range(0, 3)}})) == -1);
  BOOST_TEST(starved(made_up_job({.cpus = 1}, {{"a", {0}}, {"b", {0}}})) == -1);
}

BOOST_AUTO_TEST_CASE(a_mask_below_the_ranks_share_starves_it) {
  BOOST_TEST(starved(made_up_job({.cpus = 2}, {{"a", {0}}})) == 0);
  BOOST_TEST(starved(made_up_job({.cpus = 8}, {{"a", {0}}, {"a", {1}}})) == 0);
  BOOST_TEST(starved(made_up_job({.cpus = 2}, {{"a", {0}}, {"b", {0}}})) == 0);
  // Two sockets, and all of one of them idle.
  BOOST_TEST(starved(made_up_job({.cpus = 8}, {{"a", cpu_range(0, 3)}})) == 0);
  // The second alone.
  BOOST_TEST(starved(made_up_job({.cpus = 4}, {{"a", cpu_range(0, 3)}, {"b", {2}}})) == 1);
  // One of two hardware threads of each core: half of what is there.
  BOOST_TEST(starved(made_up_job({.cpus = 4, .threads_per_core = 2}, {{"a", {0, 1}}})) == 0);
}

BOOST_AUTO_TEST_CASE(ranks_that_share_a_core_starve_beside_an_idle_one) {
  BOOST_TEST(starved(made_up_job({.cpus = 2}, {{"a", {0}}, {"a", {0}}})) == 0);
}

BOOST_AUTO_TEST_CASE(more_ranks_than_cores_starve_only_when_cores_are_idle) {
  const std::vector<MadeUpRank> free(4, {"a", {0, 1}});
  const std::vector<MadeUpRank> one_core(4, {"a", {0}});
  BOOST_TEST(starved(made_up_job({.cpus = 2}, free)) == -1);
  BOOST_TEST(starved(made_up_job({.cpus = 2}, one_core)) == 0);
  BOOST_TEST(starved(made_up_job({.cpus = 2}, {{"a", {0}}, {"a", {1}}, {"a", {0}}, {"a", {1}}})) ==
             -1);
}

BOOST_AUTO_TEST_CASE(who_asks_for_no_more_threads_than_the_mask_has_means_it) {
  const JobPlacement job = made_up_job({.cpus = 8}, {{"a", {0}}, {"a", {1}}});
  BOOST_TEST(starved(job, {1, 1}) == -1);
  BOOST_TEST(starved(job, {1, 0}) == 1);
  BOOST_TEST(starved(job, {4, 4}) == 0);
}

BOOST_AUTO_TEST_CASE(threads_beyond_the_whole_host_are_not_the_masks_fault) {
  BOOST_TEST(starved(made_up_job({.cpus = 2}, {{"a", {0, 1}}}), {8}) == -1);
  BOOST_TEST(starved(made_up_job({.cpus = 2}, {{"a", {0}}, {"a", {1}}}), {8, 8}) == -1);
}

BOOST_AUTO_TEST_CASE(a_process_bound_by_hand_is_left_alone) {
  BOOST_TEST(starved(made_up_job({.cpus = 2, .launcher = Launcher::none}, {{"a", {0}}})) == -1);
}

BOOST_AUTO_TEST_CASE(mpirun_gives_each_rank_its_cores) {
  const auto line = [](const JobPlacement& job) { return better_launch(job); };
  BOOST_TEST(line(made_up_job({.cpus = 8}, {{"a", {0}}, {"a", {1}}})) ==
             "mpirun -n 2 --map-by slot:PE=4 --bind-to core");
  BOOST_TEST(line(made_up_job({.cpus = 7}, {{"a", {0}}, {"a", {1}}})) ==
             "mpirun -n 2 --map-by slot:PE=3 --bind-to core");
  // Open MPI counts cores, not their threads.
  BOOST_TEST(
      line(made_up_job({.cpus = 16, .threads_per_core = 2}, {{"a", {0, 8}}, {"a", {1, 9}}})) ==
      "mpirun -n 2 --map-by slot:PE=4 --bind-to core");
  BOOST_TEST(line(made_up_job({.cpus = 2}, std::vector<MadeUpRank>(4, {"a", {0}}))) ==
             "mpirun -n 4 --bind-to none --oversubscribe");
  BOOST_TEST(line(made_up_job({.cpus = 4, .threads_per_core = 2},
                              std::vector<MadeUpRank>(4, {"a", {0}}))) ==
             "mpirun -n 4 --bind-to none --oversubscribe");
}

BOOST_AUTO_TEST_CASE(mpirun_keeps_ranks_on_their_hosts) {
  BOOST_TEST(
      better_launch(made_up_job({.cpus = 8}, {{"a", {0}}, {"a", {1}}, {"b", {0}}, {"b", {1}}})) ==
      "mpirun -n 4 --host a:2,b:2 --map-by ppr:2:node:PE=4 --bind-to core");
}

BOOST_AUTO_TEST_CASE(no_number_of_cores_is_suggested_where_it_would_starve_a_rank_again) {
  // The one rank of a has 8 cores, those of b have 4 each.
  BOOST_TEST(better_launch(made_up_job({.cpus = 8}, {{"a", {0}}, {"b", {0}}, {"b", {1}}})) ==
             "mpirun -n 3 --host a:1,b:2 --bind-to none");
  const auto on_host = [](const std::string& host, int cpus) {
    return Placement{.host = host, .launcher = Launcher::mpirun, .cpus = {0}, .host_cpus = cpus};
  };
  BOOST_TEST(better_launch(JobPlacement({on_host("a", 4), on_host("b", 8)})) ==
             "mpirun -n 2 --host a:1,b:1 --bind-to none");
  // Five cores of two threads: two whole ones are four CPUs of the five that a rank has.
  BOOST_TEST(better_launch(made_up_job({.cpus = 10, .threads_per_core = 2},
                                       {{"a", {0, 5}}, {"a", {1, 6}}})) ==
             "mpirun -n 2 --bind-to none");
}

BOOST_AUTO_TEST_CASE(nobody_starves_without_binding) {
  BOOST_TEST(starved(made_up_job(
                 {.cpus = 8},
                 {{"a", cpu_range(0, 7)}, {"b", cpu_range(0, 7)}, {"b", cpu_range(0, 7)}})) == -1);
}

BOOST_AUTO_TEST_CASE(srun_counts_hardware_threads) {
  const auto line = [](int cpus, const std::vector<MadeUpRank>& ranks) {
    return better_launch(
        made_up_job({.cpus = cpus, .threads_per_core = 2, .launcher = Launcher::srun}, ranks));
  };
  BOOST_TEST(line(8, {{"a", {0}}, {"b", {0}}}) ==
             "srun --mpi=pmix -K1 -N 2 -n 2 --cpus-per-task=8 --cpu-bind=cores");
  BOOST_TEST(line(2, std::vector<MadeUpRank>(3, {"a", {0}})) == "");
}

BOOST_AUTO_TEST_CASE(an_unknown_launcher_gets_no_line) {
  BOOST_TEST(better_launch(made_up_job({.cpus = 8, .launcher = Launcher::other}, {{"a", {0}}})) ==
             "");
}

BOOST_AUTO_TEST_CASE(threads_beyond_the_quota_are_found) {
  const auto throttled = [](double quota, const std::vector<int>& threads) {
    const JobPlacement job = made_up_job({.cpus = 8, .cpu_quota = quota},
                                         {{"a", cpu_range(0, 7)}, {"a", cpu_range(0, 7)}});
    return find_throttled(job, threads);
  };
  BOOST_TEST(!throttled(0, {4, 4}));
  BOOST_TEST(!throttled(8, {4, 4}));
  BOOST_TEST(!throttled(1.5, {1, 1}));  // to use it up takes two
  const auto found = throttled(2, {4, 4});
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->rank == 0);
  BOOST_TEST(found->threads == 8);
  BOOST_TEST(found->quota == 2);
}

BOOST_AUTO_TEST_CASE(a_command_line_is_quoted_as_a_shell_reads_it) {
  const std::array<const char*, 6> words = {"build/lockstep", "train",   "my file.yaml",
                                            "name=it's",      "a.b=[1]", ""};
  BOOST_TEST(shell_line(words) ==
             "build/lockstep train 'my file.yaml' 'name=it'\\''s' 'a.b=[1]' ''");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

#include "experiments/bench/stopwatch.hpp"

#include <boost/test/unit_test.hpp>

namespace lockstep {
namespace {

/// Time that passes only while work is done.
struct FakeTime {
  double now = 0;
  double computed = 0;

  void work(double seconds, double share = 1) {
    now += seconds;
    computed += share * seconds;
  }

  Stopwatch stopwatch(int windows, std::function<double(const WorkerTeam&)> peak) {
    return Stopwatch({.windows = windows,
                      .clock = [this] { return now; },
                      .cpu_clock = [this] { return computed; },
                      .peak = std::move(peak)});
  }
};

double ten_gflops(const WorkerTeam& /*team*/) { return 10; }

BOOST_AUTO_TEST_SUITE(stopwatch)

BOOST_AUTO_TEST_CASE(median_and_best_are_those_of_the_windows) {
  FakeTime time;
  Stopwatch watch = time.stopwatch(3, ten_gflops);
  const WorkerTeam alone(1);
  int call = 0;
  // One call in advance, then one per window: 2, 8 and 4 things per second.
  const Pace pace = watch.measure({.team = alone, .window = 1, .operations = 5e8, .work = [&] {
                                     const double things[] = {100, 2, 8, 4};
                                     time.work(1);
                                     return things[call++];
                                   }});
  BOOST_TEST(call == 4);
  BOOST_TEST(pace.per_second.median == 4);
  BOOST_TEST(pace.per_second.best == 8);
  BOOST_TEST(pace.peak_fraction.median == 0.2);  // 4 x 0.5 of 10 GFLOP/s
  BOOST_TEST(pace.peak_fraction.best == 0.4);
}

BOOST_AUTO_TEST_CASE(a_window_holds_as_many_calls_as_fill_it) {
  FakeTime time;
  Stopwatch watch = time.stopwatch(2, ten_gflops);
  const WorkerTeam alone(1);
  int calls = 0;
  const Pace pace = watch.measure({.team = alone, .window = 1, .operations = 0, .work = [&] {
                                     ++calls;
                                     time.work(0.375);
                                     return 3.0;
                                   }});
  BOOST_TEST(calls == 1 + 2 * 3);
  BOOST_TEST(pace.per_second.median == 8);
}

BOOST_AUTO_TEST_CASE(each_window_is_compared_with_the_peak_right_before_it_on_all_threads) {
  FakeTime time;
  double peak = 0;
  Stopwatch watch = time.stopwatch(3, [&](const WorkerTeam& team) {
    BOOST_TEST(team.threads() == 2);
    return peak += 10;  // 10, 20, 30
  });
  const WorkerTeam two(2);
  const Pace pace = watch.measure({.team = two, .window = 1, .operations = 1e9, .work = [&] {
                                     time.work(1);
                                     return peak;  // GFLOP/s: that of one of the two threads
                                   }});
  BOOST_TEST(pace.peak_fraction.median == 0.5);
  BOOST_TEST(pace.peak_fraction.best == 0.5);
  BOOST_TEST(watch.peak_gflops().median == 20);
  BOOST_TEST(watch.peak_gflops().best == 30);
}

BOOST_AUTO_TEST_CASE(long_work_gets_three_windows) {
  FakeTime time;
  Stopwatch watch = time.stopwatch(11, ten_gflops);
  const WorkerTeam alone(1);
  int calls = 0;
  watch.measure({.team = alone, .window = 0.05, .operations = 0, .work = [&] {
                   ++calls;
                   time.work(20);
                   return 1.0;
                 }});
  BOOST_TEST(calls == 1 + 3);
}

BOOST_AUTO_TEST_CASE(what_others_take_of_the_cores_is_seen) {
  FakeTime time;
  double peak = 100;
  Stopwatch watch = time.stopwatch(10, [&](const WorkerTeam&) { return peak; });
  const WorkerTeam alone(1);
  const auto measure = [&](double share) {
    watch.measure({.team = alone, .window = 0.125, .operations = 0, .work = [&] {
                     time.work(0.125, share);
                     return 1.0;
                   }});
  };
  measure(1);
  BOOST_TEST(watch.waiting_share() == 0);
  BOOST_TEST(watch.peak_drop() == 0);
  peak = 40;
  measure(0.5);
  BOOST_TEST(watch.waiting_share() == 0.25);
  BOOST_TEST(watch.peak_drop() == 0.6);
}

BOOST_AUTO_TEST_CASE(the_measured_peak_is_a_rate) {
  for (const int threads : {1, 2}) BOOST_TEST(measure_peak(WorkerTeam(threads)) > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

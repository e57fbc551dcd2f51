#include "experiments/program/run_requests.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <functional>

namespace lockstep {
namespace {

double now = 0;
double clock_of_the_test() { return now; }

Heartbeat heartbeat;

// Handlers stay for the life of a process, so each case has a separate process. Its body returns
// whether everything was right.
int exit_code_of(const std::function<bool()>& body) {
  const pid_t process = fork();
  if (process == 0) _exit(body() ? 0 : 1);
  int status = 0;
  BOOST_REQUIRE(waitpid(process, &status, 0) == process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run_requests)

BOOST_AUTO_TEST_CASE(without_a_signal_nothing_is_asked) {
  BOOST_TEST(exit_code_of([] {
               RunRequests requests(clock_of_the_test, heartbeat);
               return requests.take() == TrainingRequest::none;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(a_stop_stays_and_names_its_signal) {
  struct Case {
    int signal;
    const char* name;
  };
  for (const Case& each :
       {Case{SIGUSR1, "SIGUSR1"}, Case{SIGTERM, "SIGTERM"}, Case{SIGINT, "SIGINT"}}) {
    BOOST_TEST(exit_code_of([&] {
                 signal(SIGINT, SIG_DFL);
                 RunRequests requests(clock_of_the_test, heartbeat);
                 raise(each.signal);
                 return requests.take() == TrainingRequest::stop &&
                        requests.take() == TrainingRequest::stop &&
                        requests.who_asked() == each.name;
               }) == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_stop_asked_twice_is_one_stop) {
  BOOST_TEST(exit_code_of([] {
               RunRequests requests(clock_of_the_test, heartbeat);
               for (const int each : {SIGUSR1, SIGUSR1, SIGTERM, SIGTERM}) raise(each);
               return requests.take() == TrainingRequest::stop;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(what_is_asked_before_there_is_a_run_is_not_lost) {
  BOOST_TEST(exit_code_of([] {
               hold_requests();
               raise(SIGUSR1);
               raise(SIGUSR2);
               RunRequests requests(clock_of_the_test, heartbeat);
               return requests.take() == TrainingRequest::stop;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(a_second_interrupt_ends_the_process) {
  BOOST_TEST(exit_code_of([] {
               signal(SIGINT, SIG_DFL);
               const RunRequests requests(clock_of_the_test, heartbeat);
               raise(SIGINT);
               raise(SIGINT);
               return true;
             }) == 128 + SIGINT);
}

BOOST_AUTO_TEST_CASE(an_interrupt_that_was_ignored_at_the_start_stays_ignored) {
  BOOST_TEST(exit_code_of([] {
               signal(SIGINT, SIG_IGN);
               RunRequests requests(clock_of_the_test, heartbeat);
               raise(SIGINT);
               return requests.take() == TrainingRequest::none;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_is_asked_for_once) {
  BOOST_TEST(exit_code_of([] {
               RunRequests requests(clock_of_the_test, heartbeat);
               raise(SIGUSR2);
               raise(SIGUSR2);
               return requests.take() == TrainingRequest::checkpoint &&
                      requests.take() == TrainingRequest::none;
             }) == 0);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_time_asks_for_a_stop) {
  BOOST_TEST(exit_code_of([] {
               now = 100;
               RunRequests requests(clock_of_the_test, heartbeat);
               now = 1e9;
               bool is_right = requests.take() == TrainingRequest::none;
               requests.set_max_runtime(90);
               now = 189;
               is_right = is_right && requests.take() == TrainingRequest::none;
               now = 190;
               return is_right && requests.take() == TrainingRequest::stop &&
                      requests.who_asked() == "train.max_runtime of 90 s";
             }) == 0);
}

BOOST_AUTO_TEST_CASE(a_rank_that_nobody_asked_points_at_the_others) {
  BOOST_TEST(exit_code_of([] {
               return RunRequests(clock_of_the_test, heartbeat).who_asked() == "another rank";
             }) == 0);
}

BOOST_AUTO_TEST_CASE(a_sigterm_of_the_parent_is_the_end_and_one_of_others_a_request_alone) {
  BOOST_TEST(exit_code_of([] {
               RunRequests requests(clock_of_the_test, heartbeat);
               raise(SIGTERM);
               if (heartbeat.end_is_near()) return false;
               const pid_t child = fork();
               if (child == 0) _exit(kill(getppid(), SIGTERM));
               waitpid(child, nullptr, 0);
               return requests.take() == TrainingRequest::stop && !heartbeat.end_is_near();
             }) == 0);

  std::array<int, 2> ready{};
  BOOST_REQUIRE(pipe(ready.data()) == 0);
  const pid_t process = fork();
  if (process == 0) {
    RunRequests requests(clock_of_the_test, heartbeat);
    static_cast<void>(write(ready[1], "!", 1) == 1);
    while (requests.take() != TrainingRequest::stop) usleep(1000);
    _exit(heartbeat.end_is_near() ? 0 : 1);
  }
  char sign = 0;
  BOOST_REQUIRE(read(ready[0], &sign, 1) == 1);
  BOOST_REQUIRE(kill(process, SIGTERM) == 0);
  int status = 0;
  BOOST_REQUIRE(waitpid(process, &status, 0) == process);
  BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

BOOST_AUTO_TEST_CASE(others_may_ask_for_a_stop_and_hear_of_this_ranks_signal) {
  BOOST_TEST(exit_code_of([] {
               RunRequests requests(clock_of_the_test, heartbeat);
               bool others_ask = false;
               bool heard = false;
               requests.set_others([&](bool was_asked) {
                 heard = was_asked;
                 return others_ask;
               });
               const bool before = requests.take() == TrainingRequest::none && !heard;
               others_ask = true;
               const bool asked = requests.take() == TrainingRequest::stop && !heard &&
                                  requests.who_asked() == "another rank";
               raise(SIGUSR1);
               return before && asked && requests.take() == TrainingRequest::stop && heard &&
                      requests.was_asked();
             }) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

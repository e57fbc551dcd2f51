#include "cluster/watchdog.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

namespace lockstep {
namespace {

constexpr int kAlive = 7;

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

// A process of its own that runs the body and, if that returns, ends with kAlive.
struct Child {
  pid_t process = 0;
  int output = 0;

  explicit Child(const std::function<void()>& body) {
    std::array<int, 2> pipe_ends{};
    BOOST_REQUIRE(pipe(pipe_ends.data()) == 0);
    process = fork();
    if (process == 0) {
      dup2(pipe_ends[1], STDERR_FILENO);
      body();
      _exit(kAlive);
    }
    close(pipe_ends[1]);
    output = pipe_ends[0];
  }

  int exit_code() const {
    int status = 0;
    BOOST_REQUIRE(waitpid(process, &status, 0) == process);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // What it said on stderr, once it has ended.
  std::string said() const {
    std::string text(4096, '\0');
    const ssize_t count = read(output, text.data(), text.size());
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(watchdog)

BOOST_AUTO_TEST_CASE(a_heart_that_stands_still_ends_the_process_with_4_and_a_line) {
  const Child child([] {
    Heartbeat heartbeat;
    heartbeat.enter("exchange of gradients", 17);
    Watchdog watchdog(heartbeat, "[rank 1 host]");
    watchdog.set_deadline(0.5);
    sleep_for(60);
  });
  BOOST_TEST(child.exit_code() == 4);
  const std::string said = child.said();
  BOOST_TEST(said.starts_with("[rank 1 host] Nothing has moved for 0.5 s at step 17 (exchange of "
                              "gradients), so the job ends: another rank may have failed"),
             said);
  BOOST_TEST(said.ends_with("--resume. [E602]\n"), said);
}

BOOST_AUTO_TEST_CASE(outside_of_training_the_line_names_no_step) {
  const Child child([] {
    const Heartbeat heartbeat;
    Watchdog watchdog(heartbeat, "[rank 0 host]");
    watchdog.set_deadline(0.5);
    sleep_for(60);
  });
  BOOST_TEST(child.exit_code() == 4);
  BOOST_TEST(child.said().starts_with(
      "[rank 0 host] Nothing has moved for 0.5 s (start-up), so the job ends"));
}

BOOST_AUTO_TEST_CASE(a_heart_that_beats_goes_on) {
  const Child child([] {
    Heartbeat heartbeat;
    Watchdog watchdog(heartbeat, "[rank 0 host]");
    watchdog.set_deadline(2);
    for (int i = 0; i < 40; ++i) {
      heartbeat.beat();
      sleep_for(0.1);
    }
  });
  BOOST_TEST(child.exit_code() == kAlive);
  BOOST_TEST(child.said() == "");
}

BOOST_AUTO_TEST_CASE(without_a_deadline_nothing_ends) {
  const Child child([] {
    const Heartbeat heartbeat;
    Watchdog watchdog(heartbeat, "[rank 0 host]");
    sleep_for(0.3);
    watchdog.set_deadline(0.4);
    watchdog.set_deadline(0);
    sleep_for(1);
  });
  BOOST_TEST(child.exit_code() == kAlive);
}

BOOST_AUTO_TEST_CASE(time_in_which_the_process_was_stopped_does_not_count) {
  const Child child([] {
    Heartbeat heartbeat;
    Watchdog watchdog(heartbeat, "[rank 0 host]");
    watchdog.set_deadline(2);
    raise(SIGSTOP);
    sleep_for(0.5);
  });
  int status = 0;
  BOOST_REQUIRE(waitpid(child.process, &status, WUNTRACED) == child.process);
  BOOST_REQUIRE(WIFSTOPPED(status));
  sleep_for(3);
  BOOST_REQUIRE(kill(child.process, SIGCONT) == 0);
  BOOST_TEST(child.exit_code() == kAlive);
}

BOOST_AUTO_TEST_CASE(a_wait_for_ranks_that_do_not_answer_ends_when_the_launcher_ends_the_job) {
  const Child child([] {
    Heartbeat heartbeat;
    Watchdog watchdog(heartbeat, "[rank 1 host]");
    watchdog.set_deadline(50);
    heartbeat.enter("exchange of gradients", 17, true);
    heartbeat.expect_the_end();
    sleep_for(10);
  });
  BOOST_TEST(child.exit_code() == 4);
  BOOST_TEST(
      child.said().starts_with("[rank 1 host] The launcher is ending the job, and the ranks that "
                               "this one waits for at step 17 "
                               "(exchange of gradients) do not answer"));
}

BOOST_AUTO_TEST_CASE(what_is_no_such_wait_goes_on_until_the_launcher_kills) {
  const Child in_a_checkpoint([] {
    Heartbeat heartbeat;
    Watchdog watchdog(heartbeat, "[rank 1 host]");
    watchdog.set_deadline(50);
    heartbeat.enter("checkpoint", 17);
    heartbeat.expect_the_end();
    sleep_for(1.5);
  });
  BOOST_TEST(in_a_checkpoint.exit_code() == kAlive);
  const Child used_to_long_waits([] {
    Heartbeat heartbeat;
    Watchdog watchdog(heartbeat, "[rank 1 host]");
    watchdog.set_deadline(50);
    heartbeat.enter("exchange of gradients", 17, true);
    sleep_for(2);
    heartbeat.enter("exchange of gradients", 18, true);
    heartbeat.expect_the_end();
    sleep_for(1.5);
  });
  BOOST_TEST(used_to_long_waits.exit_code() == kAlive);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

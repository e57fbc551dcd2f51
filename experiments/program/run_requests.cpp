#include "experiments/program/run_requests.hpp"

#include <unistd.h>
#include <csignal>

#include <atomic>
#include <initializer_list>

#include <fmt/format.h>

namespace lockstep {
namespace {

// A signal handler can reach only global variables.
std::atomic<int> stop_signal = 0;
std::atomic<bool> checkpoint_asked = false;
std::atomic<Heartbeat*> told_of_the_end = nullptr;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free &&
              std::atomic<Heartbeat*>::is_always_lock_free);

void note(int signal, siginfo_t* info, void* /*context*/) {
  if (signal == SIGUSR2) {
    checkpoint_asked = true;
    return;
  }
  stop_signal = signal;
  if (signal == SIGTERM && info->si_pid == getppid()) told_of_the_end.load()->expect_the_end();
}

void handle(int signal, int flags) {
  struct sigaction action {};
  action.sa_sigaction = note;
  action.sa_flags = SA_RESTART | SA_SIGINFO | flags;
  sigaction(signal, &action, nullptr);
}

bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t held_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGUSR2);
  return signals;
}

const char* name_of(int signal) {
  switch (signal) {
    case SIGUSR1:
      return "SIGUSR1";
    case SIGTERM:
      return "SIGTERM";
    default:
      return "SIGINT";
  }
}

}  // namespace

void hold_requests() {
  const sigset_t signals = held_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

RunRequests::RunRequests(double (*clock)(), Heartbeat& heartbeat)
    : clock_(clock), started_(clock()) {
  told_of_the_end = &heartbeat;
  for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM}) handle(signal, 0);
  if (!is_ignored(SIGINT)) handle(SIGINT, static_cast<int>(SA_RESETHAND));
  const sigset_t signals = held_signals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

TrainingRequest RunRequests::take() {
  const bool asked = checkpoint_asked.exchange(false);
  is_over_ = max_runtime_ > 0 && clock_() - started_ >= max_runtime_;
  const bool others_ask = others_ && others_(was_asked());
  if (was_asked() || is_over_ || others_ask) return TrainingRequest::stop;
  return asked ? TrainingRequest::checkpoint : TrainingRequest::none;
}

bool RunRequests::was_asked() const { return stop_signal != 0; }

std::string RunRequests::who_asked() const {
  if (was_asked()) return name_of(stop_signal);
  return is_over_ ? fmt::format("train.max_runtime of {} s", max_runtime_) : "another rank";
}

}  // namespace lockstep

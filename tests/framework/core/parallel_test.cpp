#include "framework/core/parallel.hpp"

#include <xmmintrin.h>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cfenv>
#include <limits>
#include <stdexcept>
#include <vector>

namespace lockstep {
namespace {

constexpr unsigned kFlushAndDenormalsAreZero = 0x8040;

void spoil_arithmetic() {
  std::fesetround(FE_UPWARD);
  _mm_setcsr(_mm_getcsr() | kFlushAndDenormalsAreZero);
}

/// Spoils the calling thread's arithmetic for as long as it lives.
class SpoiledArithmetic {
 public:
  SpoiledArithmetic() {
    std::fegetenv(&before_);
    spoil_arithmetic();
  }
  ~SpoiledArithmetic() { std::fesetenv(&before_); }
  SpoiledArithmetic(const SpoiledArithmetic&) = delete;
  SpoiledArithmetic& operator=(const SpoiledArithmetic&) = delete;

 private:
  std::fenv_t before_{};
};

// Volatile, so that the compiler does not work them out under its own rounding.
bool rounds_to_nearest() {
  volatile const float one = 1.0F;
  volatile const float tiny = 0x1p-40F;
  return one + tiny == 1.0F && one - tiny == 1.0F;
}

bool keeps_denormals() {
  volatile const float smallest = std::numeric_limits<float>::min();
  volatile const float denormal = std::numeric_limits<float>::denorm_min();
  return smallest / 2 > 0 && denormal * 0x1p+30F > 0;
}

bool has_default_arithmetic() { return rounds_to_nearest() && keeps_denormals(); }

constexpr int kTeams[] = {1, 2, 5};

}  // namespace

BOOST_AUTO_TEST_SUITE(parallel)

BOOST_AUTO_TEST_CASE(default_arithmetic_rounds_to_nearest_and_keeps_denormals) {
  const SpoiledArithmetic spoiled;
  BOOST_TEST(!rounds_to_nearest());
  BOOST_TEST(!keeps_denormals());
  use_default_arithmetic();
  BOOST_TEST(rounds_to_nearest());
  BOOST_TEST(keeps_denormals());
}

BOOST_AUTO_TEST_CASE(every_slot_starts_with_it_whatever_the_caller_has_and_earlier_slots_left) {
  for (const int threads : kTeams) {
    const SpoiledArithmetic spoiled;
    const WorkerTeam team(threads);
    for (int round = 0; round < 20; ++round) {
      std::atomic<int> good = 0;
      team.run([&](int /*slot*/) {
        if (has_default_arithmetic()) ++good;
        spoil_arithmetic();
      });
      BOOST_TEST(good == threads);
    }
  }
}

BOOST_AUTO_TEST_CASE(each_slot_is_called_once) {
  for (const int threads : kTeams) {
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(threads));
    const WorkerTeam team(threads);
    BOOST_TEST(team.threads() == threads);
    team.run([&](int slot) { ++calls[static_cast<std::size_t>(slot)]; });
    for (const auto& count : calls) BOOST_TEST(count == 1);
  }
}

BOOST_AUTO_TEST_CASE(an_exception_in_a_slot_is_thrown_to_the_caller) {
  for (const int threads : kTeams) {
    const WorkerTeam team(threads);
    const auto last_throws = [&](int slot) {
      if (slot == threads - 1) throw std::runtime_error("the last slot");
    };
    BOOST_CHECK_EXCEPTION(team.run(last_throws), std::runtime_error, [](const auto& error) {
      return std::string(error.what()) == "the last slot";
    });
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

#include "experiments/workbench/agreement.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <functional>
#include <string>
#include <utility>

#include "framework/core/error.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/training/exchange/thread_communicator.hpp"

namespace lockstep {
namespace {

// What both of two ranks are told, and the exit code they end with.
void check_refused(const std::function<void(Communicator&)>& body, int exit_code,
                   const std::string& message) {
  std::array<std::string, 2> told;
  std::array<int, 2> codes{};
  ThreadGroup(2).run([&](Communicator& communicator) {
    const auto rank = static_cast<std::size_t>(communicator.rank());
    try {
      body(communicator);
    } catch (const CollectiveError& error) {
      told[rank] = error.what();
      codes[rank] = error.exit_code();
    }
  });
  for (const std::size_t rank : {0U, 1U}) {
    BOOST_TEST(codes[rank] == exit_code);
    BOOST_TEST(told[rank].starts_with(message), told[rank]);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(agreement)

BOOST_AUTO_TEST_CASE(a_rank_with_another_arithmetic_is_refused) {
  BuildInfo build = build_info();
  build.version = "1.2.3";
  build.commit = "abc";
  check_refused(
      [&](Communicator& communicator) {
        check_same_program(communicator, program_line(build, 1 + communicator.rank()));
      },
      2,
      "Rank 1 has another version of the program than rank 0: expected 'lockstep 1.2.3 of commit "
      "abc, arithmetic version 1', found 'lockstep 1.2.3 of commit abc, arithmetic version 2'");
}

BOOST_AUTO_TEST_CASE(what_ranks_compare_holds_the_arithmetic_of_this_program) {
  BOOST_TEST(own_program_line() == program_line(build_info(), kArithmeticVersion));
}

BOOST_AUTO_TEST_CASE(a_rank_that_starts_from_other_weights_is_named_with_both_digests) {
  const Digest ours{.high = 1, .low = 2};
  const Digest others{.high = 1, .low = 3};
  check_refused(
      [&](Communicator& communicator) {
        check_same_start(communicator, communicator.rank() == 0 ? ours : others);
      },
      5,
      "Rank 1 has another set of weights to start from than rank 0: expected 'digest " +
          ours.hex() + "', found 'digest " + others.hex() + "'");
}

BOOST_AUTO_TEST_CASE(ranks_that_are_alike_go_on) {
  ThreadGroup(3).run([](Communicator& communicator) {
    check_same_program(communicator, own_program_line());
    check_same_start(communicator, Digest{.high = 4, .low = 5});
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

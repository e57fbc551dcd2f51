#include "framework/kernels/isa.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

/// What every build has on every machine that it may run on.
constexpr const char* kLast = LOCKSTEP_ONE_TARGET ? "avx2" : "portable";

/// The error of a call that must be refused, or "".
template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    BOOST_TEST((error.kind() == ErrorKind::usage));
    return error.what();
  }
  return "";
}

BOOST_AUTO_TEST_SUITE(isa)

BOOST_AUTO_TEST_CASE(the_portable_one_is_always_available_and_last) {
  BOOST_TEST(available_isas().back() == kLast);
}

BOOST_AUTO_TEST_CASE(the_best_available_one_is_in_use_unless_another_is_forced) {
  BOOST_TEST(current_isa() == available_isas().front());
}

BOOST_AUTO_TEST_CASE(forcing_an_available_one_makes_it_current_and_hides_no_other) {
  const auto all = available_isas();
  for (const std::string& isa : all) {
    force_isa(isa);
    BOOST_TEST(current_isa() == isa);
    BOOST_TEST(available_isas() == all, boost::test_tools::per_element());
  }
  force_isa(all.front());
  BOOST_TEST(current_isa() == all.front());
}

BOOST_AUTO_TEST_CASE(an_unknown_one_is_refused_with_the_available_ones) {
  const std::string message = refusal([] { force_isa("avx1024"); });
  BOOST_TEST_INFO(message);
  BOOST_TEST(message.find("'avx1024' is unknown") != std::string::npos);
  BOOST_TEST(message.find(kLast) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_environments_setting_is_applied_or_refused_with_its_name) {
  const std::string before = current_isa();
  apply_isa_setting(std::nullopt);
  apply_isa_setting("");
  BOOST_TEST(current_isa() == before);
  apply_isa_setting(kLast);
  BOOST_TEST(current_isa() == kLast);
  force_isa(before);
  const std::string message = refusal([] { apply_isa_setting("AVX2"); });
  BOOST_TEST(message.find("LOCKSTEP_ISA") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

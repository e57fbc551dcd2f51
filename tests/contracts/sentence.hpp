#pragma once

#include <boost/test/unit_test.hpp>
#include <string>

namespace lockstep::testing {

/// Requires a sentence that a user can act on: begun and ended, and no shorter than a few words.
inline void check_sentence(const std::string& message) {
  BOOST_TEST_INFO("message: " << message);
  BOOST_TEST(message.size() > 20U);
  BOOST_TEST((message.ends_with('.') || message.ends_with('?') || message.ends_with(')')));
}

}  // namespace lockstep::testing

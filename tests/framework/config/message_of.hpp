#pragma once

#include <string>

#include <boost/test/unit_test.hpp>

#include "framework/core/error.hpp"

namespace lockstep {

/// The message of the usage error that a call ends with; "no error" if it returns.
template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    BOOST_TEST((error.kind() == ErrorKind::usage));
    return error.what();
  }
  return "no error";
}

}  // namespace lockstep

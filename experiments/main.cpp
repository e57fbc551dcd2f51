#include <csignal>

#include "experiments/program/command.hpp"
#include "experiments/program/output.hpp"
#include "experiments/program/run_requests.hpp"
#include "framework/storage/hdf5/reading.hpp"

int main(int argc, char** argv) {
  if (const auto ended = lockstep::serve_hdf5_reading(argc, argv)) return *ended;
  lockstep::reserve_standard_descriptors();
  // A failed write is reported by its return code. A closed pipe or a file size limit must not kill
  // the process silently.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  lockstep::hold_requests();
  return lockstep::run_in_session(
      [&](lockstep::MpiSession& session) { return lockstep::run_program(session, argc, argv); });
}

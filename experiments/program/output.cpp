#include "experiments/program/output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "framework/core/error.hpp"

namespace lockstep {

void reserve_standard_descriptors() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    // open gives the lowest free number, which is this one, since those below it are open.
    if (fcntl(descriptor, F_GETFD) == -1) open("/dev/null", O_RDONLY);
  }
}

int write_to(std::FILE* stream, std::string_view text) {
  errno = 0;
  std::fwrite(text.data(), 1, text.size(), stream);
  const bool failed = std::fflush(stream) != 0 || std::ferror(stream) != 0;
  const int error_number = errno == 0 ? EIO : errno;
  std::clearerr(stream);
  return failed && error_number != EPIPE ? error_number : 0;
}

bool is_reader_gone() {
  pollfd output{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

void check_output(int error_number) {
  if (error_number == 0) return;
  throw Error(errors::kOutputLost,
              fmt::format("cannot write to standard output: {}; the result is lost, so print it "
                          "again to a place with enough room (files are complete).",
                          std::generic_category().message(error_number)));
}

}  // namespace lockstep

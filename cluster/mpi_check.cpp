#include "cluster/mpi_check.hpp"

#include <array>

#include <fmt/format.h>
#include <mpi.h>

#include "framework/core/error.hpp"

namespace lockstep {

void check_mpi(int code, std::string_view call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw Error(errors::kPeerFailed,
              fmt::format("{} failed: {}; another rank or the network between the hosts has "
                          "failed, start the job again with --resume.",
                          call, std::string_view(text.data(), static_cast<std::size_t>(length))));
}

}  // namespace lockstep

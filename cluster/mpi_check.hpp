#pragma once

#include <string_view>

namespace lockstep {

/// Passes MPI_SUCCESS through and turns any other return code into an Error (peer) that names the
/// call and MPI's own words for the code.
void check_mpi(int code, std::string_view call);

}  // namespace lockstep

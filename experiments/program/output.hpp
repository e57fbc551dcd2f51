#pragma once

// The program's two streams. Results go to standard output, where a lost result is a failure.
// Remarks go to standard error, where no failure may stop anything.

#include <cstdio>
#include <string_view>

namespace lockstep {

/// Opens those of descriptors 0 to 2 that are closed, in such a way that writing to them fails.
/// Otherwise the next file would get their number, and with it what is printed. To be called at the
/// beginning of main.
void reserve_standard_descriptors();

/// Writes and flushes.
/// @return 0, or the error number if it could not be written. A reader that has gone away (a closed
///         pipe, as `head` leaves behind) has all it wanted, which is no error.
int write_to(std::FILE* stream, std::string_view text);

/// Whether the reader of standard output has gone away, so that the pipe is closed at its other
/// end.
bool is_reader_gone();

/// @throws Error (data) that says why a result could not be written, unless `error_number` is 0
void check_output(int error_number);

}  // namespace lockstep

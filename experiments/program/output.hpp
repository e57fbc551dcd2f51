#pragma once

// The program's two streams. Results go to standard output, and a result that is lost is a failure;
// what goes to standard error is a remark, and no failure there may stop anything.

#include <cstdio>
#include <string_view>

namespace lockstep {

/// Opens those of descriptors 0 to 2 that are closed, in such a way that writing to them fails: the
/// next file would get their number, and with it what is printed. For the beginning of main.
void reserve_standard_descriptors();

/// Writes and flushes.
/// @return 0, or the error number when it could not be written; a reader that has gone away (a
///         closed pipe, as `head` leaves behind) has all it wanted and is no error
int write_to(std::FILE* stream, std::string_view text);

/// Whether the reader of standard output has gone away: a pipe that is closed at its other end.
bool is_reader_gone();

/// @throws Error (data) that says why a result could not be written, unless `error_number` is 0
void check_output(int error_number);

}  // namespace lockstep

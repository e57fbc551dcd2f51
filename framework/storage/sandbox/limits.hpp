#pragma once

// What a process that works on something hostile may still do.

#include <cstddef>

namespace lockstep {

/// Whether the program was built with sanitizers. They keep terabytes of addresses for themselves,
/// and read the process's maps when something is thrown.
bool has_sanitizers();

/// Gives up, for ever, all that computing on open files in memory does not need: opening files,
/// the network, other processes, new programs. A forbidden call of the system fails with EPERM.
/// The process dies with the one that started it, leaves no core, and has at most `memory` bytes
/// more than now.
///
/// @return whether the system limits the calls (seccomp). Some containers and emulators do not
///         offer it; the other limits hold there, too. Builds with sanitizers limit neither calls
///         nor memory.
bool give_up_rights(std::size_t memory);

/// Lets another process of this user have `memory` bytes of addresses in all.
void limit_memory(int process, std::size_t memory);

/// Addresses that a process has in use, bytes; 0 if the system does not tell.
std::size_t memory_in_use(int process);

/// Seconds of computing that a process has had; less than 0 if it is gone.
double computing_time(int process);

}  // namespace lockstep

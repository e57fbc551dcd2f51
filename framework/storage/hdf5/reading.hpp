#pragma once

// Where HDF5 files are parsed. Files may be hostile, and libhdf5 1.10 crashes on some, so each is
// parsed by this program in a process of its own with limits of memory, time and system calls.

#include <optional>
#include <string>

namespace lockstep {

/// To be called first in `main` of every program that reads HDF5 files.
///
/// @return the code to end with at once, in a process that was started to parse a file; else
///         nothing
std::optional<int> serve_hdf5_reading(int argc, const char* const* argv);

/// From now on files are parsed in this process: nothing then protects it. To be called before any
/// thread is started.
void trust_hdf5_files();
bool trusts_hdf5_files();

/// What protects this process from the files that it reads.
struct ReadingProtection {
  bool own_process = false;    ///< files are parsed in a process of their own
  bool limited_calls = false;  ///< which may make only the system's calls that it needs (seccomp)
  std::string problem;         ///< why there is no such process; "" if there is
};

/// Tries it here and now.
ReadingProtection reading_protection();

}  // namespace lockstep

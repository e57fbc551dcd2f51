#pragma once

// What test programs offer in a process of their own, beside reading HDF5 files. A test registers
// its services before main begins.

#include <vector>

#include "framework/storage/sandbox/sandboxed_process.hpp"

namespace lockstep::testing {

inline std::vector<SandboxService>& sandbox_services() {
  static std::vector<SandboxService> services;
  return services;
}

}  // namespace lockstep::testing

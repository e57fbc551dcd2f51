#pragma once

// The instruction set that the kernels use: "avx512", "avx2" or "portable". It is chosen at run
// time as the best that this machine has. All give the same bits. Forcing one is for tests and
// comparisons.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// The instruction set in use.
std::string current_isa();

/// The instruction sets that this program and this machine can run, best first.
std::vector<std::string> available_isas();

/// Makes all kernels use this one from now on.
///
/// Threading contract: to be called before any worker starts.
/// @throws Error (usage) if the name is unknown or this machine cannot run it.
void force_isa(std::string_view name);

/// `force_isa` with the text of LOCKSTEP_ISA. Does nothing if the variable is not set or empty.
void apply_isa_setting(std::optional<std::string_view> lockstep_isa);

}  // namespace lockstep

#pragma once

// Which instruction set the kernels run on: "avx512", "avx2" or "portable", chosen at run time as
// the best this machine has. All give the same bits; forcing one is for tests and comparisons.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// The one in use.
std::string current_isa();

/// Those that this program and this machine can run, best first.
std::vector<std::string> available_isas();

/// Makes all kernels use one of them from now on.
///
/// Threading contract: to be called before any worker starts.
/// @throws Error (usage) if the name is unknown or this machine cannot run it.
void force_isa(std::string_view name);

/// `force_isa` of the text of LOCKSTEP_ISA; nothing when the variable is not set or empty.
void apply_isa_setting(std::optional<std::string_view> lockstep_isa);

}  // namespace lockstep

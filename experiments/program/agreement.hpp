#pragma once

// What ranks compare before they work together.

#include <string>

#include "data/catalogue.hpp"
#include "experiments/program/command.hpp"
#include "framework/core/build_info.hpp"
#include "framework/core/digest.hpp"
#include "framework/training/exchange/communicator.hpp"

namespace lockstep {

/// "lockstep 0.1.0 of commit 0123456789ab, arithmetic version 1". Ranks that differ in any part of
/// it would not compute the same bits.
std::string program_line(const BuildInfo& build, int arithmetic_version);

/// The line of this program.
std::string own_program_line();

/// Collective. @throws CollectiveError (usage) if a rank runs another version of the program
void check_same_program(const CommandContext& context);
/// The same for any programs' lines.
void check_same_program(Communicator& communicator, const std::string& mine);

/// Equal for requests that would load the same samples from the same places.
std::string key_of(const DataRequest& request);
/// Equal for ranks that would load the same data and can reach one another's memory.
std::string sharers_of(const CommandContext& context, const DataRequest& request);

/// Collective. @throws CollectiveError (data) if a rank has loaded other samples
void check_same_data(const CommandContext& context, const LoadedData& data);

/// Compares the weights that training is about to start from. Collective.
/// @throws CollectiveError (numeric) if a rank has other weights
void check_same_start(Communicator& communicator, const Digest& weights);

}  // namespace lockstep

#pragma once

// What ranks compare before they work together.

#include "data/catalogue.hpp"
#include "experiments/command.hpp"

namespace lockstep {

/// Collective. @throws CollectiveError (usage) when a rank runs another version of the program
void check_same_program(const CommandContext& context);

/// Collective. @throws CollectiveError (data) when a rank has loaded other samples
void check_same_data(const CommandContext& context, const LoadedData& data);

}  // namespace lockstep

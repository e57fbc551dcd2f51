#pragma once

// A run's newest weights, judged on labelled samples.

#include <string>
#include <vector>

#include "experiments/program/command.hpp"
#include "experiments/report/page.hpp"
#include "experiments/workbench/saved_network.hpp"

namespace lockstep {

/// The table of truths (rows) and predictions. @param confusion  classes x classes
nlohmann::ordered_json confusion_view(const std::vector<Index>& confusion);

/// Evaluates on the test set, or on the validation set if there is no test set, and adds to the
/// page: figures, confusion matrix, pictures, mistakes, and what the layers make of one sample of
/// each class. If the data are missing or do not fit, a note says so and the page stays as it is.
void add_judgement(const CommandContext& context, const SavedNetwork& network, ReportPage& page);

}  // namespace lockstep

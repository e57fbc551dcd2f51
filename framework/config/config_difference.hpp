#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/config/experiment_config.hpp"

namespace lockstep {

/// The name of an item of a list, such as a layer: its `name`, or "".
std::string_view name_of(const Value& item);

/// The paths of all keys that differ, in the order of an experiment file: "train.steps",
/// "model.layers.c1.filters". Numbers compare by value and layers by name. Lists of layers with
/// different names or in a different order are one difference, "model.layers". A key that one of
/// the two leaves out has its default, whichever version wrote it.
std::vector<std::string> differing_keys(const ExperimentConfig& a, const ExperimentConfig& b);

/// The value of a key of a document by its path, as in differing_keys; null if there is none.
const Value* value_at(const Value& document, std::string_view path);

/// Whether a key never changes results: names, paths, limits of time, and how often a run evaluates
/// and saves checkpoints.
bool never_changes_results(std::string_view key);

/// Whether a run that has begun with `config` stays the same run when `key` changes. This holds for
/// how often it evaluates and saves checkpoints, for the number of checkpoints kept, and for the
/// length of the run if the learning rate does not depend on it.
bool may_change_on_resume(const ExperimentConfig& config, std::string_view key);

/// The keys that prevent a run from going on, because `config` differs in them from the experiment
/// that the run has recorded. Empty: it may go on.
std::vector<std::string> keys_refused_on_resume(const ExperimentConfig& recorded,
                                                const ExperimentConfig& config);

}  // namespace lockstep

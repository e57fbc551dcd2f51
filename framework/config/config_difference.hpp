#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/config/experiment_config.hpp"

namespace lockstep {

/// What an item of a list is called, such as a layer: its `name`, or "".
std::string_view name_of(const Value& item);

/// The paths of all keys that are not the same in both, in the order of an experiment file:
/// "train.steps", "model.layers.c1.filters". Numbers compare by value, layers by name; a list of
/// layers with other names or another order is one difference, "model.layers". A key that one of the
/// two leaves out has its default, whichever version wrote it.
std::vector<std::string> differing_keys(const ExperimentConfig& a, const ExperimentConfig& b);

/// The value of a key of a document by its path, as differing_keys names it; null without one.
const Value* value_at(const Value& document, std::string_view path);

/// Whether no result depends on a key: names, paths, limits of time, and the rhythms of evaluation
/// and checkpoints.
bool never_changes_results(std::string_view key);

/// Whether a run that has begun with `config` stays the same run when `key` changes: the rhythms of
/// evaluation and checkpoints and the number of checkpoints kept; and the length of the run where
/// the learning rate does not depend on it.
bool may_change_on_resume(const ExperimentConfig& config, std::string_view key);

/// The keys in which `config` differs from the experiment that a run has recorded and must not, so
/// that the run may go on; none when it may.
std::vector<std::string> keys_refused_on_resume(const ExperimentConfig& recorded,
                                                const ExperimentConfig& config);

}  // namespace lockstep

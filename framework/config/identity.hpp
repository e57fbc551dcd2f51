#pragma once

#include <span>
#include <string>

#include "framework/core/settings.hpp"

namespace lockstep {

// Later versions have more keys than 0.1.0. A new key at its default changes nothing in a run. So
// it must change neither a trial's name nor what is compared before a run is resumed. A key counts
// if 0.1.0 had it, or if its value is not its default (Value::is_default, set by the SettingsReader
// that knows the default).

/// A resolved experiment (to_value) without the keys that 0.1.0 did not have and that are at their
/// defaults.
Value without_later_defaults(Value resolved);

/// The identity of a trial: the same, also without keys that cannot change its results
/// (never_changes_results).
/// @param kept  paths of keys that count although no result depends on them: a sweep varies them
Value identity_document(Value resolved, std::span<const std::string> kept = {});

}  // namespace lockstep

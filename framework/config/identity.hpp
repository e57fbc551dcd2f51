#pragma once

#include <span>
#include <string>

#include "framework/core/settings.hpp"

namespace lockstep {

// Later versions have more keys than 0.1.0. One that is left at its default changes nothing of a run,
// and so neither the name of a trial nor what is compared before a run is resumed: a key counts where
// 0.1.0 had it, or where it stands at something other than its default (Value::is_default, which the
// SettingsReader that has the default sets).

/// A resolved experiment (to_value) without keys that 0.1.0 did not have and that stand at their
/// defaults.
Value without_later_defaults(Value resolved);

/// What a trial is known by: the same, also without what cannot change its results
/// (never_changes_results).
/// @param kept  paths of keys that count although no result depends on them: a sweep varies them
Value identity_document(Value resolved, std::span<const std::string> kept = {});

}  // namespace lockstep

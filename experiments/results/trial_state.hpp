#pragma once

// How far a trial has come. The files of its folder are the only record of it.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "framework/core/digest.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/storage/run/sweep_index.hpp"

namespace lockstep {

enum class TrialStatus {
  waiting,      ///< not begun
  running,      ///< some process trains it now
  interrupted,  ///< killed; it can go on from its newest checkpoint
  stopped,      ///< on request, with a checkpoint
  failed,
  pruned,  ///< stopped for good by the sweep's method; its folder does not show this
  done,
};

/// "waiting"
std::string_view to_string(TrialStatus status);

struct TrialState {
  TrialStatus status = TrialStatus::waiting;
  std::string reason;  ///< why it failed, or why its figures cannot be read
  Index steps = 0;
  std::optional<Digest> digest;  ///< after the last recorded step, if taken
  EpochRecord last;              ///< the last evaluation
  MetricsTables curve;           ///< steps of its loss curve, and evaluations without details

  bool is_over() const {
    return status == TrialStatus::done || status == TrialStatus::failed ||
           status == TrialStatus::pruned;
  }
};

/// If the records of a trial cannot be read, only its status is known.
TrialState read_trial_state(const std::filesystem::path& folder);

/// Updates a row to what the trial's folder says now. Only the row itself knows that a trial was
/// given up and not merely stopped. Its curve stays as it is.
void bring_up_to_date(SweepIndexRow& row, const TrialState& state);

/// The last recorded step, without reading the whole record.
Index last_step(const std::filesystem::path& folder);

/// The last line with text in the output of a trial's process; "" if there is none.
std::string last_words(const std::filesystem::path& file);

}  // namespace lockstep

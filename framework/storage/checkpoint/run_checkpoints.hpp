#pragma once

// The checkpoints of one run: RUN/checkpoints/step_00000860.h5, and the texts RUN/latest and
// RUN/best that name one of them. One writer, which holds the run's lock; readers may look at any
// time.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/storage/files/atomic_file.hpp"

namespace lockstep {

struct SaveOptions {
  Index keep = 3;        ///< how many of the newest stay, at least 1
  bool is_best = false;  ///< `best` names this one from now on
  WriteOptions write = {};
};

/// A checkpoint to go on from.
struct FoundCheckpoint {
  std::filesystem::path path;
  Checkpoint checkpoint;
  /// One sentence for each newer checkpoint that was passed over, and why.
  std::vector<std::string> messages;
};

/// Why a checkpoint is not one to go on from; nothing when it is. The sentence goes without its
/// full stop.
using CheckpointJudge = std::function<std::optional<std::string>(const FoundCheckpoint&)>;

class RunCheckpoints {
 public:
  explicit RunCheckpoints(std::filesystem::path run) : run_(std::move(run)) {}

  std::filesystem::path path_of(Index step) const;

  /// Steps of all checkpoints, smallest first; their contents are not looked at.
  std::vector<Index> steps() const;

  /// What `latest` and `best` name, if they name one that exists.
  std::optional<Index> latest() const;
  std::optional<Index> best() const;

  /// Writes the checkpoint of `checkpoint.state->progress.step`, then best, then latest, then removes the
  /// oldest ones beyond `keep`, but never what best and latest name, nor later steps than this one.
  /// @throws Error (data); all that was there before is then still there.
  std::filesystem::path save(const Checkpoint& checkpoint, const SaveOptions& options) const;

  /// The newest checkpoint that is verified, is of the step in its name, and that `judge` finds
  /// nothing wrong with; nothing when there is none at all.
  /// @throws Error (data) when there are checkpoints but none is good, or when the newest good one
  /// was
  ///         made with another arithmetic version. Nothing is deleted in any case.
  std::optional<FoundCheckpoint> newest_good(const CheckpointJudge& judge = {}) const;

  /// Makes latest and best those of a run that goes on from `step`, with `best_step` as in that
  /// checkpoint's state; later ones stay until they are written again.
  void rewind(Index step, Index best_step) const;

 private:
  std::filesystem::path run_;

  std::optional<Index> named_by(const char* name) const;
  void write_name(const char* name, Index step) const;
  void remove_old(Index newest, Index keep) const;
};

/// The file that a verb's argument CHECKPOINT or RUN means: a run's latest checkpoint (or the one
/// with the highest step, when `latest` is lost), or the file itself.
/// @throws Error (data) for a folder without checkpoints.
std::filesystem::path find_checkpoint(const std::filesystem::path& checkpoint_or_run);

}  // namespace lockstep

#pragma once

// The checkpoints of one run: RUN/checkpoints/step_00000860.h5, and the texts RUN/latest and
// RUN/best, each naming one of them. There is one writer, which holds the run's lock. Readers may
// look at any time.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/storage/files/atomic_file.hpp"

namespace lockstep {

struct SaveOptions {
  Index keep = 3;        ///< how many of the newest are kept, at least 1
  bool is_best = false;  ///< `best` names this one from now on
  WriteOptions write = {};
};

/// A checkpoint to go on from.
struct FoundCheckpoint {
  std::filesystem::path path;
  Checkpoint checkpoint;
  /// One sentence for each newer checkpoint that was passed over, with the reason.
  std::vector<std::string> messages;
};

/// Why a run cannot go on from a checkpoint; nothing if it can. The sentence has no full stop.
using CheckpointJudge = std::function<std::optional<std::string>(const FoundCheckpoint&)>;

class RunCheckpoints {
 public:
  explicit RunCheckpoints(std::filesystem::path run) : run_(std::move(run)) {}

  std::filesystem::path path_of(Index step) const;

  /// Steps of all checkpoints, smallest first. Their contents are not looked at.
  std::vector<Index> steps() const;

  /// The steps of the checkpoints that `latest` and `best` name, if these exist.
  std::optional<Index> latest() const;
  std::optional<Index> best() const;

  /// Writes the checkpoint of `checkpoint.state->progress.step`, then best, then latest. Then it
  /// removes the oldest checkpoints beyond `keep`, but never those that best and latest name, nor
  /// later steps than this one.
  /// @throws Error (data); everything that was there before is then still there.
  std::filesystem::path save(const Checkpoint& checkpoint, const SaveOptions& options) const;

  /// The newest checkpoint that is verified, is of the step in its name, and is accepted by
  /// `judge`. Nothing if there are no checkpoints at all.
  /// @throws Error (data) if there are checkpoints but none is good, or if the newest good one was
  ///         made with another arithmetic version. Nothing is deleted in any case.
  std::optional<FoundCheckpoint> newest_good(const CheckpointJudge& judge = {}) const;

  /// Makes latest and best those of a run that goes on from `step`, with `best_step` as in that
  /// checkpoint's state. Later checkpoints stay until they are written again.
  void rewind(Index step, Index best_step) const;

 private:
  std::filesystem::path run_;

  std::optional<Index> named_by(const char* name) const;
  void write_name(const char* name, Index step) const;
  void remove_old(Index newest, Index keep) const;
};

/// The file that the argument CHECKPOINT or RUN of a verb means: a run's latest checkpoint (or the
/// one with the highest step, if `latest` is lost), or the file itself.
/// @throws Error (data) for a folder without checkpoints.
std::filesystem::path find_checkpoint(const std::filesystem::path& checkpoint_or_run);

}  // namespace lockstep

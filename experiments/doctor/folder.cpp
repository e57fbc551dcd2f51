#include "experiments/doctor/folder.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "experiments/text/clock.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/files/atomic_file.hpp"
#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/files/run_lock.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSeen = "written_by_rank_0";

// The folder, or the one in which it would be made; a file, if one is in the way.
fs::path existing_place(fs::path place) {
  std::error_code problem;
  while (!fs::exists(place, problem) && !problem && place.has_relative_path()) {
    place = place.parent_path();
  }
  if (problem) throw system_error("look into", place, problem.value());
  return place;
}

void look_at_place(const fs::path& out, FolderFacts& facts) {
  facts.path = out.string();
  std::error_code problem;
  const fs::path whole = fs::absolute(out, problem);
  if (problem) throw system_error("find", out, problem.value());
  facts.path = whole.string();
  const fs::path place = existing_place(whole);
  facts.path = place.string();
  facts.file_system = file_system_of(place);
  if (fs::is_directory(place)) return;
  throw Error(errors::kNoFile, fmt::format("{} is a file, expected a folder.", facts.path));
}

// A hidden folder that is removed at the end, with everything in it.
class TrialFolder {
 public:
  explicit TrialFolder(const fs::path& parent)
      : path_(parent / fmt::format(".lockstep-doctor-{}", ::getpid())) {
    std::error_code problem;
    fs::create_directory(path_, problem);
    if (problem) throw system_error("make", path_, problem.value());
  }
  ~TrialFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TrialFolder(const TrialFolder&) = delete;
  TrialFolder& operator=(const TrialFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

double time_of_writing(const fs::path& file) {
  constexpr int kTries = 3;
  const std::string text(std::size_t{1} << 20U, '.');
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    const double start = seconds_now();
    write_text_file(file, text);
    const double seconds = seconds_now() - start;
    best = i == 0 ? seconds : std::min(best, seconds);
  }
  return best;
}

bool is_kept_out(const fs::path& locked) {
  try {
    const RunLock lock(locked);
    return false;
  } catch (const Error& error) {
    return error.kind() == ErrorKind::usage;
  }
}

/// Rank 0's part: the folder that all ranks try, locked as a run's is.
class Trial {
 public:
  Trial(const fs::path& parent, FolderFacts& facts) : folder_(parent) {
    facts.write_seconds = time_of_writing(folder_.path() / kSeen);
    lock_.emplace(folder_.path());
  }
  const fs::path& path() const { return folder_.path(); }

 private:
  TrialFolder folder_;
  std::optional<RunLock> lock_;  // released before the folder is removed
};

void try_folder(const fs::path& trial, FolderFacts& facts) {
  std::error_code ignored;
  facts.sees_rank_0 = fs::exists(trial / kSeen, ignored);
  if (facts.sees_rank_0) facts.is_kept_out = is_kept_out(trial);
  const TrialFolder own(facts.sees_rank_0 ? trial : fs::path(facts.path));
  write_text_file(own.path() / "trial", "lockstep doctor\n");
}

void note_problem(FolderFacts& facts, const std::function<void()>& body) {
  try {
    body();
  } catch (const SystemError& error) {
    facts.problem = error.reason();
    facts.problem_number = error.number();
  } catch (const Error& error) {
    facts.problem = error.what();
  }
}

}  // namespace

FolderFacts examine_folder(const CommandContext& context, const fs::path& out) {
  Communicator& communicator = context.communicator();
  FolderFacts facts;
  context.session.heartbeat().enter("check of the output folder", 0);
  note_problem(facts, [&] { look_at_place(out, facts); });
  std::optional<Trial> trial;
  if (context.is_root() && facts.problem.empty()) {
    note_problem(facts, [&] { trial.emplace(facts.path, facts); });
  }
  const fs::path shared =
      broadcast_text(communicator, trial ? trial->path().string() : std::string(), 0);
  if (facts.problem.empty()) note_problem(facts, [&] { try_folder(shared, facts); });
  communicator.barrier();
  return facts;
}

}  // namespace lockstep

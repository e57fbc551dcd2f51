#include "framework/storage/run/bundle.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <limits>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/files/user_block.hpp"
#include "framework/storage/hdf5/checked_file.hpp"
#include "framework/storage/hdf5/copy.hpp"
#include "framework/storage/hdf5/layout.hpp"
#include "framework/storage/metrics/journal_recovery.hpp"
#include "framework/storage/metrics/metrics_tables.hpp"
#include "framework/storage/metrics/plot_group.hpp"
#include "framework/storage/run/run_directory.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;
namespace layout = bundle_layout;

void add_named_group(Hdf5Writer& file, const std::string& path, const std::string& long_name) {
  file.add_group(path);
  file.add_attribute(path, "long_name", long_name);
}

// ---- Checkpoints --------------------------------------------------------------------------------

struct ReadCheckpoint {
  fs::path file;
  std::vector<std::byte> bytes;
};

struct ReadCheckpoints {
  std::vector<ReadCheckpoint> all;
  std::string latest;  ///< names of groups; "" without one
  std::string best;
};

std::vector<Index> chosen_steps(const RunCheckpoints& checkpoints, BundledCheckpoints which) {
  if (which == BundledCheckpoints::all) return checkpoints.steps();
  const bool both = which == BundledCheckpoints::named;
  std::vector<Index> steps;
  if (const auto best = checkpoints.best(); best && (both || which == BundledCheckpoints::best)) {
    steps.push_back(*best);
  }
  const auto latest = checkpoints.latest();
  if (latest && (both || which == BundledCheckpoints::latest)) steps.push_back(*latest);
  std::ranges::sort(steps);
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

std::string group_name(const RunCheckpoints& checkpoints, const std::optional<Index>& step) {
  return step ? checkpoints.path_of(*step).stem().string() : "";
}

ReadCheckpoint read_good(const fs::path& file) {
  try {
    return {file, read_verified_bytes(file)};
  } catch (const SystemError&) {
    throw;
  } catch (const Error& error) {
    throw Error(error.code(),
                fmt::format("{} Choose others with --checkpoints, or take it away.", error.what()));
  }
}

ReadCheckpoints read_chosen(const RunCheckpoints& checkpoints, BundledCheckpoints which) {
  ReadCheckpoints read{.all = {},
                       .latest = group_name(checkpoints, checkpoints.latest()),
                       .best = group_name(checkpoints, checkpoints.best())};
  for (const Index step : chosen_steps(checkpoints, which)) {
    read.all.push_back(read_good(checkpoints.path_of(step)));
  }
  return read;
}

/// While a run goes on it removes old checkpoints, even between their being chosen and read. By
/// then there are newer ones.
ReadCheckpoints read_checkpoints(const fs::path& run, BundledCheckpoints which) {
  constexpr int kAttempts = 20;
  for (int attempt = 1;; ++attempt) {
    try {
      return read_chosen(RunCheckpoints(run), which);
    } catch (const SystemError& error) {
      if (error.number() != ENOENT || attempt == kAttempts) throw;
    }
  }
}

std::size_t add_checkpoints(Hdf5Writer& file, const std::string& run, const ReadCheckpoints& read) {
  const std::string group = in_group(run, layout::kCheckpoints);
  add_named_group(file, group, "checkpoints, each as in a file of its own");
  file.add_attribute(group, "latest", read.latest);
  file.add_attribute(group, "best", read.best);
  for (const auto& [source, bytes] : read.all) {
    const std::string path = in_group(group, source.stem().string());
    copy_contents(Hdf5Reader(bytes, source.string()), file, path);
    file.add_attribute(path, "long_name", "checkpoint with the layout of its file");
  }
  return read.all.size();
}

// ---- Runs ---------------------------------------------------------------------------------------

struct TextFile {
  const char* name;
  const char* long_name;
};

constexpr std::array<TextFile, 3> kTextFiles = {{
    {"experiment.yaml", "experiment as given, YAML"},
    {"resolved.yaml", "experiment with all defaults and overrides, YAML"},
    {"log.txt", "what the run said"},
}};

void add_text_files(Hdf5Writer& file, const std::string& group, const fs::path& run) {
  for (const TextFile& text : kTextFiles) {
    const fs::path source = run / text.name;
    std::error_code missing;
    if (!fs::exists(source, missing)) continue;
    file.add_text(in_group(group, text.name),
                  read_text_file(source, std::numeric_limits<std::int64_t>::max()), text.long_name);
  }
}

void add_end(Hdf5Writer& file, const std::string& group, const BundledRun& run) {
  file.add_attribute(group, layout::kStatus, run.status);
  const std::optional<RunEnd> end = read_run_end(run.folder);
  if (!end) return;
  file.add_attribute(group, "outcome", std::string(to_string(end->outcome)));
  file.add_attribute(group, "exit_code", std::int64_t{end->exit_code});
  file.add_attribute(group, "reason", end->reason);
}

void add_metrics(Hdf5Writer& file, const std::string& run, const MetricsTables& tables) {
  const std::string group = in_group(run, layout::kMetrics);
  add_named_group(file, group, "metrics, as in metrics.h5");
  write_metrics(file, group, tables);
}

void add_run(Hdf5Writer& file, const BundledRun& run, BundledCheckpoints which,
             BundleResult& result) {
  const std::string group = in_group(layout::kRuns, run.name);
  add_named_group(file, group, "a run");
  file.add_attribute(group, "NX_class", "NXentry");
  file.add_attribute(group, "default", layout::kMetrics);
  add_end(file, group, run);
  add_text_files(file, group, run.folder);
  // Read before the metrics: in a run that goes on, the metrics then reach as far as its
  // checkpoints, or further.
  const ReadCheckpoints checkpoints = read_checkpoints(run.folder, which);
  RecordedMetrics metrics = read_run_metrics(
      {.journal = run.folder / "metrics.jsonl", .snapshot = run.folder / "metrics.h5"});
  add_metrics(file, group, metrics.tables);
  result.checkpoints += add_checkpoints(file, group, checkpoints);
  std::ranges::move(metrics.problems, std::back_inserter(result.problems));
}

void add_runs(Hdf5Writer& file, const BundleContents& contents, BundleResult& result) {
  add_named_group(file, layout::kRuns, "the runs, a group each");
  file.add_attribute(layout::kRuns, "NX_class", "NXcollection");
  if (!contents.runs.empty()) {
    file.add_attribute(layout::kRuns, "default", contents.runs.front().name);
  }
  for (const BundledRun& run : contents.runs) add_run(file, run, contents.checkpoints, result);
}

// ---- The file -----------------------------------------------------------------------------------

void add_head(Hdf5Writer& file, const BundleContents& contents) {
  file.add_attribute("/", "format", layout::kFormat);
  file.add_attribute("/", "schema_version", layout::kSchemaVersion);
  file.add_attribute("/", layout::kKind, contents.sweep ? "sweep" : "run");
  file.add_attribute("/", layout::kVersion, contents.version);
  if (contents.sweep) {
    write_sweep_index(file, contents.sweep->index);
    file.add_text("/sweep.yaml", contents.sweep->yaml, "sweep, YAML");
  } else {
    file.add_attribute("/", layout::kName, contents.name);
    file.add_attribute("/", "NX_class", "NXroot");
    file.add_attribute("/", "default", "runs");
  }
}

void read_values(const Hdf5Reader& file, const std::string& path) {
  switch (file.element(path)) {
    case Hdf5Element::text:
      file.read_texts(path);
      return;
    case Hdf5Element::float32:
    case Hdf5Element::float64:
      file.read_reals(path);
      return;
    case Hdf5Element::uint64:
      file.read_unsigned(path);
      return;
    default:
      file.read_integers(path);
  }
}

/// Reads every value and thereby verifies their checksums. Refuses links.
void read_all(const Hdf5Reader& file, const std::string& group) {
  for (const std::string& name : file.children(group)) {
    const std::string path = in_group(group, name);
    switch (file.node(path)) {
      case Hdf5Node::group:
        read_all(file, path);
        break;
      case Hdf5Node::dataset:
        read_values(file, path);
        break;
      default:
        throw Error(
            errors::kForeignFile,
            fmt::format("{} is a link or a named type, which a bundle never contains.", path));
    }
  }
}

/// Reads again what was written. These bytes are our own, so that parsing them is safe.
void verify(const fs::path& path, std::span<const std::byte> written) {
  const std::vector<std::byte> again = read_verified_bytes(path);
  if (!std::ranges::equal(again, written)) {
    throw Error(errors::kReadBack, fmt::format("{}: reading it again gave other bytes than were "
                                               "written; the disk may be full or failing.",
                                               path.string()));
  }
  read_all(Hdf5Reader(again, path.string(), Hdf5Parsing::this_process), "");
}

}  // namespace

BundleResult write_bundle(const fs::path& path, const BundleContents& contents,
                          const WriteOptions& options) {
  try {
    AtomicFile aside(path, options);
    BundleResult result;
    Hdf5Writer file(path, kUserBlockBytes);
    add_head(file, contents);
    add_runs(file, contents, result);
    std::vector<std::byte> bytes = file.finish();
    seal(bytes, SealedKind::bundle);
    aside.write(bytes);
    aside.sync();
    verify(aside.temporary(), bytes);
    options.reached(WriteStage::verified, aside.temporary());
    aside.publish();
    result.bytes = static_cast<std::int64_t>(fs::file_size(path));
    return result;
  } catch (const Error& error) {
    throw Error(error.code(),
                fmt::format("bundle {} is not written: {}", path.string(), error.what()));
  }
}

}  // namespace lockstep

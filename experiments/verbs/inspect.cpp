#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "experiments/program/command.hpp"
#include "experiments/results/bundle_summary.hpp"
#include "experiments/results/checkpoint_summary.hpp"
#include "experiments/results/follow.hpp"
#include "experiments/results/metrics_csv.hpp"
#include "experiments/results/metrics_summary.hpp"
#include "experiments/results/run_summary.hpp"
#include "experiments/results/sweep_summary.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/hdf5/checked_file.hpp"
#include "framework/storage/hdf5/file_format.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/run/run_directory.hpp"

namespace lockstep {
namespace {

enum class Inspected { run, sweep, checkpoint, metrics, bundle };

Inspected kind_of_folder(const std::filesystem::path& folder) {
  if (is_run_directory(folder)) return Inspected::run;
  if (std::filesystem::exists(folder / "index.h5")) return Inspected::sweep;
  throw Error(errors::kNoRun,
              fmt::format("{} is a folder, but neither a run's nor a sweep's: it has no "
                          "resolved.yaml and no index.h5; give a folder that 'lockstep train' or "
                          "'lockstep sweep' wrote, such as runs/quickstart.",
                          folder.string()));
}

Inspected kind_of_sealed(SealedKind kind) {
  switch (kind) {
    case SealedKind::checkpoint:
      return Inspected::checkpoint;
    case SealedKind::metrics:
      return Inspected::metrics;
    case SealedKind::sweep:
      return Inspected::sweep;
    case SealedKind::bundle:
      break;
  }
  return Inspected::bundle;
}

// The kind of a file, by what it says about itself.
Inspected kind_of_file(const std::filesystem::path& path) {
  if (const auto kind = sealed_kind(path)) return kind_of_sealed(*kind);
  const OpenedFile opened = open_checked(path);
  const Hdf5Reader& file = *opened.reader;
  constexpr std::array<std::pair<std::string_view, Inspected>, 4> kFormats = {{
      {"lockstep-checkpoint", Inspected::checkpoint},
      {"lockstep-metrics", Inspected::metrics},
      {"lockstep-sweep", Inspected::sweep},
      {"lockstep-bundle", Inspected::bundle},
  }};
  const auto* const found =
      std::ranges::find(kFormats, format_of(file), &std::pair<std::string_view, Inspected>::first);
  if (found != kFormats.end()) return found->second;
  // Weights from elsewhere do not say what they are.
  if (file.node("/parameters") == Hdf5Node::group) return Inspected::checkpoint;
  throw Error(
      errors::kForeignFile,
      fmt::format("{} is an HDF5 file, but none of Lockstep: it has neither a format that is "
                  "known nor /parameters; give a checkpoint, metrics.h5, index.h5, a "
                  "bundle, or the folder of a run or a sweep.",
                  path.string()));
}

class InspectCommand final : public Command {
 public:
  std::string_view name() const override { return "inspect"; }
  std::string_view summary() const override {
    return "What a run was and how it went, or what is in one of its files";
  }
  int place() const override { return 30; }
  std::string_view notes() const override {
    return "The table of layers is of the last evaluation. 'gradient' is the root mean square of "
           "the last step's mean gradient over all parameters of a layer, biases included, after "
           "clipping and before weight decay. 'weight rms' is that of its weights after the step, "
           "without biases and with weight_scale.";
  }
  std::vector<std::string_view> examples() const override {
    return {"inspect runs/quickstart", "inspect runs/quickstart --csv epochs"};
  }
  std::vector<std::string_view> refused() const override {
    return {"inspect", "inspect run --csv step"};
  }
  void add_options(OptionList& list) override {
    list.argument("RUN|SWEEP|FILE", path_,
                  "A folder of a run or a sweep, a checkpoint, metrics.h5, index.h5, or a bundle");
    list.choice(
        {"--csv", "TABLE"}, {"steps", "epochs", "layers", "confusion"}, table_,
        "Print a table of a run or of metrics.h5 as CSV: steps, epochs, layers or confusion");
    list.flag("--follow", follows_,
              "Print a line for each evaluation of a run, as long as it is trained");
  }

  int run(const CommandContext& context) override {
    check_options(context.console);
    fail_together(context.communicator(), [&] {
      if (context.is_root()) inspect(context.console);
    });
    return 0;
  }

 private:
  std::string path_;
  std::string table_;
  bool follows_ = false;

  void check_options(const Console& console) const {
    const int forms = (console.json() ? 1 : 0) + (table_.empty() ? 0 : 1) + (follows_ ? 1 : 0);
    if (forms < 2) return;
    throw Error(errors::kOptionsExclude,
                "--json, --csv and --follow are three forms of output: give one of them.");
  }

  void inspect(const Console& console) const {
    const Inspected kind =
        std::filesystem::is_directory(path_) ? kind_of_folder(path_) : kind_of_file(path_);
    if (!table_.empty()) return print_csv(console, kind);
    if (follows_) {
      require(kind == Inspected::run, "--follow is for the folder of a run");
      return follow_run(console, path_);
    }
    print(console, kind);
  }

  void print(const Console& console, Inspected kind) const {
    const std::filesystem::path path(path_);
    switch (kind) {
      case Inspected::run:
        return inspect_run(console, path);
      case Inspected::sweep:
        return inspect_sweep(console, path);
      case Inspected::checkpoint:
        return inspect_checkpoint(console, path);
      case Inspected::metrics:
        return inspect_metrics(console, path);
      case Inspected::bundle:
        return inspect_bundle(console, path);
    }
  }

  void print_csv(const Console& console, Inspected kind) const {
    require(kind == Inspected::run || kind == Inspected::metrics,
            "--csv is for the folder of a run and for metrics.h5");
    RecordedMetrics metrics;
    if (kind == Inspected::run) {
      metrics = metrics_of_run(path_);
    } else {
      metrics.tables = read_metrics(path_);
    }
    warn_about(console, metrics.problems);
    for (const std::string& line : csv_lines(metrics.tables, table())) console.result(line);
  }

  CsvTable table() const {
    if (table_ == "steps") return CsvTable::steps;
    if (table_ == "epochs") return CsvTable::epochs;
    return table_ == "layers" ? CsvTable::layers : CsvTable::confusion;
  }

  void require(bool is_met, std::string_view what) const {
    if (is_met) return;
    throw Error(errors::kOptionValue, fmt::format("{}, but {} is something else.", what, path_));
  }
};

}  // namespace

Verb inspect_verb() { return std::make_unique<InspectCommand>(); }

}  // namespace lockstep

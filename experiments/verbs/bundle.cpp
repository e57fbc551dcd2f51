#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "experiments/program/command.hpp"
#include "experiments/results/bundle_contents.hpp"
#include "experiments/text/figures.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/run/bundle.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<std::string_view, BundledCheckpoints>, 5> kChoices = {{
    {"", BundledCheckpoints::named},
    {"latest", BundledCheckpoints::latest},
    {"best", BundledCheckpoints::best},
    {"all", BundledCheckpoints::all},
    {"none", BundledCheckpoints::none},
}};

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(errors::kOutputExists, sentence);
}

bool is_replaceable(const fs::path& file) {
  try {
    return is_bundle(file);
  } catch (const Error&) {
    return false;
  }
}

void require_free(const fs::path& file, bool overwrite) {
  std::error_code problem;
  if (!fs::exists(file, problem)) return;
  if (fs::is_directory(file, problem)) {
    refuse(fmt::format("{} is a folder, expected a file to write; name another with --out.",
                       file.string()));
  }
  if (!overwrite) {
    refuse(
        fmt::format("{} exists already: replace it with --overwrite, or name another file with "
                    "--out.",
                    file.string()));
  }
  if (!is_replaceable(file)) {
    refuse(
        fmt::format("{} is no bundle, and --overwrite replaces bundles only; name another file "
                    "with --out.",
                    file.string()));
  }
}

// Beside the folder, with the folder's name.
fs::path usual_file(const fs::path& folder) {
  fs::path file = folder;
  file += ".h5";
  return file;
}

void warn_about(const Console& console, const FoundContents& found, const BundleResult& result) {
  std::vector<std::string> running;
  for (const auto& [name, state] : found.states) {
    if (state.status == TrialStatus::running) running.push_back(name);
  }
  if (!running.empty()) {
    console.warning(fmt::format("{} trained at this moment ({}); the bundle has what was there.",
                                running.size() == 1 ? "a run is" : "some runs are",
                                fmt::join(running, ", ")));
  }
  for (const std::string& problem : result.problems) console.warning(problem);
}

class BundleCommand final : public Command {
 public:
  std::string_view name() const override { return "bundle"; }
  std::string_view summary() const override {
    return "Pack a run or a sweep into one plain HDF5 file, to send or to keep";
  }
  int place() const override { return 43; }
  std::vector<std::string_view> examples() const override {
    return {"bundle runs/quickstart",
            "bundle sweeps/adam_search --checkpoints all --out search.h5"};
  }
  std::vector<std::string_view> refused() const override {
    return {"bundle", "bundle run --checkpoints first"};
  }
  std::string_view notes() const override {
    return "The file has the experiment, the log, all metrics and the checkpoints, and for a sweep "
           "the table of its trials with their curves; it needs no other file and no Lockstep to "
           "be read. Without --checkpoints, those that the run calls its latest and its best are "
           "packed. If one of them is damaged, nothing is written and the exit code is 3.";
  }
  void add_options(OptionList& list) override {
    list.argument("RUN|SWEEP", folder_, "The folder of a run or of a sweep");
    list.text({"--out", "FILE"}, file_, "File to write (default: NAME.h5 beside the folder)");
    list.choice({"--checkpoints", "WHICH"}, {"latest", "best", "all", "none"}, checkpoints_,
                "Of each run: latest, best, all or none");
    list.flag("--overwrite", overwrite_, "Replace a bundle that is there");
  }

  int run(const CommandContext& context) override {
    fail_together(context.communicator(), [&] {
      if (context.is_root()) bundle(context.console);
    });
    return 0;
  }

 private:
  std::string folder_;
  std::string file_;
  std::string checkpoints_;
  bool overwrite_ = false;

  void bundle(const Console& console) const {
    const fs::path folder = find_bundled_folder(folder_);
    const fs::path file = file_.empty() ? usual_file(folder) : fs::path(file_);
    require_free(file, overwrite_);
    FoundContents found = find_contents(folder);
    found.contents.checkpoints =
        std::ranges::find(kChoices, checkpoints_, &decltype(kChoices)::value_type::first)->second;
    const BundleResult result = write_bundle(file, found.contents);
    warn_about(console, found, result);
    report(console, file, found.contents, result);
  }

  static void report(const Console& console, const fs::path& file, const BundleContents& contents,
                     const BundleResult& result) {
    const Json json = {{"file", file.string()},
                       {"kind", contents.sweep ? "sweep" : "run"},
                       {"runs", contents.runs.size()},
                       {"checkpoints", result.checkpoints},
                       {"bytes", result.bytes}};
    console.json_object(json.dump(2));
    console.result(fmt::format("{}  {}, {}, {}", console.bold(file.string()),
                               count_of(static_cast<Index>(contents.runs.size()), "run"),
                               count_of(static_cast<Index>(result.checkpoints), "checkpoint"),
                               bytes_in_words(result.bytes)));
  }
};

}  // namespace

Verb bundle_verb() { return std::make_unique<BundleCommand>(); }

}  // namespace lockstep

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/program/command.hpp"
#include "experiments/report/page.hpp"
#include "experiments/report/run.hpp"
#include "experiments/report/sweep.hpp"
#include "experiments/text/figures.hpp"
#include "framework/core/error.hpp"
#include "framework/storage/files/atomic_file.hpp"
#include "framework/storage/run/run_directory.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

enum class ReportKind { run, sweep };

struct Subject {
  fs::path folder;
  ReportKind kind;
};

Subject subject_of(const std::string& given) {
  // The path "runs/a/" ends without a name; its parent has it.
  fs::path folder = fs::path(given).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  if (is_run_directory(folder)) return {folder, ReportKind::run};
  if (is_sweep_directory(folder)) return {folder, ReportKind::sweep};
  throw Error(errors::kNoRun,
              fmt::format("{} is neither a run's folder, which has a resolved.yaml, nor a sweep's, "
                          "which has a sweep.yaml; give one that 'lockstep train' or 'lockstep "
                          "sweep' wrote, such as runs/quickstart.",
                          given));
}

class ReportCommand final : public Command {
 public:
  std::string_view name() const override { return "report"; }
  std::string_view summary() const override {
    return "Write a run or a sweep as one HTML page that needs nothing else";
  }
  int place() const override { return 41; }
  std::vector<std::string_view> examples() const override {
    return {"report runs/quickstart", "report sweeps/adam_search --out search.html"};
  }
  std::vector<std::string_view> refused() const override { return {"report", "report run --out"}; }
  std::string_view notes() const override {
    return "The page is FOLDER/report.html unless --out says otherwise, and replaces the one "
           "before. The latest checkpoint is evaluated on the run's data. If the data are missing, "
           "the page shows only what the files record. A sweep's page links to the pages of its "
           "trials that exist.";
  }
  void add_options(OptionList& list) override {
    list.arguments("RUN|SWEEP", folders_, "Folders of runs and sweeps: a page for each");
    list.text({"--out", "FILE"}, out_, "Where to write the page, for one folder");
  }

  // Everything is done on rank 0: there is too little work to share.
  int run(const CommandContext& context) override {
    fail_together(context.communicator(), [&] {
      if (context.is_root()) write_pages(context);
    });
    return 0;
  }

 private:
  std::vector<std::string> folders_;
  std::string out_;

  void write_pages(const CommandContext& context) const {
    if (!out_.empty() && folders_.size() > 1) {
      throw Error(errors::kOptionsExclude,
                  fmt::format("--out names one file, and there are {} folders; leave it out, and "
                              "each folder gets its report.html.",
                              folders_.size()));
    }
    std::vector<Subject> subjects;
    for (const std::string& folder : folders_) subjects.push_back(subject_of(folder));
    // A sweep's page links to those of its trials.
    std::stable_sort(subjects.begin(), subjects.end(),
                     [](const Subject& a, const Subject& b) { return a.kind < b.kind; });
    Json pages = Json::array();
    for (const Subject& subject : subjects) pages.push_back(write_page(context, subject));
    context.console.json_object(pages.size() == 1 ? pages[0].dump(2)
                                                  : Json{{"pages", pages}}.dump(2));
  }

  Json write_page(const CommandContext& context, const Subject& subject) const {
    const bool is_run = subject.kind == ReportKind::run;
    const fs::path file = out_.empty() ? subject.folder / "report.html" : fs::path(out_);
    const ReportPage page = is_run ? run_report(context, subject.folder)
                                   : sweep_report(subject.folder, file.parent_path());
    for (const std::string& note : page.notes) context.console.warning(note);
    const std::string html = render_page(page);
    write_text_file(file, html);
    context.console.result(
        fmt::format("{} ({})", file.string(), bytes_in_words(static_cast<Index>(html.size()))));
    return {{"file", file.string()}, {"bytes", html.size()}, {"kind", is_run ? "run" : "sweep"}};
  }
};

}  // namespace

Verb report_verb() { return std::make_unique<ReportCommand>(); }

}  // namespace lockstep

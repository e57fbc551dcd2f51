#include <string>
#include <vector>

#include "experiments/compare/comparison.hpp"
#include "experiments/compare/report.hpp"
#include "experiments/program/command.hpp"

namespace lockstep {
namespace {

class CompareCommand final : public Command {
 public:
  std::string_view name() const override { return "compare"; }
  std::string_view summary() const override {
    return "Differences between runs: configuration, results, and where they part";
  }
  int place() const override { return 42; }
  std::vector<std::string_view> examples() const override {
    return {"compare runs/quickstart runs/quickstart-2",
            "compare runs/quickstart runs/other/checkpoints/step_00000430.h5"};
  }
  std::vector<std::string_view> refused() const override { return {"compare", "compare run"}; }
  std::string_view notes() const override {
    return "Each is a run's folder, a checkpoint, or metrics.h5; the first is compared with each "
           "other one. The output lists the keys that differ (in brackets if no result depends on "
           "them), the figures at the end, and the first step whose weights differ. For the first "
           "checkpoint that shows the difference it names layer, tensor and element. Exit code 0: "
           "the same weights and configuration; 1: a difference.";
  }
  void add_options(OptionList& list) override {
    list.argument("A", first_, "A run's folder, a checkpoint, or metrics.h5");
    list.arguments("B", others_, "What to compare it with; one or more");
  }

  int run(const CommandContext& context) override {
    bool same = true;
    fail_together(context.communicator(), [&] {
      if (context.is_root()) same = compare_all(context.console);
    });
    return broadcast_text(context.communicator(), same ? "same" : "", 0).empty() ? 1 : 0;
  }

 private:
  std::string first_;
  std::vector<std::string> others_;

  bool compare_all(const Console& console) const {
    std::vector<std::string> paths = {first_};
    paths.insert(paths.end(), others_.begin(), others_.end());
    const Comparison comparison = compare(paths);
    console.json_object(to_json(comparison));
    if (!console.json()) report_comparison(console, comparison);
    return comparison.same();
  }
};

}  // namespace

Verb compare_verb() { return std::make_unique<CompareCommand>(); }

}  // namespace lockstep

#include <algorithm>

#include "cluster/binding.hpp"
#include "experiments/check_report.hpp"
#include "experiments/command.hpp"
#include "experiments/workbench.hpp"

namespace lockstep {
namespace {

// Everything that must be changed, once each.
std::vector<std::string> advice_of(const CheckFindings& findings) {
  std::vector<std::string> overrides;
  for (const CheckFinding& finding : findings) {
    for (const AdvisedChange& change : finding.changes) {
      if (std::ranges::find(overrides, change.text()) == overrides.end()) {
        overrides.push_back(change.text());
      }
    }
  }
  return overrides;
}

// Those whose keys are not to be changed.
std::vector<std::string> without(std::vector<std::string> overrides,
                                 const CheckFindings& findings) {
  for (const CheckFinding& finding : findings) {
    for (const AdvisedChange& change : finding.changes) {
      std::erase_if(overrides, [&](const std::string& text) {
        return text.substr(0, text.find('=')) == change.key;
      });
    }
  }
  return overrides;
}

class CheckCommand final : public Command {
 public:
  std::string_view name() const override { return "check"; }
  std::string_view summary() const override {
    return "Say why a network will not learn, and which key to change to what";
  }
  std::string_view notes() const override {
    return "Looks at one batch layer by layer, then trains for 100 steps as the experiment says. "
           "A finding must be 'change'd, 'follows' from one before it, or is a 'note'. Nothing is "
           "written. Exit code 0: nothing must change; 1: something must.";
  }
  void add_options(OptionList& list) override {
    list.argument("EXPERIMENT", file_, "Experiment file (YAML)");
    list.overrides(overrides_, "key.path=value");
  }

  int run(const CommandContext& context) override {
    const ExperimentConfig config = load_experiment(file_, overrides_);
    const auto graph = build_graph(config.model);
    const Workbench bench = load_training_data(context, config, *graph, DataParts::training);
    const WorkerTeam team(context.threads());
    const CheckBench check{*graph, config, *bench.splits.train, team};

    CheckFacts facts = gather_check_facts(check);
    CheckFindings findings = initial_findings(facts);
    if (!has_cause(findings) && !facts.learns(facts.trial)) facts.rates = try_rates(check);
    std::ranges::move(trial_findings(facts, findings), std::back_inserter(findings));

    CheckResults results{.facts = facts, .findings = std::move(findings)};
    results.advice = advice_of(results.findings);
    if (!results.advice.empty()) follow(bench, team, results);
    report(context.console, results);
    return has_cause(results.findings) ? 1 : 0;
  }

 private:
  std::string file_;
  std::vector<std::string> overrides_;

  // The trial once more, with what is advised.
  void follow(const Workbench& bench, const WorkerTeam& team, CheckResults& results) const {
    std::vector<std::string> overrides = without(overrides_, results.findings);
    overrides.insert(overrides.end(), results.advice.begin(), results.advice.end());
    const ExperimentConfig config = load_experiment(file_, overrides);
    const auto graph = build_graph(config.model);
    const DataSplits splits = split_data(
        *bench.data,
        {.validation = config.data.validation, .preprocessing = preprocessing_of(config.data)});
    results.with_advice = run_check_trial({*graph, config, *splits.train, team});
    std::vector<const char*> words{"lockstep", "train", file_.c_str()};
    for (const std::string& text : overrides) words.push_back(text.c_str());
    results.command = shell_line(words);
  }

  static void report(const Console& console, const CheckResults& results) {
    console.json_object(check_json(results));
    for (const ReportLine& line : check_lines(results)) {
      console.result(line.is_heading ? console.bold(line.text) : line.text);
    }
  }
};

}  // namespace

std::unique_ptr<Command> make_check_command() { return std::make_unique<CheckCommand>(); }

}  // namespace lockstep

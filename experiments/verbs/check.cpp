#include <algorithm>
#include <iterator>
#include <numeric>

#include "cluster/binding.hpp"
#include "experiments/check/lint.hpp"
#include "experiments/check/report.hpp"
#include "experiments/program/command.hpp"
#include "experiments/program/experiment_file.hpp"
#include "experiments/program/launch.hpp"
#include "experiments/workbench/workbench.hpp"

namespace lockstep {
namespace {

// Everything that must be changed, without repetition.
std::vector<std::string> advice_of(const CheckFindings& findings) {
  std::vector<std::string> overrides;
  for (const CheckFinding& finding : findings) {
    if (finding.level != FindingLevel::change) continue;
    for (const AdvisedChange& change : finding.changes) {
      if (std::ranges::find(overrides, change.text()) == overrides.end()) {
        overrides.push_back(change.text());
      }
    }
  }
  return overrides;
}

std::string key_of(const std::string& override_text) {
  return override_text.substr(0, override_text.find('='));
}

// The overrides with the advice, which replaces overrides of the same keys.
std::vector<std::string> followed(std::vector<std::string> overrides,
                                  const std::vector<std::string>& advice) {
  for (const std::string& text : advice) {
    std::erase_if(overrides, [&](const std::string& old) { return key_of(old) == key_of(text); });
  }
  overrides.insert(overrides.end(), advice.begin(), advice.end());
  return overrides;
}

class CheckCommand final : public Command {
 public:
  std::string_view name() const override { return "check"; }
  std::string_view summary() const override {
    return "Say why a network will not learn, and which key to change to what";
  }
  int place() const override { return 31; }
  std::vector<std::string_view> examples() const override {
    return {"check experiments/quickstart.yaml",
            "check experiments/article_small_init.yaml --json"};
  }
  std::vector<std::string_view> refused() const override {
    return {"check", "check a.yaml --color sometimes"};
  }
  std::string_view notes() const override {
    return "Looks at settings, gradients and one batch layer by layer, then trains for 100 steps "
           "as the experiment says. A finding is something to 'change', 'follows' from one before "
           "it, or is a 'note'. Nothing is written. Exit code 0: nothing must change; 1: something "
           "must.";
  }
  void add_options(OptionList& list) override {
    list.argument("EXPERIMENT", file_, "Experiment file (YAML)");
    list.overrides(overrides_, "key.path=value");
  }

  int run(const CommandContext& context) override {
    const ExperimentConfig config = read_experiment(file_, overrides_);
    const auto graph = build_graph(config.model);
    const Workbench bench = load_training_data(context, config, *graph, DataParts::training);
    const WorkerTeam team(context.threads());
    const CheckBench check{*graph, config, *bench.splits.train, team};

    CheckFacts facts = gather_check_facts(check);
    const CheckFindings initial = initial_findings(facts);
    if (!has_cause(initial) && !facts.learns(facts.trial)) {
      facts.rates = try_rates(check, facts.trial);
    }
    CheckResults results{.facts = facts, .findings = initial};
    std::ranges::move(trial_findings(facts, initial), std::back_inserter(results.findings));
    std::ranges::move(lint_findings({config, *graph, check.training, workers(context)}),
                      std::back_inserter(results.findings));

    results.advice = advice_of(results.findings);
    if (!results.advice.empty()) follow(bench, team, results);
    report(context.console, results);
    return has_cause(results.findings) ? 1 : 0;
  }

 private:
  std::string file_;
  std::vector<std::string> overrides_;

  static int workers(const CommandContext& context) {
    const std::vector<int> threads =
        threads_of_ranks(context.session.placement(), context.asked_threads);
    return std::accumulate(threads.begin(), threads.end(), 0);
  }

  // Runs the trial once more with the advised changes.
  void follow(const Workbench& bench, const WorkerTeam& team, CheckResults& results) const {
    const std::vector<std::string> overrides = followed(overrides_, results.advice);
    const ExperimentConfig config = read_experiment(file_, overrides);
    const auto graph = build_graph(config.model);
    const DataSplits splits = training_splits(config, *graph, *bench.data);
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

Verb check_verb() { return std::make_unique<CheckCommand>(); }

}  // namespace lockstep

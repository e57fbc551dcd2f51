#include <algorithm>

#include "experiments/doctor/report.hpp"
#include "experiments/program/command.hpp"

namespace lockstep {
namespace {

class DoctorCommand final : public Command {
 public:
  std::string_view name() const override { return "doctor"; }
  std::string_view summary() const override {
    return "Look at the machines, ranks and folders that runs would use, and say what to change";
  }
  int place() const override { return 50; }
  std::vector<std::string_view> examples() const override {
    return {"doctor", "doctor --out /scratch/runs --json"};
  }
  std::vector<std::string_view> refused() const override { return {"doctor runs", "doctor --out"}; }
  std::string_view notes() const override {
    return "Start it as a training would be started, under the same mpirun or srun line. Each "
           "finding is 'ok', a 'note', or something to 'change'. Exit code 0: nothing must change; "
           "1: something must.";
  }
  void add_options(OptionList& list) override {
    list.text({"--out", "DIR"}, out_, "Folder that runs would be written into (default: runs)");
  }

  int run(const CommandContext& context) override {
    context.session.set_deadline(MpiSession::kStartUpDeadline);
    const JobFacts facts = gather_facts(context, out_);
    const Findings findings = examine(facts);
    context.console.json_object(doctor_json(facts, findings));
    for (const ReportLine& line : doctor_lines(facts, findings)) {
      context.console.result(line.is_heading ? context.console.bold(line.text) : line.text);
    }
    const bool must_change = std::ranges::any_of(
        findings, [](const Finding& finding) { return finding.level == FindingLevel::change; });
    return must_change ? 1 : 0;
  }

 private:
  std::string out_ = "runs";
};

}  // namespace

Verb doctor_verb() { return std::make_unique<DoctorCommand>(); }

}  // namespace lockstep

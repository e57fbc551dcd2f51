#include "experiments/run/training_report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/text/figures.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

Json split_json(const std::optional<EvaluationResult>& result) {
  if (!result) return nullptr;
  return {{"samples", result->samples},
          {"correct", result->correct},
          {"accuracy", result->accuracy()},
          {"loss", result->loss()}};
}

double images_per_second(const TrainingReport& report) {
  return report.train_seconds > 0 ? static_cast<double>(report.samples_seen) / report.train_seconds
                                  : 0;
}

Json to_json(const TrainingReport& report) {
  return {{"name", report.name},
          {"run_dir", report.run_dir},
          {"dataset", report.dataset},
          {"steps", report.steps},
          {"epochs", report.epochs},
          {"samples_seen", report.samples_seen},
          {"train_seconds", report.train_seconds},
          {"images_per_second", images_per_second(report)},
          {"digest", report.digest.hex()},
          {"ranks", report.ranks},
          {"threads", report.threads},
          {"isa", report.isa},
          {"train", split_json(report.figures.train)},
          {"validation", split_json(report.figures.validation)},
          {"test", split_json(report.figures.test)}};
}

void print_split(const Console& console, std::string_view name,
                 const std::optional<EvaluationResult>& result) {
  if (!result) return;
  console.result(fmt::format("{:<10} accuracy {} ({} of {}), loss {}", name,
                             console.bold(percent(result->accuracy())), result->correct,
                             result->samples, figure(result->loss())));
}

}  // namespace

void report_plan(const Console& console, const TrainingPlan& plan) {
  console.result(
      fmt::format("Everything is in order; nothing was trained (--dry-run). The run would "
                  "go to {}.",
                  plan.run_dir));
  console.json_object(Json{{"dry_run", true},
                           {"name", plan.name},
                           {"run_dir", plan.run_dir},
                           {"dataset", plan.dataset},
                           {"steps", plan.steps},
                           {"parameters", plan.parameters},
                           {"samples",
                            {{"train", plan.train_samples},
                             {"validation", plan.validation_samples},
                             {"test", plan.test_samples}}}}
                          .dump(2));
}

void report_stop(const Console& console, const StopReport& report) {
  console.warning(
      fmt::format("{}; a checkpoint is saved: go on by the same command with --resume --out {}{}",
                  report.reason, report.run_dir,
                  report.is_pause ? ", without --until or with a later step" : ""));
  console.json_object(Json{{"stopped", true},
                           {"name", report.name},
                           {"run_dir", report.run_dir},
                           {"reason", report.reason},
                           {"steps", report.steps},
                           {"total_steps", report.total_steps},
                           {"digest", report.digest.hex()}}
                          .dump(2));
}

void report_training(const Console& console, const TrainingReport& report) {
  if (console.json()) {
    console.json_object(to_json(report).dump(2));
    return;
  }
  print_split(console, "train", report.figures.train);
  print_split(console, "validation", report.figures.validation);
  print_split(console, "test", report.figures.test);
  console.result(fmt::format("{:<10} {} ({:.4g} epochs, {} images) in {:.2f} s, {:.0f} images/s",
                             "trained", count_of(report.steps, "step"), report.epochs,
                             report.samples_seen, report.train_seconds, images_per_second(report)));
  console.result(fmt::format("{:<10} {}", "digest", report.digest.hex()));
  console.result(fmt::format("{:<10} {}", "run", report.run_dir));
}

}  // namespace lockstep

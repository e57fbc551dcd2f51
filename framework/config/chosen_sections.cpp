// The sections whose keys depend on a registered type.

#include <fmt/format.h>

#include "framework/config/experiment_sections.hpp"
#include "framework/losses/loss.hpp"
#include "framework/optimizers/optimizer.hpp"
#include "framework/schedules/schedule.hpp"

namespace lockstep {
namespace {

// The examples of each type, together with the keys that every example needs.
template <class Type>
std::vector<SettingTexts> examples_of(const std::vector<Type>& types, const std::string& chooser,
                                      const SettingTexts& more = {}) {
  std::vector<SettingTexts> examples;
  for (const Type& type : types) {
    for (const SettingTexts& own : type.examples) {
      SettingTexts example = {{chooser, std::string(type.name)}};
      example.insert(example.end(), more.begin(), more.end());
      example.insert(example.end(), own.begin(), own.end());
      examples.push_back(std::move(example));
    }
  }
  return examples;
}

Value constant_rate(SettingsReader& document) {
  const Value& rate = document.value("learning_rate");
  if (!has_form_of_a_number(rate.text)) {
    throw document.error_at("learning_rate",
                            fmt::format("must be a number from {} to {}, or a mapping such as "
                                        "{{schedule: cosine, peak: 0.1}}, but is {}",
                                        kRateBounds.low, kRateBounds.high, rate.describe()));
  }
  Value section = Value::mapping();
  section.set("schedule", Value::string("constant"));
  section.set("peak", Value::real(document.real("learning_rate", kRateBounds)));
  return section;
}

}  // namespace

ExperimentSection loss_section() {
  return {.name = "loss",
          .chooser = "type",
          .read = [](SettingsReader& section, ExperimentConfig&) { read_loss(section); },
          .settings = &ExperimentConfig::loss,
          .examples = examples_of(all_loss_types(), "type")};
}

ExperimentSection optimizer_section() {
  return {.name = "optimizer",
          .expected = "a mapping such as {type: sgd, momentum: 0.9}",
          .chooser = "type",
          .read = [](SettingsReader& section, ExperimentConfig&) { read_optimizer(section, 0); },
          .settings = &ExperimentConfig::optimizer,
          .examples = examples_of(all_optimizer_types(), "type")};
}

ExperimentSection learning_rate_section() {
  return {.name = "learning_rate",
          .expected = "a number, or a mapping such as {schedule: cosine, peak: 0.1}",
          .chooser = "schedule",
          .read = [](SettingsReader& section, ExperimentConfig&) { read_schedule(section); },
          .settings = &ExperimentConfig::learning_rate,
          .examples = examples_of(all_schedule_types(), "schedule", {{"peak", "1"}}),
          .from_scalar = constant_rate};
}

}  // namespace lockstep

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

#include "framework/config/experiment_sections.hpp"
#include "framework/config/yaml_writer.hpp"

namespace lockstep {
namespace {

using Bounds = SettingsReader::Bounds;
using Schedule = ScheduleSettings::Type;

constexpr Bounds kBelowOne{0, 1, Bounds::Ends::below_high};
constexpr Bounds kNotNegative{0, 1e6};
constexpr Bounds kFraction{0, 1};
constexpr Bounds kAboveZeroToOne{0, 1, Bounds::Ends::above_low};
constexpr Bounds kSteps{1, 1e12};

constexpr std::array<std::string_view, 2> kOptimizers = {"sgd", "adam"};  // OptimizerSettings::Type
constexpr std::array<std::string_view, 5> kSchedules = {  // in the order of ScheduleSettings::Type
    "constant", "step", "exponential", "cosine", "one_cycle"};
constexpr double kOneCycleWarmup = 0.1;

template <std::size_t kCount>
std::size_t position_of(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

bool falls_by_a_factor(Schedule type) {
  return type == Schedule::step || type == Schedule::exponential;
}

bool falls_to_the_end(Schedule type) {
  return type == Schedule::cosine || type == Schedule::one_cycle;
}

void parse_sgd(SettingsReader& reader, OptimizerSettings& optimizer) {
  optimizer.momentum = reader.real_or("momentum", kBelowOne, optimizer.momentum);
  optimizer.nesterov = reader.boolean_or("nesterov", optimizer.nesterov);
  if (optimizer.nesterov && optimizer.momentum == 0) {
    throw reader.error_at("nesterov", "is true, which needs a momentum above 0, such as 0.9");
  }
}

void parse_adam(SettingsReader& reader, OptimizerSettings& optimizer) {
  optimizer.beta1 = reader.real_or("beta1", kBelowOne, optimizer.beta1);
  optimizer.beta2 = reader.real_or("beta2", kBelowOne, optimizer.beta2);
  optimizer.epsilon = reader.real_or("epsilon", kAboveZeroToOne, optimizer.epsilon);
}

void parse_warmup(SettingsReader& reader, ScheduleSettings& schedule) {
  refuse_both(reader, "warmup", "warmup_steps");
  const double usual = schedule.type == Schedule::one_cycle ? kOneCycleWarmup : 0.0;
  schedule.warmup = reader.real_or("warmup", kFraction, usual);
  if (reader.has("warmup_steps")) schedule.warmup = 0;
  schedule.warmup_steps = reader.integer_or("warmup_steps", {0, 1e12}, 0);
  schedule.initial_fraction =
      reader.real_or("initial_fraction", kFraction, schedule.initial_fraction);
}

// An override that changes the type leaves the settings of the old one behind in the file, which is
// not to blame.
void refuse_leftovers(const SettingsReader& reader, const Value& section, std::string_view type) {
  const Value& chosen = *section.find(type);
  if (chosen.location.line != 0 || chosen.location.file.empty()) return;  // not by an override
  const std::vector<const Value::Entry*> unread = reader.unread();
  const auto is_left = [](const Value::Entry* entry) {
    return entry->key_location.line > 0 && !where_it_belongs(entry->key).empty();
  };
  const auto left = std::find_if(unread.begin(), unread.end(), is_left);
  if (left == unread.end()) return;
  Value rest = section;
  std::erase_if(rest.entries, [&](const Value::Entry& entry) {
    return std::any_of(unread.begin(), unread.end(),
                       [&](const Value::Entry* other) { return other->key == entry.key; });
  });
  const std::string path = reader.path_of(type);
  throw Error(
      ErrorKind::usage,
      fmt::format("{}{} is {} now, which has no {} (given at {}); replace the whole section: "
                  "'{}={}'.",
                  chosen.location.prefix(), path, chosen.text, (*left)->key,
                  (*left)->key_location.to_string(), path.substr(0, path.find('.')),
                  write_yaml_flow(rest)));
}

}  // namespace

OptimizerSettings parse_optimizer(SettingsReader& document) {
  const Value& section =
      document.value("optimizer", "a mapping such as {type: sgd, momentum: 0.9}");
  SettingsReader reader(section, "optimizer");
  OptimizerSettings optimizer;
  const std::size_t type = position_of(kOptimizers, reader.choice("type", kOptimizers));
  optimizer.type = static_cast<OptimizerSettings::Type>(type);
  if (optimizer.type == OptimizerSettings::Type::sgd) {
    parse_sgd(reader, optimizer);
  } else {
    parse_adam(reader, optimizer);
  }
  optimizer.weight_decay = reader.real_or("weight_decay", kNotNegative, optimizer.weight_decay);
  refuse_leftovers(reader, section, "type");
  reader.finish(where_it_belongs);
  return optimizer;
}

Value optimizer_to_value(const OptimizerSettings& optimizer) {
  Value section = Value::mapping();
  const auto type = static_cast<std::size_t>(optimizer.type);
  section.set("type", Value::string(std::string(kOptimizers[type])));
  if (optimizer.type == OptimizerSettings::Type::sgd) {
    section.set("momentum", Value::real(optimizer.momentum));
    section.set("nesterov", Value::boolean(optimizer.nesterov));
  } else {
    section.set("beta1", Value::real(optimizer.beta1));
    section.set("beta2", Value::real(optimizer.beta2));
    section.set("epsilon", Value::real(optimizer.epsilon));
  }
  section.set("weight_decay", Value::real(optimizer.weight_decay));
  return section;
}

ScheduleSettings parse_learning_rate(SettingsReader& document) {
  ScheduleSettings schedule;
  const Value& section = document.value(
      "learning_rate", "a number, or a mapping such as {schedule: cosine, peak: 0.1}");
  if (section.kind == Value::Kind::scalar) {
    schedule.peak = document.real("learning_rate", kNotNegative);
    return schedule;
  }
  SettingsReader reader(section, "learning_rate");
  const std::size_t type = position_of(kSchedules, reader.choice("schedule", kSchedules));
  schedule.type = static_cast<Schedule>(type);
  schedule.peak = reader.real("peak", kNotNegative);
  parse_warmup(reader, schedule);
  if (falls_by_a_factor(schedule.type)) {
    schedule.factor = reader.real_or("factor", kAboveZeroToOne, schedule.factor);
    schedule.every_steps = reader.integer("every_steps", kSteps);
  }
  if (falls_to_the_end(schedule.type)) {
    schedule.final_fraction = reader.real_or("final_fraction", kFraction, schedule.final_fraction);
  }
  refuse_leftovers(reader, section, "schedule");
  reader.finish(where_it_belongs);
  return schedule;
}

Value learning_rate_to_value(const ScheduleSettings& schedule) {
  Value section = Value::mapping();
  const auto type = static_cast<std::size_t>(schedule.type);
  section.set("schedule", Value::string(std::string(kSchedules[type])));
  section.set("peak", Value::real(schedule.peak));
  if (schedule.warmup_steps > 0) {
    section.set("warmup_steps", Value::integer(schedule.warmup_steps));
  } else {
    section.set("warmup", Value::real(schedule.warmup));
  }
  section.set("initial_fraction", Value::real(schedule.initial_fraction));
  if (falls_by_a_factor(schedule.type)) {
    section.set("factor", Value::real(schedule.factor));
    section.set("every_steps", Value::integer(schedule.every_steps));
  }
  if (falls_to_the_end(schedule.type)) {
    section.set("final_fraction", Value::real(schedule.final_fraction));
  }
  return section;
}

}  // namespace lockstep

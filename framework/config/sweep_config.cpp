#include "framework/config/sweep_config.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "framework/config/experiment_config.hpp"
#include "framework/config/experiment_sections.hpp"
#include "framework/config/model_file.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

constexpr int kSweepSchemaVersion = 1;
constexpr SettingsReader::Bounds kCount{1, 10000};
constexpr SettingsReader::Bounds kNumbers{-1e15, 1e15};  // integers among them are exact

constexpr auto kMethods = std::to_array<std::string_view>({"grid", "random", "halving"});
constexpr auto kGoals = std::to_array<std::string_view>({"maximize", "minimize"});
constexpr auto kDistributions =
    std::to_array<std::string_view>({"uniform", "log_uniform", "int_uniform"});
// Any figure of an evaluation.
constexpr auto kMetrics = [] {
  std::array<std::string_view, kFigureColumns.size()> names;
  std::ranges::transform(kFigureColumns, names.begin(), &Column<EpochRecord>::name);
  return names;
}();

template <class Names>
std::size_t position_of(const Names& names, std::string_view name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

bool is_accuracy(std::string_view metric) { return !metric.ends_with("loss"); }

SweepMetric parse_metric(const Value* section) {
  if (section == nullptr) return {};
  SettingsReader reader(*section, "metric");
  SweepMetric metric{.name = reader.choice("name", kMetrics)};
  metric.maximize =
      reader.choice_or("goal", kGoals, kGoals.at(is_accuracy(metric.name) ? 0 : 1)) == kGoals[0];
  reader.finish();
  return metric;
}

SweepRange parse_range(SettingsReader& reader) {
  SweepRange range;
  const std::string name = reader.choice_or("distribution", kDistributions, kDistributions[0]);
  range.distribution = static_cast<SweepDistribution>(position_of(kDistributions, name));
  range.min = reader.real("min", kNumbers);
  range.max = reader.real("max", kNumbers);
  if (range.max < range.min) {
    throw reader.error_at("max",
                          fmt::format("must be at least min, {}, but is {}", range.min, range.max),
                          errors::kConflictingKeys);
  }
  if (range.distribution == SweepDistribution::log_uniform && range.min <= 0) {
    throw reader.error_at(
        "min", fmt::format("must be above 0 for distribution: log_uniform, but is {}", range.min),
        errors::kConflictingKeys);
  }
  const bool whole = std::floor(range.min) == range.min && std::floor(range.max) == range.max;
  if (range.distribution == SweepDistribution::int_uniform && !whole) {
    throw reader.error_at("min", "and max must be whole numbers for distribution: int_uniform",
                          errors::kConflictingKeys);
  }
  return range;
}

SweepParameter parse_parameter(const Value::Entry& entry, SweepMethod method) {
  const std::string path = "parameters." + entry.key;
  SweepParameter parameter{.key = entry.key, .place = entry.key_location};
  SettingsReader reader(entry.value, path);
  if (reader.has("values")) {
    const Value& values = reader.value("values");
    if (values.kind != Value::Kind::sequence || values.items.empty()) {
      throw reader.error_at("values", fmt::format("must be a list of at least one value, but is {}",
                                                  values.describe()));
    }
    parameter.values = values.items;
    parameter.with = reader.text_or("with", "");
  } else {
    parameter.range = parse_range(reader);
  }
  reader.finish();
  if (parameter.range && method == SweepMethod::grid) {
    throw Error(errors::kConflictingKeys,
                fmt::format("{}{} is a range, but method: grid needs values: [...]; list them, or "
                            "take method: random or halving.",
                            entry.key_location.prefix(), path));
  }
  return parameter;
}

// Parameters that go together must have equally many values. Checked after the command line is
// read.
void check_companions(const std::vector<SweepParameter>& parameters) {
  for (const SweepParameter& parameter : parameters) {
    if (parameter.with.empty()) continue;
    const bool found =
        std::any_of(parameters.begin(), parameters.end(), [&](const SweepParameter& other) {
          return other.key == parameter.with && other.with.empty() &&
                 other.values.size() == parameter.values.size();
        });
    if (found) continue;
    throw Error(
        errors::kConflictingKeys,
        fmt::format("{}parameters.{}.with must name a parameter that goes with no other and "
                    "has {} values as well, but is '{}'.",
                    parameter.place.prefix(), parameter.key, parameter.values.size(),
                    printable(parameter.with)));
  }
}

std::vector<Value::Entry> entries_of(SettingsReader& reader, std::string_view name) {
  const Value* section = reader.value_or_null(name);
  if (section == nullptr || section->kind == Value::Kind::mapping) {
    return section == nullptr ? std::vector<Value::Entry>() : section->entries;
  }
  throw reader.error_at(name,
                        fmt::format("must be a mapping of keys such as train.epochs, but is {}",
                                    section->describe()));
}

void check_sweep_schema(SettingsReader& reader) {
  if (reader.integer("schema_version", {0, 1e9}) == kSweepSchemaVersion) return;
  throw reader.error_at(
      "schema_version",
      fmt::format("must be {}, the only one this version of lockstep knows", kSweepSchemaVersion));
}

void parse_halving(SettingsReader& parent, SweepConfig& config) {
  constexpr SettingsReader::Bounds kFactor{2, 100};
  constexpr SettingsReader::Bounds kRungs{1, 10};
  const Value* section = parent.value_or_null("halving");
  if (section == nullptr) return;
  if (config.method != SweepMethod::halving) {
    throw parent.error_at("halving", "goes only with method: halving", errors::kConflictingKeys);
  }
  SettingsReader reader(*section, "halving");
  config.halving.factor = reader.integer_or("factor", kFactor, config.halving.factor);
  config.halving.rungs = reader.integer_or("rungs", kRungs, config.halving.rungs);
  reader.finish();
}

SweepConfig parse_sweep(const Value& document, const std::filesystem::path& file) {
  SettingsReader reader(document, "");
  check_sweep_schema(reader);
  SweepConfig config;
  config.name = parse_name(reader, file);
  config.base = std::filesystem::absolute(file.parent_path() / reader.text("base"));
  config.base = config.base.lexically_normal();
  const std::string method = reader.choice_or("method", kMethods, kMethods[0]);
  config.method = static_cast<SweepMethod>(position_of(kMethods, method));
  config.metric = parse_metric(reader.value_or_null("metric"));
  config.run_cap = reader.integer_or("run_cap", kCount, 0);
  config.repeat = reader.integer_or("repeat", kCount, 1);
  config.seed = static_cast<std::uint64_t>(reader.integer_or("seed", {0, 1e15}, 1));
  config.ranks_per_trial = static_cast<int>(reader.integer_or("ranks_per_trial", kCount, 1));
  for (const Value::Entry& entry : entries_of(reader, "overrides")) {
    config.overrides.push_back(
        make_override(entry.key, entry.value, entry.key_location.to_string()));
  }
  for (const Value::Entry& entry : entries_of(reader, "parameters")) {
    config.parameters.push_back(parse_parameter(entry, config.method));
  }
  if (draws_trials(config) && config.run_cap == 0) {
    throw reader.error_at("run_cap", "is missing; it says how many trials are drawn",
                          errors::kMissingKey);
  }
  parse_halving(reader, config);
  reader.finish();
  return config;
}

SweepConfig sweep_over(const std::filesystem::path& experiment) {
  SweepConfig config;
  config.name = load_experiment(experiment).name;
  config.base = std::filesystem::absolute(experiment).lexically_normal();
  return config;
}

Value to_value(const SweepParameter& parameter) {
  Value section = Value::mapping();
  if (parameter.range) {
    section.set("min", Value::real(parameter.range->min));
    section.set("max", Value::real(parameter.range->max));
    const auto distribution = static_cast<std::size_t>(parameter.range->distribution);
    section.set("distribution", Value::string(std::string(kDistributions.at(distribution))));
  } else {
    section.set("values", Value::sequence(parameter.values));
    if (!parameter.with.empty()) section.set("with", Value::string(parameter.with));
  }
  return section;
}

}  // namespace

SweepConfig load_sweep(const std::filesystem::path& file, const std::vector<std::string>& words) {
  const Value document = read_yaml_file(file);
  SweepConfig config = document_kind(document) == DocumentKind::sweep ? parse_sweep(document, file)
                                                                      : sweep_over(file);
  for (const std::string& word : words) add_word(config, word);
  check_companions(config.parameters);
  const bool has_seed = std::any_of(config.parameters.begin(), config.parameters.end(),
                                    [](const SweepParameter& p) { return p.key == "seed"; });
  if (config.repeat > 1 && has_seed) {
    throw Error(errors::kConflictingKeys,
                fmt::format("{}: repeat: {} gives every choice its own seeds, so seed cannot be a "
                            "parameter as well; leave one of them out.",
                            file.string(), config.repeat));
  }
  return config;
}

bool draws_trials(const SweepConfig& config) {
  const bool has_range =
      std::any_of(config.parameters.begin(), config.parameters.end(),
                  [](const SweepParameter& parameter) { return parameter.range.has_value(); });
  return config.method == SweepMethod::random ||
         (config.method == SweepMethod::halving && has_range);
}

Value to_value(const SweepConfig& config) {
  Value document = Value::mapping();
  document.set("schema_version", Value::integer(kSweepSchemaVersion));
  document.set("name", Value::string(config.name));
  document.set("base", Value::string(config.base.string()));
  const auto method = static_cast<std::size_t>(config.method);
  document.set("method", Value::string(std::string(kMethods.at(method))));
  if (!config.metric.name.empty()) {
    Value metric = Value::mapping();
    metric.set("name", Value::string(config.metric.name));
    metric.set("goal", Value::string(std::string(kGoals.at(config.metric.maximize ? 0 : 1))));
    document.set("metric", std::move(metric));
  }
  Value overrides = Value::mapping();
  for (const Override& change : config.overrides) overrides.set(change.key(), change.value);
  document.set("overrides", std::move(overrides));
  Value parameters = Value::mapping();
  for (const SweepParameter& each : config.parameters) parameters.set(each.key, to_value(each));
  document.set("parameters", std::move(parameters));
  if (config.run_cap > 0) document.set("run_cap", Value::integer(config.run_cap));
  document.set("repeat", Value::integer(config.repeat));
  if (config.method == SweepMethod::halving) {
    Value halving = Value::mapping();
    halving.set("factor", Value::integer(config.halving.factor));
    halving.set("rungs", Value::integer(config.halving.rungs));
    document.set("halving", std::move(halving));
  }
  document.set("seed", Value::integer(static_cast<std::int64_t>(config.seed)));
  document.set("ranks_per_trial", Value::integer(config.ranks_per_trial));
  return document;
}

}  // namespace lockstep

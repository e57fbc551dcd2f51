#include "framework/config/sweep_trials.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "framework/config/identity.hpp"
#include "framework/config/yaml_writer.hpp"
#include "framework/core/elementary.hpp"
#include "framework/core/random.hpp"
#include "framework/graph/graph.hpp"

namespace lockstep {
namespace {

constexpr Index kMostTrials = 10000;
constexpr std::size_t kIdentityDigits = 12;
constexpr std::size_t kLongestValue = 24;
constexpr std::size_t kLongestTrialName = 150;

// ---- Which values a trial has -------------------------------------------------------------------

Index number_of_choices(const SweepConfig& sweep) {
  if (draws_trials(sweep)) return sweep.run_cap;
  Index choices = 1;
  for (const SweepParameter& parameter : sweep.parameters) {
    if (parameter.with.empty()) choices *= static_cast<Index>(parameter.values.size());
    if (choices > kMostTrials) return kMostTrials + 1;
  }
  return choices;
}

Index number_of_trials(const SweepConfig& sweep) {
  const Index all = number_of_choices(sweep) * sweep.repeat;
  const Index count = sweep.run_cap > 0 ? std::min(all, sweep.run_cap) : all;
  if (count <= kMostTrials) return count;
  throw Error(errors::kTooManyTrials,
              fmt::format("The sweep '{}' has more than {} trials; leave values out, or give a "
                          "run_cap.",
                          sweep.name, kMostTrials));
}

// Six digits are finer than any choice needs to be, and easy to read.
double rounded(double value) { return parse_real(fmt::format("{:.6g}", value)).value_or(value); }

Value drawn(const SweepRange& range, const RandomWords& words) {
  if (range.distribution == SweepDistribution::int_uniform) {
    const auto count = static_cast<std::uint64_t>(range.max - range.min) + 1;
    const auto step = static_cast<std::int64_t>(bounded(words[0], words[1], count));
    return Value::integer(static_cast<std::int64_t>(range.min) + step);
  }
  const double share = open_unit(words[0], words[1]);
  const bool by_factor = range.distribution == SweepDistribution::log_uniform;
  const double low = by_factor ? elementary::log(range.min) : range.min;
  const double high = by_factor ? elementary::log(range.max) : range.max;
  const double at = low + share * (high - low);
  return Value::real(
      std::clamp(rounded(by_factor ? elementary::exp(at) : at), range.min, range.max));
}

Value value_of(const SweepParameter& parameter, std::size_t position, const RandomWords& words) {
  if (!parameter.range) return parameter.values[position];
  Value value = drawn(*parameter.range, words);
  value.location = parameter.place;
  return value;
}

RandomWords words_of(const SweepConfig& sweep, const std::string& key, Index choice) {
  return RandomStream(sweep.seed, {"sweep", key}).words(static_cast<std::uint32_t>(choice));
}

// The position of each parameter's value in its list. Parameters that go with others stay at 0.
std::vector<std::size_t> positions_of(const SweepConfig& sweep, Index choice) {
  std::vector<std::size_t> positions(sweep.parameters.size());
  auto rest = static_cast<std::size_t>(choice);
  for (std::size_t i = positions.size(); i-- > 0;) {
    const SweepParameter& parameter = sweep.parameters[i];
    if (parameter.range || !parameter.with.empty()) continue;
    if (draws_trials(sweep)) {
      const RandomWords words = words_of(sweep, parameter.key, choice);
      positions[i] = bounded(words[0], words[1], parameter.values.size());
    } else {
      positions[i] = rest % parameter.values.size();
      rest /= parameter.values.size();
    }
  }
  return positions;
}

std::size_t index_of(const std::vector<SweepParameter>& parameters, const std::string& key) {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const SweepParameter& p) { return p.key == key; });
  return static_cast<std::size_t>(found - parameters.begin());
}

std::vector<TrialSetting> settings_of(const SweepConfig& sweep, Index choice) {
  const std::vector<std::size_t> positions = positions_of(sweep, choice);
  std::vector<TrialSetting> settings;
  for (const SweepParameter& parameter : sweep.parameters) {
    const std::string& chooser = parameter.with.empty() ? parameter.key : parameter.with;
    const std::size_t position = positions[index_of(sweep.parameters, chooser)];
    settings.push_back(
        {parameter.key, value_of(parameter, position, words_of(sweep, parameter.key, choice))});
  }
  return settings;
}

SweepTrial trial_of(const SweepConfig& sweep, Index number, SettingsReader::Elsewhere elsewhere) {
  SweepTrial trial{.settings = settings_of(sweep, number / sweep.repeat), .config = {}};
  std::vector<Override> changes = sweep.overrides;
  for (std::size_t i = 0; i < trial.settings.size(); ++i) {
    changes.push_back(make_override(trial.settings[i].key, trial.settings[i].value,
                                    sweep.parameters[i].place.to_string()));
  }
  // A section comes first, then the keys inside it.
  std::stable_sort(changes.begin(), changes.end(), [](const Override& a, const Override& b) {
    return a.path.size() < b.path.size();
  });
  trial.config = load_experiment_with(sweep.base, std::move(changes), elsewhere);
  trial.config.model = to_value(Graph(parse_graph_spec(trial.config.model)));
  if (sweep.repeat > 1) {
    constexpr std::uint64_t kLargestSeed = std::numeric_limits<std::int64_t>::max();
    if (trial.config.seed > kLargestSeed - static_cast<std::uint64_t>(sweep.repeat - 1)) {
      throw Error(errors::kConflictingKeys,
                  fmt::format("repeat: {} takes the seeds from {} on, but the largest seed is {}; "
                              "begin with a smaller one.",
                              sweep.repeat, trial.config.seed, kLargestSeed));
    }
    trial.config.seed += static_cast<std::uint64_t>(number % sweep.repeat);
    trial.settings.push_back(
        {"seed", Value::integer(static_cast<std::int64_t>(trial.config.seed))});
  }
  return trial;
}

// ---- What it is called --------------------------------------------------------------------------

// The last `parts` parts of a key.
std::string_view end_of(std::string_view key, std::size_t parts) {
  std::size_t begin = key.size();
  while (parts-- > 0 && begin != std::string_view::npos && begin > 0) {
    begin = key.rfind('.', begin - 1);
  }
  return begin == std::string_view::npos ? key : key.substr(begin + 1);
}

std::string_view short_key(const std::vector<TrialSetting>& settings, std::string_view key) {
  for (std::size_t parts = 1;; ++parts) {
    const std::string_view end = end_of(key, parts);
    const auto same_end = [&](const TrialSetting& s) { return end_of(s.key, parts) == end; };
    if (end == key || std::count_if(settings.begin(), settings.end(), same_end) == 1) return end;
  }
}

// The part of a value that may stand in a folder's name: of a path, the last part.
std::string short_value(const Value& value) {
  std::string text = write_yaml_flow(value);
  if (value.is_text()) text = value.text.substr(value.text.rfind('/') + 1);
  std::string kept;
  for (const char c : text) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-';
    if (fits) {
      kept += c;
    } else if (!kept.empty() && kept.back() != '-') {
      kept += '-';
    }
  }
  kept.resize(std::min(kept.size(), kLongestValue));
  kept.erase(kept.find_last_not_of('-') + 1);
  return kept;
}

}  // namespace

std::vector<SweepTrial> sweep_trials(const SweepConfig& sweep,
                                     SettingsReader::Elsewhere elsewhere) {
  const Index count = number_of_trials(sweep);
  std::vector<SweepTrial> trials;
  for (Index number = 0; number < count; ++number) {
    try {
      trials.push_back(trial_of(sweep, number, elsewhere));
    } catch (const Error& error) {
      throw Error(error.code(),
                  fmt::format("{} (trial {} of {}: {})", error.what(), number + 1, count,
                              to_text(settings_of(sweep, number / sweep.repeat))));
    }
  }
  return trials;
}

Digest identity_of(const ExperimentConfig& config, const std::vector<TrialSetting>& kept) {
  std::vector<std::string> keys;
  for (const TrialSetting& setting : kept) keys.push_back(setting.key);
  const std::string text = write_key_lines(identity_document(to_value(config), keys));
  return digest_of(std::as_bytes(std::span(text)));
}

std::string short_identity(const Digest& identity) {
  return identity.hex().substr(0, kIdentityDigits);
}

std::string trial_name(const std::vector<TrialSetting>& settings, const Digest& identity) {
  std::string name;
  for (const TrialSetting& setting : settings) {
    name += fmt::format("{}={}_", short_key(settings, setting.key), short_value(setting.value));
  }
  if (name.size() > kLongestTrialName) name = name.substr(0, kLongestTrialName) + "_";
  return name + short_identity(identity);
}

std::string to_text(const std::vector<TrialSetting>& settings) {
  std::vector<std::string> parts;
  for (const TrialSetting& setting : settings) {
    parts.push_back(fmt::format("{}={}", setting.key, write_yaml_flow(setting.value)));
  }
  return parts.empty() ? "the base alone" : fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace lockstep

// Where a key belongs. This follows from the keys that the sections' examples use, so a new type
// needs no entry here. The program adds what it knows about `data`, which is read elsewhere.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "framework/config/experiment_sections.hpp"
#include "framework/config/yaml_reader.hpp"

namespace lockstep {
namespace {

struct KeyPlace {
  std::string_view key;
  std::string_view place;
};

constexpr std::string_view kTop = "at the top level of an experiment file";
constexpr std::string_view kModel = "in a model file, or under model:";

// Keys of model files, and names that other trainers use for our keys.
constexpr auto kOthers = std::to_array<KeyPlace>({
    {"input", kModel},
    {"layers", kModel},
    {"lr", "at the top level of an experiment file, as learning_rate:"},
    {"rate", "under learning_rate:, as peak:"},
    {"base_lr", "under learning_rate:, as peak:"},
    {"batch", "under train:, as batch_size:"},
    {"num_epochs", "under train:, as epochs:"},
    {"iterations", "under train:, as steps:"},
    {"max_steps", "under train:, as steps:"},
    {"clip_gradient_norm", "under train:, as clip_norm:"},
    {"betas", "under optimizer:, as beta1: and beta2:"},
    {"eps", "under optimizer:, as epsilon:"},
    {"network", "at the top level of an experiment file, as model:"},
});

Value to_value(const SettingTexts& example) {
  Value section = Value::mapping();
  for (const auto& [key, text] : example) section.set(key, read_yaml_override(text, "an example"));
  return section;
}

bool asks_for(const ExperimentSection& section, const Value& example, std::string_view key) {
  SettingsReader reader(example, std::string(section.name));
  ExperimentConfig config;
  section.read(reader, config);
  return std::ranges::find(reader.known(), key) != reader.known().end();
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

// A section that has the key, and its types that do if not all of them do.
struct Owner {
  std::string section;  ///< "optimizer:"
  std::string types;    ///< "with type: adam or sgd"
};

std::vector<Owner> owners_of(std::string_view key) {
  std::vector<Owner> owners;
  for (const ExperimentSection& section : experiment_sections()) {
    std::vector<std::string> having;
    std::vector<std::string> lacking;
    for (const SettingTexts& example : section.examples) {
      const Value value = to_value(example);
      const Value* type = value.find(section.chooser);
      const std::string name = type == nullptr ? "" : type->text;
      add_once(asks_for(section, value, key) ? having : lacking, name);
    }
    if (having.empty()) continue;
    const bool of_all = std::ranges::all_of(lacking, [&](const std::string& name) {
      return std::ranges::find(having, name) != having.end();
    });
    owners.push_back(
        {.section = fmt::format("{}:", section.name),
         .types =
             of_all ? "" : fmt::format("with {}: {}", section.chooser, fmt::join(having, " or "))});
  }
  // Owners with a condition come last, so that the condition is not read as belonging to the
  // others.
  std::stable_partition(owners.begin(), owners.end(),
                        [](const Owner& owner) { return owner.types.empty(); });
  return owners;
}

// "under evaluate:, checkpoint:, or learning_rate: with schedule: exponential or step"
std::string in_words(const std::vector<Owner>& owners) {
  std::string words = "under ";
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const bool is_last = i + 1 == owners.size();
    if (i > 0) words += owners.size() > 2 ? (is_last ? ", or " : ", ") : " or ";
    words += owners[i].section;
    if (owners[i].types.empty()) continue;
    words += (owners.size() == 1 ? ", " : " ") + owners[i].types;
  }
  return words;
}

}  // namespace

std::string where_it_belongs(std::string_view key) {
  const std::vector<std::string_view> top = top_level_keys();
  if (std::ranges::find(top, key) != top.end()) return std::string(kTop);
  const std::vector<Owner> owners = owners_of(key);
  if (!owners.empty()) return in_words(owners);
  const auto* const other = std::ranges::find(kOthers, key, &KeyPlace::key);
  return other == kOthers.end() ? "" : std::string(other->place);
}

}  // namespace lockstep

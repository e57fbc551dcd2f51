#include "framework/config/experiment_config.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "framework/config/experiment_sections.hpp"
#include "framework/config/model_file.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/config/yaml_writer.hpp"

namespace lockstep {
namespace {

constexpr int kSchemaVersion = 1;
constexpr double kMostSeeds = 9223372036854775807.0;  // rounds to 2^63
constexpr std::size_t kLongestName = 100;

bool may_be_in_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

// The folder of a run is named after it.
bool is_a_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
         name.front() != '-' && std::all_of(name.begin(), name.end(), may_be_in_a_name);
}

std::string name_from(const std::filesystem::path& file) {
  std::string name = file.stem().string().substr(0, kLongestName);
  for (char& c : name) c = may_be_in_a_name(c) ? c : '_';
  return is_a_name(name) ? name : "experiment";
}

void check_schema_version(SettingsReader& reader) {
  const std::string expected =
      fmt::format("{}, the only one this version of lockstep knows", kSchemaVersion);
  const Value& found = reader.value("schema_version", expected);
  if (found.kind == Value::Kind::scalar && !found.quoted &&
      parse_integer(found.text) == kSchemaVersion) {
    return;
  }
  throw reader.error_at("schema_version",
                        fmt::format("must be {}, but is {}", expected, found.describe()));
}

void check_kind(const Value& document, const std::filesystem::path& file) {
  const DocumentKind kind = document_kind(document);
  if (kind != DocumentKind::model && kind != DocumentKind::sweep) return;
  throw Error(errors::kOtherDocument,
              fmt::format("{}:1:1: this is {}, where an experiment file is expected (one with "
                          "'model', 'data' and 'train').",
                          file.string(), kind_name(kind)));
}

// Paths in a file are relative to that file.
void make_path_absolute(Value& section, const std::filesystem::path& folder) {
  Value* const path = section.find("path");
  if (path == nullptr || !path->is_text() || path->text.empty()) return;
  path->text = std::filesystem::absolute(folder / path->text).lexically_normal().string();
}

// An override that changes the type leaves the settings of the old type behind in the file. The
// file is not to blame for them.
void refuse_leftovers(const SettingsReader& reader, const Value& section,
                      std::string_view chooser) {
  const Value* chosen = section.find(chooser);
  if (chosen == nullptr) return;
  // No override chose the type.
  if (chosen->location.line != 0 || chosen->location.file.empty()) return;
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
  const std::string path = reader.path_of(chooser);
  throw Error(
      errors::kConflictingKeys,
      fmt::format("{}{} is {} now, which has no {} (given at {}); replace the whole section: "
                  "'{}={}'.",
                  chosen->location.prefix(), path, chosen->text, (*left)->key,
                  (*left)->key_location.to_string(), path.substr(0, path.find('.')),
                  write_yaml_flow(rest)));
}

// The value of a section; an empty mapping if the section is left out.
Value value_of(const ExperimentSection& section, SettingsReader& document) {
  const Value* found = section.expected.empty() ? document.value_or_null(section.name)
                                                : &document.value(section.name, section.expected);
  if (found == nullptr) return Value::mapping();
  const bool is_short = section.from_scalar != nullptr && found->kind == Value::Kind::scalar;
  return is_short ? section.from_scalar(document) : *found;
}

// Returns what was read.
Value read_section(const ExperimentSection& section, SettingsReader& document,
                   SettingsReader::Elsewhere elsewhere, ExperimentConfig& config) {
  const Value value = value_of(section, document);
  SettingsReader reader(value, std::string(section.name), elsewhere);
  section.read(reader, config);
  if (!section.chooser.empty()) refuse_leftovers(reader, value, section.chooser);
  reader.finish();
  return reader.consumed();
}

}  // namespace

std::vector<ExperimentSection> experiment_sections() {
  return {train_section(),    loss_section(),       optimizer_section(), learning_rate_section(),
          evaluate_section(), checkpoint_section(), metrics_section()};
}

std::vector<std::string_view> top_level_keys() {
  std::vector<std::string_view> keys = {"schema_version", "name", "seed", "model", "data"};
  for (const ExperimentSection& section : experiment_sections()) keys.push_back(section.name);
  return keys;
}

std::string parse_name(SettingsReader& document, const std::filesystem::path& file) {
  if (!document.has("name")) {
    document.value_or_null("name");
    return name_from(file);
  }
  const std::string name = document.text("name");
  if (!is_a_name(name)) {
    throw document.error_at("name",
                            fmt::format("must be 1 to {} letters, digits, '_', '.' and '-', "
                                        "and begin with none of the last two, but is '{}'",
                                        kLongestName, printable(name)));
  }
  return name;
}

ExperimentConfig load_experiment(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides,
                                 SettingsReader::Elsewhere elsewhere) {
  std::vector<Override> changes;
  for (const std::string& text : overrides) changes.push_back(parse_override(text));
  return load_experiment_with(file, std::move(changes), elsewhere);
}

ExperimentConfig load_experiment_with(const std::filesystem::path& file,
                                      std::vector<Override> changes,
                                      SettingsReader::Elsewhere elsewhere) {
  Value document = read_yaml_file(file);
  check_kind(document, file);
  // An override of `model` comes first, so that the others find the layers of the new model.
  const auto is_model = [](const Override& change) { return change.key() == "model"; };
  std::stable_partition(changes.begin(), changes.end(), is_model);
  const auto rest = std::find_if_not(changes.begin(), changes.end(), is_model);
  for (auto change = changes.begin(); change != rest; ++change) apply_override(document, *change);
  put_model_in_place(document, file.parent_path());
  for (auto change = rest; change != changes.end(); ++change) apply_override(document, *change);
  return parse_experiment(std::move(document), file, elsewhere);
}

ExperimentConfig parse_experiment(Value document, const std::filesystem::path& file,
                                  SettingsReader::Elsewhere elsewhere) {
  put_model_in_place(document, file.parent_path());
  SettingsReader reader(document, "", elsewhere);
  check_schema_version(reader);
  ExperimentConfig config;
  config.name = parse_name(reader, file);
  config.seed = static_cast<std::uint64_t>(reader.integer_or("seed", {0, kMostSeeds}, 1));
  config.model = reader.value("model", "the path of a model file, or the model itself");
  config.data = reader.value("data", "a mapping such as {dataset: mnist}");
  make_path_absolute(config.data, file.parent_path());
  for (const ExperimentSection& section : experiment_sections()) {
    config.*section.settings = read_section(section, reader, elsewhere, config);
  }
  reader.finish();
  config.source = std::move(document);
  return config;
}

std::string place_of(const ExperimentConfig& config, std::string_view key) {
  return place_in(config.source, key).prefix();
}

Value to_value(const ExperimentConfig& config) {
  Value document = Value::mapping();
  document.set("schema_version", Value::integer(kSchemaVersion));
  document.set("name", Value::string(config.name));
  document.set("seed", Value::integer(static_cast<std::int64_t>(config.seed)));
  document.set("model", config.model);
  document.set("data", config.data);
  for (const ExperimentSection& section : experiment_sections()) {
    document.set(section.name, config.*section.settings);
  }
  return document;
}

bool operator==(const ExperimentConfig& a, const ExperimentConfig& b) {
  return to_value(a) == to_value(b);
}

}  // namespace lockstep

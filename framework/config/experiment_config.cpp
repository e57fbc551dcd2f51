#include "framework/config/experiment_config.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "framework/config/experiment_sections.hpp"
#include "framework/config/model_file.hpp"
#include "framework/config/yaml_reader.hpp"

namespace lockstep {
namespace {

constexpr int kSchemaVersion = 1;
constexpr double kMostSeeds = 9223372036854775807.0;  // rounds to 2^63
constexpr std::size_t kLongestName = 100;

bool may_be_in_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

// The run's folder is named after it.
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
  throw Error(ErrorKind::usage,
              fmt::format("{}:1:1: this is {}, where an experiment file is expected (one with "
                          "'model', 'data' and 'train').",
                          file.string(), kind_name(kind)));
}

}  // namespace

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
                                 const std::vector<std::string>& overrides) {
  std::vector<Override> changes;
  for (const std::string& text : overrides) changes.push_back(parse_override(text));
  return load_experiment_with(file, std::move(changes));
}

ExperimentConfig load_experiment_with(const std::filesystem::path& file,
                                      std::vector<Override> changes) {
  Value document = read_yaml_file(file);
  check_kind(document, file);
  // A model that replaces the file's comes first, so that the others find its layers.
  const auto is_model = [](const Override& change) { return change.key() == "model"; };
  std::stable_partition(changes.begin(), changes.end(), is_model);
  const auto rest = std::find_if_not(changes.begin(), changes.end(), is_model);
  for (auto change = changes.begin(); change != rest; ++change) apply_override(document, *change);
  put_model_in_place(document, file.parent_path());
  for (auto change = rest; change != changes.end(); ++change) apply_override(document, *change);
  return parse_experiment(std::move(document), file);
}

ExperimentConfig parse_experiment(Value document, const std::filesystem::path& file) {
  put_model_in_place(document, file.parent_path());
  SettingsReader reader(document, "");
  check_schema_version(reader);
  ExperimentConfig config;
  config.name = parse_name(reader, file);
  config.seed = static_cast<std::uint64_t>(reader.integer_or("seed", {0, kMostSeeds}, 1));
  config.model = reader.value("model", "the path of a model file, or the model itself");
  config.data = parse_data(reader, file.parent_path());
  config.train = parse_train(reader);
  config.loss = parse_loss(reader);
  config.optimizer = parse_optimizer(reader);
  config.learning_rate = parse_learning_rate(reader);
  config.evaluate = parse_evaluate(reader);
  config.checkpoint = parse_checkpoint(reader);
  config.metrics = parse_metrics(reader);
  reader.finish(where_it_belongs);
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
  document.set("data", data_to_value(config.data));
  document.set("train", train_to_value(config.train));
  document.set("loss", loss_to_value(config.loss));
  document.set("optimizer", optimizer_to_value(config.optimizer));
  document.set("learning_rate", learning_rate_to_value(config.learning_rate));
  document.set("evaluate", evaluate_to_value(config.evaluate));
  document.set("checkpoint", checkpoint_to_value(config.checkpoint));
  document.set("metrics", metrics_to_value(config.metrics));
  return document;
}

bool operator==(const ExperimentConfig& a, const ExperimentConfig& b) {
  return to_value(a) == to_value(b);
}

}  // namespace lockstep

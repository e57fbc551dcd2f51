#include "experiments/report/provenance.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <system_error>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cluster/binding.hpp"
#include "experiments/results/checkpoint_summary.hpp"
#include "experiments/text/figures.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

std::string label_of(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  return key;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Json rows_of(const Json& facts, const std::string& group) {
  Json rows = Json::array();
  for (const auto& [key, value] : facts.items()) {
    if (value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()))
      continue;
    rows.push_back(
        {{"label", label_of(key)},
         {"cell", number_cell(fmt::format("{}.{}", group, key), value, text_of(value))}});
  }
  return rows;
}

// "2026-11-25 20:37 UTC"; "" if the file does not exist.
std::string time_of(const fs::path& file) {
  std::error_code missing;
  const auto written = fs::last_write_time(file, missing);
  if (missing) return "";
  const auto system = std::chrono::file_clock::to_sys(written);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(system));
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(seconds));
}

void add_time(const fs::path& file, const char* label, Json& times) {
  const std::string time = time_of(file);
  if (!time.empty()) times.push_back({{"label", label}, {"text", time}});
}

}  // namespace

void add_provenance(const fs::path& checkpoint, ReportPage& page) {
  const LoadedCheckpoint loaded = read_checkpoint_summary(checkpoint);
  const Json json = checkpoint_json(checkpoint, loaded);
  page.view["provenance"] = rows_of(json["provenance"], "provenance");
  page.view["training_state"] = rows_of(json.value("state", Json::object()), "state");
  if (const auto& state = loaded.checkpoint.state) {
    page.view["headline"].push_back(
        {{"label", "training time"},
         {"cell", number_cell("state.train_seconds", state->progress.train_seconds,
                              fmt::format("{:.2f} s", state->progress.train_seconds))}});
  }
  const Json& facts = json["provenance"];
  if (!facts.contains("experiment_file")) return;
  const std::string overrides = facts.value("overrides", "");
  page.view["started_as"] =
      shell_line({"lockstep", "train", facts["experiment_file"].get<std::string>()}) +
      (overrides.empty() ? "" : " " + overrides);
}

void add_commands(const fs::path& run, ReportPage& page) {
  page.view["train_again"] =
      shell_line({"lockstep", "train", (run / "resolved.yaml").string(), "--out", "runs/again"});
  page.view["replay"] = shell_line({"lockstep", "replay", run.string()});
  Json times = Json::array();
  add_time(run / "experiment.yaml", "begun", times);
  add_time(run / "metrics.jsonl", "last record", times);
  page.view["times"] = times;
}

}  // namespace lockstep

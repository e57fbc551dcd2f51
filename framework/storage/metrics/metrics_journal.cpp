#include "framework/storage/metrics/metrics_journal.hpp"

#include <fmt/compile.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

// ---- Writing ------------------------------------------------------------------------------------

/// `,"key":1.5`, or null for a value that is not finite: JSON has no other word for it.
void put_number(fmt::memory_buffer& line, std::string_view key, double value) {
  const fmt::appender out(line);
  if (std::isfinite(value)) {
    fmt::format_to(out, FMT_COMPILE(",\"{}\":{}"), key, value);
  } else {
    fmt::format_to(out, FMT_COMPILE(",\"{}\":null"), key);
  }
}

// Formats are compiled, because the journal of a run costs most here and in write(2).
void put_step(fmt::memory_buffer& line, const StepRecord& record) {
  line.clear();
  const fmt::appender out(line);
  fmt::format_to(out, FMT_COMPILE("{{\"type\":\"step\",\"step\":{}"), record.step);
  for (const auto& column : kStepColumns) put_number(line, column.name, record.*column.member);
  if (record.has_digest) {
    fmt::format_to(out, FMT_COMPILE(",\"digest\":\"{:016x}{:016x}\""), record.digest.high,
                   record.digest.low);
  }
  line.append(std::string_view("}\n"));
}

/// Writes the matrix row by row.
Json confusion_rows(const std::vector<Index>& confusion) {
  const auto classes = static_cast<std::size_t>(confusion_classes(confusion));
  Json rows = Json::array();
  for (std::size_t i = 0; i < confusion.size(); ++i) {
    if (i % classes == 0) rows.push_back(Json::array());
    rows.back().push_back(confusion[i]);
  }
  return rows;
}

template <typename Record>
void put_figures(Json& line, std::span<const Column<Record>> columns, const Record& record) {
  for (const Column<Record>& column : columns) line[column.name] = record.*column.member;
}

Json layer_json(const LayerRecord& layer) {
  Json json = {{"layer", layer.layer}};
  put_figures<LayerRecord>(json, kLayerColumns, layer);
  return json;
}

std::string epoch_line(const EpochRecord& record) {
  Json line = {{"type", "epoch"}};
  put_figures<EpochRecord>(line, kEpochAxis, record);
  line["step"] = record.step;
  put_figures<EpochRecord>(line, kEvaluationColumns, record);
  if (!record.confusion.empty()) line["confusion"] = confusion_rows(record.confusion);
  for (const LayerRecord& layer : record.layers) line["layers"].push_back(layer_json(layer));
  return line.dump() + '\n';
}

// ---- Reading ------------------------------------------------------------------------------------

template <typename Record>
void take_figures(const Json& line, std::span<const Column<Record>> columns, Record& record) {
  for (const Column<Record>& column : columns) {
    const bool is_missing = column.may_be_missing && !line.contains(column.name);
    const Json value = is_missing ? Json() : line.at(column.name);
    record.*column.member = value.is_null() ? kNotMeasured : value.get<double>();
  }
}

StepRecord step_record(const Json& line) {
  StepRecord record;
  record.step = line.at("step").get<Index>();
  take_figures<StepRecord>(line, kStepColumns, record);
  if (const auto digest = line.find("digest"); digest != line.end()) {
    const auto text = digest->get<std::string>();
    const std::optional<Digest> parsed = Digest::parse(text);
    if (!parsed) throw std::range_error(fmt::format("its digest is '{}'", printable(text)));
    record.digest = *parsed;
    record.has_digest = true;
  }
  return record;
}

LayerRecord layer_record(const Json& layer) {
  LayerRecord record{.layer = layer.at("layer").get<std::string>()};
  take_figures<LayerRecord>(layer, kLayerColumns, record);
  return record;
}

EpochRecord epoch_record(const Json& line) {
  EpochRecord record;
  record.step = line.at("step").get<Index>();
  take_figures<EpochRecord>(line, kEpochColumns, record);
  if (const auto rows = line.find("confusion"); rows != line.end()) {
    for (const Json& row : *rows) {
      if (row.size() != rows->size()) throw std::range_error("its confusion is not square");
      for (const Json& count : row) record.confusion.push_back(count.get<Index>());
    }
  }
  if (const auto layers = line.find("layers"); layers != line.end()) {
    for (const Json& layer : *layers) record.layers.push_back(layer_record(layer));
  }
  return record;
}

enum class Line {
  record,  ///< now in the tables
  later,   ///< of a step past the last one that is asked for
};

Line add_record(std::string_view text, Index last_step, MetricsTables& tables) {
  const Json line = Json::parse(text);
  const auto step = line.at("step").get<Index>();
  const auto& type = line.at("type").get_ref<const std::string&>();
  if (step < 1) throw std::range_error(fmt::format("its step is {}", step));
  if (step > last_step) return Line::later;
  if (type == "step") {
    tables.steps.push_back(step_record(line));
  } else if (type == "epoch") {
    tables.epochs.push_back(epoch_record(line));
  } else {
    throw std::range_error(fmt::format("its type is '{}'", printable(type)));
  }
  return Line::record;
}

/// Why a line cannot be read, in words of our own.
std::string reason_of(const std::exception& problem) {
  if (dynamic_cast<const Json::parse_error*>(&problem) != nullptr) return "it is not JSON";
  if (dynamic_cast<const Json::exception*>(&problem) != nullptr) {
    return "a member is missing or has another type";
  }
  return problem.what();
}

/// Takes the lines of a journal one after the other.
class JournalReader {
 public:
  JournalReader(const std::filesystem::path& path, Index last_step)
      : name_(path.string()), last_step_(last_step) {}

  /// Makes room for the records of this many bytes.
  void reserve(std::int64_t bytes) {
    constexpr std::int64_t kBytesOfStep = 200;
    contents_.tables.steps.reserve(static_cast<std::size_t>(bytes / kBytesOfStep));
  }

  void take(std::string_view line) {
    ++number_;
    bytes_ += static_cast<std::int64_t>(line.size()) + 1;
    try {
      note(add_record(line, last_step_, contents_.tables));
    } catch (const std::exception& problem) {
      whole_so_far_ = false;
      if (came_to_later_) return;  // what is left out anyhow may be damaged
      contents_.problems.push_back(
          fmt::format("{}:{}: this line is no record of a step or an epoch ({})", name_, number_,
                      reason_of(problem)));
    }
  }

  JournalContents finish() { return std::move(contents_); }

 private:
  std::string name_;
  Index last_step_;
  JournalContents contents_;
  int number_ = 0;
  std::int64_t bytes_ = 0;
  bool whole_so_far_ = true;
  bool came_to_later_ = false;

  void note(Line line) {
    if (line == Line::later) {
      whole_so_far_ = false;
      came_to_later_ = true;
    } else if (whole_so_far_) {
      contents_.front_bytes = bytes_;
    } else {
      contents_.in_front = false;
    }
  }
};

constexpr std::int64_t kBlockBytes = std::int64_t{1} << 20;

/// Takes the complete lines of a text and returns the rest.
std::string take_lines(std::string_view text, JournalReader& reader) {
  while (true) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::string(text);
    reader.take(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

}  // namespace

MetricsJournal::MetricsJournal(const std::filesystem::path& path) : file_(path, OpenMode::append) {}

void MetricsJournal::append(const StepRecord& record) {
  put_step(line_, record);
  file_.append_record({line_.data(), line_.size()});
}

void MetricsJournal::append(const EpochRecord& record) { file_.append_record(epoch_line(record)); }

JournalContents read_journal(const std::filesystem::path& path, Index last_step) {
  if (is_missing(path)) return {};
  const Descriptor file(path, OpenMode::read);
  const std::int64_t size = file.size();
  JournalReader reader(path, last_step);
  reader.reserve(size);
  std::string rest;  // of the block before, without a line feed; at the end it is torn
  for (std::int64_t at = 0; at < size; at += kBlockBytes) {
    std::string text = std::exchange(rest, {});
    const std::size_t length = text.size();
    text.resize(length + static_cast<std::size_t>(std::min(kBlockBytes, size - at)));
    const auto block = std::as_writable_bytes(std::span(text).subspan(length));
    text.resize(length + file.read_at(at, block));
    rest = take_lines(text, reader);
  }
  return reader.finish();
}

std::string journal_text(const MetricsTables& tables) {
  std::string text;
  fmt::memory_buffer line;
  auto epoch = tables.epochs.begin();
  const auto put_epochs = [&](Index before) {
    for (; epoch != tables.epochs.end() && epoch->step < before; ++epoch) {
      text += epoch_line(*epoch);
    }
  };
  for (const StepRecord& step : tables.steps) {
    put_epochs(step.step);
    put_step(line, step);
    text.append(line.data(), line.size());
  }
  put_epochs(std::numeric_limits<Index>::max());
  return text;
}

}  // namespace lockstep

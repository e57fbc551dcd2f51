// Reading with defaults, and keeping what was read.

#include <utility>

#include "framework/core/settings.hpp"

namespace lockstep {

template <class Read>
Read SettingsReader::marked(std::string_view key, Read read, const Read& otherwise) {
  consumed_.find(key)->is_default = read == otherwise;
  return read;
}

std::int64_t SettingsReader::integer_or(std::string_view key, Bounds bounds,
                                        std::int64_t otherwise) {
  const bool absent = look_up(key) == nullptr;
  return marked(key, absent ? keep(key, otherwise) : integer(key, bounds), otherwise);
}

double SettingsReader::real_or(std::string_view key, Bounds bounds, double otherwise) {
  const bool absent = look_up(key) == nullptr;
  return marked(key, absent ? keep(key, otherwise) : real(key, bounds), otherwise);
}

std::string SettingsReader::text_or(std::string_view key, const std::string& otherwise) {
  const bool absent = look_up(key) == nullptr;
  return marked(key, absent ? keep(key, otherwise) : text(key), otherwise);
}

bool SettingsReader::boolean_or(std::string_view key, bool otherwise) {
  const bool absent = look_up(key) == nullptr;
  return marked(key, absent ? keep_truth(key, otherwise) : boolean(key), otherwise);
}

std::string SettingsReader::choice_or(std::string_view key, std::span<const std::string_view> names,
                                      std::string_view otherwise) {
  const std::string usual(otherwise);
  const bool absent = look_up(key) == nullptr;
  return marked(key, absent ? keep(key, usual) : choice(key, names), usual);
}

std::pair<std::int64_t, std::int64_t> SettingsReader::pair_or(
    std::string_view key, Bounds bounds, std::pair<std::int64_t, std::int64_t> otherwise) {
  const bool absent = look_up(key) == nullptr;
  return marked(key, absent ? keep(key, otherwise) : pair(key, bounds), otherwise);
}

std::vector<double> SettingsReader::reals_or(std::string_view key, Bounds bounds,
                                             const std::vector<double>& otherwise) {
  const bool absent = look_up(key) == nullptr;
  return marked(key, absent ? keep(key, otherwise) : reals(key, bounds), otherwise);
}

const Value* SettingsReader::value_or_null(std::string_view key) {
  const Value* const found = look_up(key);
  if (found != nullptr) consumed_.set(key, *found);
  return found;
}

void SettingsReader::section(std::string_view key,
                             const std::function<void(SettingsReader&)>& read) {
  Value nothing = Value::mapping();
  nothing.location = mapping_.location;
  const Value* const found = look_up(key);
  SettingsReader inside(found == nullptr ? nothing : *found, path_of(key), elsewhere_);
  read(inside);
  consumed_.set(key, inside.consumed());
}

void SettingsReader::keep_as(std::string_view key, std::string_view as, Value value) {
  for (Value::Entry& entry : consumed_.entries) {
    if (entry.key != key) continue;
    entry.key = as;
    entry.value = std::move(value);
    return;
  }
}

std::int64_t SettingsReader::keep(std::string_view key, std::int64_t number) {
  consumed_.set(key, Value::integer(number));
  return number;
}

double SettingsReader::keep(std::string_view key, double number) {
  consumed_.set(key, Value::real(number));
  return number;
}

std::string SettingsReader::keep(std::string_view key, std::string text) {
  consumed_.set(key, Value::string(text));
  return text;
}

bool SettingsReader::keep_truth(std::string_view key, bool truth) {
  consumed_.set(key, Value::boolean(truth));
  return truth;
}

std::pair<std::int64_t, std::int64_t> SettingsReader::keep(
    std::string_view key, std::pair<std::int64_t, std::int64_t> numbers) {
  const auto [rows, columns] = numbers;
  consumed_.set(key, rows == columns
                         ? Value::integer(rows)
                         : Value::sequence({Value::integer(rows), Value::integer(columns)}));
  return numbers;
}

std::vector<double> SettingsReader::keep(std::string_view key, std::vector<double> numbers) {
  std::vector<Value> items;
  for (const double number : numbers) items.push_back(Value::real(number));
  consumed_.set(key, items.size() == 1 ? items.front() : Value::sequence(std::move(items)));
  return numbers;
}

}  // namespace lockstep

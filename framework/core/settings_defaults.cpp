// Reading with defaults, and keeping what was read.

#include <utility>

#include "framework/core/settings.hpp"

namespace lockstep {

std::int64_t SettingsReader::integer_or(std::string_view key, Bounds bounds,
                                        std::int64_t otherwise) {
  return look_up(key) == nullptr ? keep(key, otherwise) : integer(key, bounds);
}

double SettingsReader::real_or(std::string_view key, Bounds bounds, double otherwise) {
  return look_up(key) == nullptr ? keep(key, otherwise) : real(key, bounds);
}

std::string SettingsReader::text_or(std::string_view key, std::string otherwise) {
  return look_up(key) == nullptr ? keep(key, std::move(otherwise)) : text(key);
}

bool SettingsReader::boolean_or(std::string_view key, bool otherwise) {
  return look_up(key) == nullptr ? keep_truth(key, otherwise) : boolean(key);
}

std::string SettingsReader::choice_or(std::string_view key, std::span<const std::string_view> names,
                                      std::string_view otherwise) {
  return look_up(key) == nullptr ? keep(key, std::string(otherwise)) : choice(key, names);
}

std::pair<std::int64_t, std::int64_t> SettingsReader::pair_or(
    std::string_view key, Bounds bounds, std::pair<std::int64_t, std::int64_t> otherwise) {
  return look_up(key) == nullptr ? keep(key, otherwise) : pair(key, bounds);
}

std::vector<double> SettingsReader::reals_or(std::string_view key, Bounds bounds,
                                             std::vector<double> otherwise) {
  return look_up(key) == nullptr ? keep(key, std::move(otherwise)) : reals(key, bounds);
}

const Value* SettingsReader::value_or_null(std::string_view key) {
  const Value* const found = look_up(key);
  if (found != nullptr) consumed_.set(key, *found);
  return found;
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

#include "framework/core/settings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lockstep {
namespace {

using Bounds = SettingsReader::Bounds;

constexpr std::string_view kNumberSpelling =
    "; numbers are written without leading zeros, plus signs, underscores or 0x";

bool within(double number, const Bounds& bounds) {
  if (bounds.ends == Bounds::Ends::above_low && number == bounds.low) return false;
  if (bounds.ends == Bounds::Ends::below_high && number == bounds.high) return false;
  return number >= bounds.low && number <= bounds.high;
}

// A whole number's bound reads badly as 1e+18.
std::string bound_text(double bound) {
  constexpr double kExact = 9007199254740992.0;             // 2^53
  constexpr double kBeyondInteger = 9223372036854775808.0;  // 2^63
  if (bound == kBeyondInteger) return fmt::to_string(std::numeric_limits<std::int64_t>::max());
  const bool whole =
      std::abs(bound) <= kExact && bound == static_cast<double>(static_cast<std::int64_t>(bound));
  return whole ? fmt::to_string(static_cast<std::int64_t>(bound)) : fmt::to_string(bound);
}

std::string expectation(std::string_view noun, const Bounds& bounds) {
  const bool low = std::isfinite(bounds.low);
  const bool high = std::isfinite(bounds.high);
  const std::string from = bound_text(bounds.low);
  const std::string to = bound_text(bounds.high);
  if (bounds.low == bounds.high) return fmt::format("{} equal to {}", noun, from);
  if (low && bounds.ends == Bounds::Ends::above_low) {
    return high ? fmt::format("{} above {} and at most {}", noun, from, to)
                : fmt::format("{} above {}", noun, from);
  }
  if (low && high) {
    const bool below = bounds.ends == Bounds::Ends::below_high;
    return fmt::format("{} from {} to {}{}", noun, from, below ? "below " : "", to);
  }
  if (low) return fmt::format("{} of at least {}", noun, from);
  return high ? fmt::format("{} of at most {}", noun, to) : std::string(noun);
}

std::string whole_number(const Bounds& bounds) { return expectation("a whole number", bounds); }

bool is_plain(const Value& value) { return value.kind == Value::Kind::scalar && !value.quoted; }

// "010", "+5", "0x10", "1_000": meant as numbers, but not accepted as numbers.
bool looks_like_a_number(const Value& value) {
  if (!is_plain(value)) return false;
  const bool starts = value.text.find_first_of("0123456789") <= 1;
  return starts &&
         value.text.find_first_not_of("0123456789+-._xXaAbBcCdDeEfF") == std::string::npos;
}

std::string_view spelling_advice(const Value& value) {
  return looks_like_a_number(value) && !has_form_of_a_number(value.text) ? kNumberSpelling
                                                                         : std::string_view();
}

std::string with_full_stop(std::string sentence) {
  if (!sentence.empty() && !sentence.ends_with('.') && !sentence.ends_with('?')) sentence += '.';
  return sentence;
}

}  // namespace

SettingsReader::SettingsReader(const Value& mapping, std::string path, Elsewhere elsewhere)
    : mapping_(mapping), path_(std::move(path)), elsewhere_(elsewhere) {
  if (mapping.kind == Value::Kind::mapping) return;
  throw Error(errors::kWrongValue,
              fmt::format("{}{} must be a mapping (lines of 'key: value'), but is {}.",
                          mapping.location.prefix(), path_.empty() ? "the document" : path_,
                          mapping.describe()));
}

bool SettingsReader::has(std::string_view key) const { return mapping_.find(key) != nullptr; }

bool SettingsReader::second_of(std::string_view first, std::string_view second) {
  const bool has_first = look_up(first) != nullptr;
  const bool has_second = look_up(second) != nullptr;
  if (has_first && has_second) {
    throw error_at(
        second, fmt::format("is given together with {}; give only one of the two", path_of(first)),
        errors::kConflictingKeys);
  }
  return has_second;
}

const Value* SettingsReader::look_up(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return mapping_.find(key);
}

const Value& SettingsReader::require(std::string_view key, std::string_view expected) {
  if (const Value* value = look_up(key)) return *value;
  // An unread key that is spelled almost like this one is probably the cause: report that instead.
  for (const Value::Entry* entry : unread()) {
    if (!nearest_name(entry->key, std::span(&key, 1))) continue;
    throw Error(errors::kUnknownKey,
                fmt::format("{}unknown key {}, did you mean '{}'? (keys here: {}, ...)",
                            entry->key_location.prefix(), path_of(entry->key), key,
                            fmt::join(known_, ", ")));
  }
  const std::string must = expected.empty() ? "" : fmt::format("; it must be {}", expected);
  throw Error(errors::kMissingKey,
              fmt::format("{}{} is missing{}.", mapping_.location.prefix(), path_of(key), must));
}

void SettingsReader::refuse(std::string_view key, const Value& found, std::string_view expected,
                            std::string_view advice, const ErrorCode& code) const {
  const Location& where = found.location.to_string().empty() ? location() : found.location;
  throw Error(code, with_full_stop(fmt::format("{}{} must be {}, but is {}{}", where.prefix(),
                                               path_of(key), expected, found.describe(), advice)));
}

std::int64_t SettingsReader::to_integer(const Expected& expected, const Value& value) const {
  const auto number = is_plain(value) ? parse_integer(value.text) : std::nullopt;
  if (!number || !within(static_cast<double>(*number), expected.bounds)) {
    refuse(expected.key, value, expected.text, spelling_advice(value));
  }
  return *number;
}

double SettingsReader::to_real(const Expected& expected, const Value& value) const {
  const auto number = is_plain(value) ? parse_real(value.text) : std::nullopt;
  if (!number || !within(*number, expected.bounds)) {
    refuse(expected.key, value, expected.text, spelling_advice(value));
  }
  return *number;
}

std::int64_t SettingsReader::integer(std::string_view key, Bounds bounds) {
  const Expected expected{.key = key, .bounds = bounds, .text = whole_number(bounds)};
  return keep(key, to_integer(expected, require(key, expected.text)));
}

double SettingsReader::real(std::string_view key, Bounds bounds) {
  const Expected expected{.key = key, .bounds = bounds, .text = expectation("a number", bounds)};
  return keep(key, to_real(expected, require(key, expected.text)));
}

std::vector<double> SettingsReader::reals(std::string_view key, Bounds bounds) {
  const Expected expected{.key = key,
                          .bounds = bounds,
                          .text = expectation("a number", bounds) + ", or a list of such"};
  const Value& value = require(key, expected.text);
  if (value.kind != Value::Kind::sequence) {
    return keep(key, std::vector<double>{to_real(expected, value)});
  }
  if (value.items.empty()) throw error_at(key, "must be " + expected.text + ", but is empty");
  std::vector<double> numbers;
  for (const Value& item : value.items) numbers.push_back(to_real(expected, item));
  return keep(key, std::move(numbers));
}

std::string SettingsReader::text(std::string_view key) {
  const Value& value = require(key, "text");
  if (value.is_text()) {
    if (value.text.find('\0') != std::string::npos) refuse(key, value, "text without NUL");
    return keep(key, value.text);
  }
  const bool plain = value.kind == Value::Kind::scalar;
  refuse(key, value, "text", plain ? "; put quotes around it if text is meant" : "");
}

bool SettingsReader::boolean(std::string_view key) {
  constexpr std::string_view kExpected = "true or false";
  const Value& value = require(key, kExpected);
  if (is_plain(value)) {
    if (value.text == "true") return keep_truth(key, true);
    if (value.text == "false") return keep_truth(key, false);
  }
  refuse(key, value, kExpected);
}

const Value& SettingsReader::value(std::string_view key, std::string_view expected) {
  const Value& found = require(key, expected);
  consumed_.set(key, found);
  return found;
}

std::string SettingsReader::choice(std::string_view key, std::span<const std::string_view> names) {
  const std::string expected = fmt::format("one of {}", fmt::join(names, ", "));
  const Value& value = require(key, expected);
  if (value.kind != Value::Kind::scalar) refuse(key, value, expected);
  if (std::find(names.begin(), names.end(), value.text) != names.end()) {
    return keep(key, value.text);
  }
  refuse(key, value, expected, did_you_mean(value.text, names), errors::kUnknownName);
}

std::pair<std::int64_t, std::int64_t> SettingsReader::pair(std::string_view key, Bounds bounds) {
  const Expected expected{.key = key,
                          .bounds = bounds,
                          .text = whole_number(bounds) + ", or two such as [rows, columns]"};
  const Value& value = require(key, expected.text);
  if (value.kind != Value::Kind::sequence) {
    const std::int64_t number = to_integer(expected, value);
    return keep(key, std::pair(number, number));
  }
  if (value.items.size() != 2) {
    throw error_at(
        key, fmt::format("must be {}, but is a list of {}", expected.text, value.items.size()));
  }
  return keep(
      key, std::pair(to_integer(expected, value.items[0]), to_integer(expected, value.items[1])));
}

void SettingsReader::finish() const {
  const std::vector<const Value::Entry*> rest = unread();
  if (rest.empty()) return;
  const Value::Entry& entry = *rest.front();
  const std::string begin =
      fmt::format("{}unknown key {}", entry.key_location.prefix(), path_of(entry.key));
  const std::string home = elsewhere_ == nullptr ? "" : elsewhere_(entry.key);
  if (!home.empty())
    throw Error(errors::kUnknownKey, fmt::format("{}; it belongs {}.", begin, home));
  const std::vector<std::string_view> names(known_.begin(), known_.end());
  const std::string near = did_you_mean(entry.key, names);
  const std::string known = names.empty() ? "nothing can be set here"
                                          : fmt::format("keys here: {}", fmt::join(names, ", "));
  throw Error(errors::kUnknownKey, near.empty() ? fmt::format("{}; {}.", begin, known)
                                                : fmt::format("{}{} ({})", begin, near, known));
}

std::vector<const Value::Entry*> SettingsReader::unread() const {
  std::vector<const Value::Entry*> rest;
  for (const Value::Entry& entry : mapping_.entries) {
    const bool known = std::find(known_.begin(), known_.end(), entry.key) != known_.end();
    if (!known) rest.push_back(&entry);
  }
  return rest;
}

Error SettingsReader::error_at(std::string_view key, const std::string& sentence,
                               const ErrorCode& code) const {
  const Value* value = mapping_.find(key);
  const Location& where =
      value != nullptr && !value->location.to_string().empty() ? value->location : location();
  return Error(code, with_full_stop(where.prefix() + path_of(key) + " " + sentence));
}

std::string SettingsReader::path_of(std::string_view key) const {
  const std::string name = printable(key);
  return path_.empty() ? name : path_ + "." + name;
}

}  // namespace lockstep

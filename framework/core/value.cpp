#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include <fmt/format.h>

#include "framework/core/settings.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kLongestShown = 60;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t from) {
  while (from < text.size() && is_digit(text[from])) ++from;
  return from;
}

bool is_word_with_a_meaning(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "true" || text == "false";
}

bool reads_as_text(std::string_view text) {
  return !is_word_with_a_meaning(text) && !parse_real(text);
}

bool is_continuation_byte(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20U || byte == 0x7FU;
}

// U+0080 to U+009F. Some terminals read U+009B as an escape and a bracket.
bool is_second_control(std::string_view text) {
  return text.size() > 1 && text[0] == '\xC2' &&
         (static_cast<unsigned char>(text[1]) & 0xE0U) == 0x80U;
}

std::string escaped(char c) { return fmt::format("\\x{:02x}", static_cast<unsigned char>(c)); }

// "an empty list", "the list [28, 28]", or "a list of 3" if it contains mappings.
std::string describe_list(const Value& list) {
  if (list.items.empty()) return "an empty list";
  std::string items;
  for (const Value& item : list.items) {
    if (item.kind != Value::Kind::scalar) return fmt::format("a list of {}", list.items.size());
    items += (items.empty() ? "" : ", ") + item.text;
  }
  return fmt::format("the list [{}]", printable(items));
}

}  // namespace

std::string Location::to_string() const {
  return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column);
}

std::string Location::prefix() const {
  const std::string place = to_string();
  return place.empty() ? place : place + ": ";
}

Value Value::scalar(std::string text, Location where) {
  Value value;
  value.kind = Kind::scalar;
  value.text = std::move(text);
  value.location = std::move(where);
  return value;
}

Value Value::string(std::string text, Location where) {
  Value value = scalar(std::move(text), std::move(where));
  value.quoted = !reads_as_text(value.text);
  return value;
}

Value Value::integer(std::int64_t number) { return scalar(fmt::to_string(number)); }

Value Value::real(double number) {
  std::array<char, 32> buffer{};
  const auto [end, status] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return scalar(std::string(buffer.data(), end));
}

Value Value::boolean(bool truth) { return scalar(truth ? "true" : "false"); }

Value Value::sequence(std::vector<Value> items) {
  Value value;
  value.kind = Kind::sequence;
  value.items = std::move(items);
  return value;
}

Value Value::mapping() { return mapping(std::vector<Entry>()); }

Value Value::mapping(std::vector<Entry> entries) {
  Value value;
  value.kind = Kind::mapping;
  value.entries = std::move(entries);
  return value;
}

const Value* Value::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

Value* Value::find(std::string_view key) {
  for (Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

void Value::set(std::string_view key, Value value) {
  if (Value* present = find(key)) {
    *present = std::move(value);
    return;
  }
  const Location where = value.location;
  entries.push_back(
      Entry{.key = std::string(key), .value = std::move(value), .key_location = where});
}

bool Value::is_text() const { return kind == Kind::scalar && (quoted || reads_as_text(text)); }

std::string Value::describe() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::sequence:
      return describe_list(*this);
    case Kind::mapping:
      return "a mapping";
    case Kind::scalar:
      break;
  }
  if (!quoted && has_form_of_a_number(text) && !parse_real(text)) {
    return fmt::format("{}, which is beyond the range of a double", printable(text));
  }
  if (is_text()) return fmt::format("the text '{}'", printable(text));
  if (parse_real(text)) return fmt::format("the number {}", printable(text));
  return text.empty() ? "nothing" : text;
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == Value::Kind::scalar) return a.text == b.text && a.is_text() == b.is_text();
  if (a.items != b.items || a.entries.size() != b.entries.size()) return false;
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    if (a.entries[i].key != b.entries[i].key) return false;
    if (!(a.entries[i].value == b.entries[i].value)) return false;
  }
  return true;
}

// -? (0 | [1-9][0-9]*)? (. [0-9]*)? ([eE][-+]?[0-9]+)?, with a digit somewhere before the exponent:
// YAML 1.2's numbers without plus signs and leading zeros. `from_chars` alone would take "inf".
bool has_form_of_a_number(std::string_view text) {
  const std::size_t start = text.starts_with('-') ? 1 : 0;
  std::size_t at = skip_digits(text, start);
  std::size_t digits = at - start;
  if (digits > 1 && text[start] == '0') return false;
  if (at < text.size() && text[at] == '.') {
    const std::size_t end = skip_digits(text, at + 1);
    digits += end - at - 1;
    at = end;
  }
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t end = skip_digits(text, at);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.find_first_of(".eE") != std::string_view::npos) return std::nullopt;
  if (!has_form_of_a_number(text)) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, number);
  if (status != std::errc{} || stop != end) return std::nullopt;
  return number;
}

std::optional<double> parse_real(std::string_view text) {
  if (!has_form_of_a_number(text)) return std::nullopt;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, number);
  if (status != std::errc{} || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string printable(std::string_view text) {
  std::size_t length = text.size();
  if (length > kLongestShown) {
    length = kLongestShown;
    while (length > 0 && is_continuation_byte(text[length])) --length;
  }
  std::string shown;
  for (const char c : text.substr(0, length)) {
    shown += is_control(c) ? escaped(c) : std::string(1, c);
  }
  return length < text.size() ? shown + "..." : shown;
}

std::string escape_controls(std::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool lays_out = text[i] == '\n' || text[i] == '\t';
    if (is_second_control(text.substr(i))) {
      shown += escaped(text[++i]);
    } else if (is_control(text[i]) && !lays_out) {
      shown += escaped(text[i]);
    } else {
      shown += text[i];
    }
  }
  return shown;
}

}  // namespace lockstep

#include "framework/config/duration.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace lockstep {
namespace {

constexpr double kLongest = 1e9;  // 31 years

double unit_in_seconds(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    default:
      return 0;
  }
}

std::optional<double> parse_duration(const Value& value) {
  if (value.kind != Value::Kind::scalar || value.text.empty()) return {};
  std::string_view number = value.text;
  const double unit = unit_in_seconds(number.back());
  if (unit == 0) return value.quoted ? std::nullopt : parse_real(number);
  number.remove_suffix(1);
  const std::optional<double> count = parse_real(number);
  return count ? std::optional(*count * unit) : std::nullopt;
}

}  // namespace

double duration_or(SettingsReader& reader, std::string_view key, double otherwise) {
  const Value* value = reader.value_or_null(key);
  if (value == nullptr) return reader.real_or(key, {0, kLongest}, otherwise);
  const std::optional<double> seconds = parse_duration(*value);
  if (seconds && *seconds >= 0 && *seconds <= kLongest) {
    Value kept = Value::real(*seconds);
    kept.is_default = *seconds == otherwise;
    reader.keep_as(key, key, std::move(kept));
    return *seconds;
  }
  throw reader.error_at(key, fmt::format("must be a time from 0 to 1e9 seconds, such as 90, 90s, "
                                         "30m or 2h, but is {}",
                                         value->describe()));
}

}  // namespace lockstep

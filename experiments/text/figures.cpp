#include "experiments/text/figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace lockstep {

std::string figure(double value) {
  constexpr double kFirstShortened = 1e4;
  if (std::isnan(value)) return "-";
  return std::abs(value) < kFirstShortened ? fmt::format("{:.4f}", value)
                                           : fmt::format("{:.4g}", value);
}

std::string percent(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.2f} %", 100 * share);
}

std::string count_of(Index number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string thousands(Index number) {
  std::string digits = fmt::format("{}", number);
  for (Index at = static_cast<Index>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

std::string bytes_in_words(Index bytes) {
  constexpr double kStep = 1024;
  constexpr std::array<std::string_view, 4> kUnits = {"KiB", "MiB", "GiB", "TiB"};
  auto number = static_cast<double>(bytes);
  if (number < kStep) return fmt::format("{} B", bytes);
  std::size_t unit = 0;
  for (number /= kStep; number >= kStep && unit + 1 < kUnits.size(); ++unit) number /= kStep;
  return fmt::format("{:.1f} {}", number, kUnits[unit]);
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string spelled_out(std::string_view name) {
  std::string words(name);
  std::ranges::replace(words, '_', ' ');
  return words;
}

FigureName figure_name(std::string_view name) {
  const std::size_t end = name.find('_');
  const std::string_view set = name.substr(0, end);
  return {set == "train" ? "training" : std::string(set), spelled_out(name.substr(end + 1))};
}

std::string shortened(std::string_view text, std::size_t most) {
  constexpr std::string_view kDots = "...";
  if (text.size() <= most) return std::string(text);
  std::size_t end = most - kDots.size();
  // Does not cut through a character of several bytes.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return fmt::format("{}{}", text.substr(0, end), kDots);
}

}  // namespace lockstep

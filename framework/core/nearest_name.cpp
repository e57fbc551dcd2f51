#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "framework/core/settings.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kShortestPrefix = 4;
constexpr std::size_t kLongestWord = 64;  // a longer one is no typing error; bounds the work

// To a person, "Fashion-MNIST" and "fashion_mnist" are the same word.
std::string folded(std::string_view word) {
  std::string result(word);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-' || c == ' ') c = '_';
  }
  return result;
}

// Insertions, deletions, substitutions and exchanges of neighbours that turn `a` into `b`
// ("optimal string alignment"), row by row over the prefixes of `a`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_before(b.size() + 1);
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(two_before, before);
    std::swap(before, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

bool one_begins_the_other(std::string_view a, std::string_view b) {
  return std::min(a.size(), b.size()) >= kShortestPrefix && (a.starts_with(b) || b.starts_with(a));
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view word,
                                             std::span<const std::string_view> candidates) {
  if (word.size() > kLongestWord) return std::nullopt;
  const std::string meant = folded(word);
  std::optional<std::string_view> nearest;
  std::size_t smallest = 0;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    const std::string name = folded(candidate);
    const std::size_t distance = edit_distance(meant, name);
    const std::size_t tolerated = std::max<std::size_t>(1, std::max(meant.size(), name.size()) / 3);
    if (distance > tolerated && !one_begins_the_other(meant, name)) continue;
    if (name.size() < 2 && distance > 0) continue;
    if (!nearest || distance < smallest) {
      nearest = candidate;
      smallest = distance;
    }
  }
  return nearest;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const auto name = nearest_name(word, candidates);
  return name ? fmt::format(", did you mean '{}'?", *name) : std::string();
}

}  // namespace lockstep

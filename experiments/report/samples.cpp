#include "experiments/report/samples.hpp"

#include <algorithm>

namespace lockstep {
namespace {

void keep_first(std::vector<Index>& samples, std::size_t most) {
  samples.resize(std::min(samples.size(), most));
}

}  // namespace

std::size_t JudgedSamples::guess(Index sample) const {
  const std::span<const float> row = of(sample);
  return static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

std::vector<std::vector<Index>> samples_of_cells(const JudgedSamples& judged, std::size_t most) {
  const std::size_t classes = judged.classes();
  std::vector<std::vector<Index>> cells(classes * classes);
  for (Index sample = 0; sample < judged.size(); ++sample) {
    cells[judged.truth(sample) * classes + judged.guess(sample)].push_back(sample);
  }
  for (std::vector<Index>& cell : cells) {
    std::stable_sort(cell.begin(), cell.end(), [&judged](Index a, Index b) {
      const bool is_less = judged.certainty(a) < judged.certainty(b);
      return judged.is_right(a) ? is_less : judged.certainty(b) < judged.certainty(a);
    });
    keep_first(cell, most);
  }
  return cells;
}

std::vector<Index> worst_mistakes(const JudgedSamples& judged, std::size_t most) {
  std::vector<Index> mistakes;
  for (Index sample = 0; sample < judged.size(); ++sample) {
    if (!judged.is_right(sample)) mistakes.push_back(sample);
  }
  std::stable_sort(mistakes.begin(), mistakes.end(), [&judged](Index a, Index b) {
    return judged.certainty(a) > judged.certainty(b);
  });
  keep_first(mistakes, most);
  return mistakes;
}

std::vector<Index> first_of_classes(const JudgedSamples& judged, std::size_t most) {
  std::vector<Index> found;
  for (std::size_t k = 0; k < judged.classes() && found.size() < most; ++k) {
    const auto first = std::find(judged.labels.begin(), judged.labels.end(), k);
    if (first != judged.labels.end()) found.push_back(first - judged.labels.begin());
  }
  return found;
}

}  // namespace lockstep

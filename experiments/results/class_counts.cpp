#include "experiments/results/class_counts.hpp"

#include <numeric>
#include <span>

#include <nlohmann/json.hpp>

#include "framework/storage/metrics/metrics_tables.hpp"

namespace lockstep {

std::vector<ClassCount> class_counts(const std::vector<Index>& confusion) {
  const auto classes = static_cast<std::size_t>(confusion_classes(confusion));
  std::vector<ClassCount> counts;
  for (std::size_t k = 0; k < classes; ++k) {
    const auto row = std::span(confusion).subspan(k * classes, classes);
    counts.push_back({std::accumulate(row.begin(), row.end(), Index{0}), row[k]});
  }
  return counts;
}

nlohmann::ordered_json per_class_json(const std::vector<ClassCount>& counts) {
  using Json = nlohmann::ordered_json;
  Json classes = Json::array();
  for (const ClassCount& count : counts) {
    classes.push_back({{"class", classes.size()},
                       {"samples", count.samples},
                       {"correct", count.correct},
                       {"accuracy", count.samples == 0 ? Json() : Json(count.accuracy())}});
  }
  return classes;
}

}  // namespace lockstep

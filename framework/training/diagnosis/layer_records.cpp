#include "framework/training/diagnosis/layer_records.hpp"

#include "framework/training/diagnosis/weight_figures.hpp"

namespace lockstep {
namespace {

// The place of all of a layer's parameters in a flat buffer.
std::span<const float> stretch_of(const ParameterLayout& layout, std::size_t node,
                                  std::span<const float> flat) {
  const std::size_t first = layout.first_entry(node);
  const std::size_t last = layout.first_entry(node + 1);
  if (first == last) return {};
  const std::size_t begin = layout.entries()[first].offset;
  const ParameterEntry& end = layout.entries()[last - 1];
  return flat.subspan(begin, end.offset + end.size - begin);
}

void add_weights(const TrainedStep& step, std::size_t entry, LayerRecord& record) {
  const ParameterEntry& place = step.layout.entries()[entry];
  const auto now = step.layout.view(step.now, entry);
  record.weight_rms = static_cast<double>(place.scale) * root_mean_square(now);
  record.update_ratio = update_ratio(step.layout.view(step.before, entry), now);
  record.has_equal_units = place.role == ParameterRole::weight &&
                           has_equal_units(now, step.layout.view(step.gradient, entry),
                                           static_cast<std::size_t>(place.shape[0]));
}

}  // namespace

std::vector<LayerRecord> layer_records(const TrainedStep& step,
                                       std::span<const ActivationFigures> activations) {
  std::vector<LayerRecord> records;
  for (std::size_t node = 0; node < activations.size(); ++node) {
    const ActivationFigures& output = activations[node];
    LayerRecord& record = records.emplace_back();
    record = {.layer = step.graph.nodes()[node].name,
              .activation_rms = output.rms,
              .activation_mean = output.mean,
              .zero_share = output.zero_share,
              .dead_share = output.dead_share,
              .saturated_share = output.saturated_share};
    const auto gradient = stretch_of(step.layout, node, step.gradient);
    if (gradient.empty()) continue;
    record.gradient_rms = root_mean_square(gradient);
    if (const auto weight = step.layout.weight_entry(node)) add_weights(step, *weight, record);
  }
  return records;
}

}  // namespace lockstep

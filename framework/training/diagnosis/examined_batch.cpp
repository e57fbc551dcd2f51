#include "framework/training/diagnosis/examined_batch.hpp"

namespace lockstep {
namespace {

Index whole_blocks(std::size_t samples) {
  return static_cast<Index>((samples + kLanes - 1) / kLanes * kLanes);
}

}  // namespace

ExaminedBatch::ExaminedBatch(const Graph& graph, const Examination& request, PlanPurpose purpose)
    : request_(request),
      layout_(graph),
      plan_(graph, whole_blocks(request.samples.size()), purpose),
      pass_(plan_, layout_),
      batch_(plan_.micro_batch()),
      scaled_(layout_.size()) {}

double ExaminedBatch::loss(std::span<const float> parameters) {
  layout_.apply_scales(parameters, scaled_);
  batch_.assemble(request_.dataset, request_.samples, {.training = false}, pass_);
  pass_.forward(scaled_, batch_.context());
  batch_.take_loss(request_.loss, pass_);
  return batch_.result().loss / static_cast<double>(samples());
}

std::vector<float> ExaminedBatch::gradient() {
  std::vector<float> gradients(layout_.size());
  pass_.backward(scaled_, gradients, batch_.context());
  layout_.apply_scales(gradients, gradients);
  for (float& gradient : gradients) gradient /= static_cast<float>(samples());
  return gradients;
}

}  // namespace lockstep

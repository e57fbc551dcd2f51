#include "framework/optimizers/optimizer.hpp"

#include <algorithm>
#include <cassert>

namespace lockstep {
namespace {

constexpr SettingsReader::Bounds kWeightDecay{0, 1e6};

}  // namespace

UpdateRule::~UpdateRule() = default;

void UpdateRule::add_buffer(std::string_view name, std::size_t size) {
  buffers_.push_back({std::string(name), AlignedBuffer<float>(size)});
}

void UpdateRule::add_scalar(std::string_view name, double value) {
  scalars_.push_back({std::string(name), value});
}

float* UpdateRule::part_of(std::size_t buffer, const UpdateStretch& stretch) {
  return buffers_[buffer].values.span().subspan(stretch.first, stretch.values.size()).data();
}

Optimizer::Optimizer(std::unique_ptr<UpdateRule> rule, double weight_decay)
    : rule_(std::move(rule)), weight_decay_(static_cast<float>(weight_decay)) {}

void Optimizer::update(std::size_t first, std::span<float> values,
                       std::span<const float> gradient) {
  assert(values.size() == gradient.size());
  rule_->update(
      {.first = first, .values = values, .gradient = gradient, .weight_decay = weight_decay_});
}

std::unique_ptr<Optimizer> read_optimizer(SettingsReader& settings, std::size_t size) {
  const std::vector<OptimizerType> types = all_optimizer_types();
  std::vector<std::string_view> names;
  for (const OptimizerType& type : types) names.push_back(type.name);
  const std::string name = settings.choice("type", names);
  const auto type = std::ranges::find(types, name, &OptimizerType::name);
  std::unique_ptr<UpdateRule> rule = type->create(settings, size);
  const double decay = settings.real_or("weight_decay", kWeightDecay, type->usual_weight_decay);
  return std::make_unique<Optimizer>(std::move(rule), decay);
}

std::unique_ptr<Optimizer> make_optimizer(const Value& settings, std::size_t size) {
  SettingsReader reader(settings, "optimizer");
  std::unique_ptr<Optimizer> optimizer = read_optimizer(reader, size);
  reader.finish();
  return optimizer;
}

}  // namespace lockstep

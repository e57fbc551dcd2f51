#include "framework/losses/loss.hpp"

#include <algorithm>
#include <string>

#include "framework/kernels/softmax.hpp"

namespace lockstep {

void Loss::classify(ConstLaneView outputs, std::span<Label> classes) const {
  arg_max(outputs, classes);
}

std::unique_ptr<const Loss> read_loss(SettingsReader& settings) {
  const std::vector<LossType> types = all_loss_types();
  std::vector<std::string_view> names;
  for (const LossType& type : types) names.push_back(type.name);
  const std::string name = settings.choice_or("type", names, "softmax_cross_entropy");
  return std::ranges::find(types, name, &LossType::name)->create(settings);
}

std::unique_ptr<const Loss> make_loss(const Value& settings) {
  SettingsReader reader(settings, "loss");
  std::unique_ptr<const Loss> loss = read_loss(reader);
  reader.finish();
  return loss;
}

}  // namespace lockstep

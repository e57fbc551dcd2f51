#include "experiments/compare/first_difference.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {
namespace {

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

// ---- Steps --------------------------------------------------------------------------------------

/// A checkpoint is one step of a training. The other kinds show how long their training was.
bool tells_length(const Compared& compared) { return compared.kind != ComparedKind::checkpoint; }

std::optional<StepDifference> different_length(const Compared& a, const Compared& b) {
  if (!tells_length(a) || !tells_length(b) || a.steps() == b.steps()) return {};
  return StepDifference{std::min(a.steps(), b.steps()) + 1, "steps", fmt::format("{}", a.steps()),
                        fmt::format("{}", b.steps())};
}

void compare_steps(const Compared& a, const Compared& b, FirstDifference& found) {
  auto other = b.tables.steps.begin();
  for (const StepRecord& record : a.tables.steps) {
    other = std::find_if(other, b.tables.steps.end(),
                         [&](const StepRecord& step) { return step.step >= record.step; });
    if (other == b.tables.steps.end()) break;
    if (other->step != record.step) continue;
    ++found.steps;
    found.step = step_difference(record, *other);
    if (found.step) return;
  }
  found.step = different_length(a, b);
}

// ---- Tensors ------------------------------------------------------------------------------------

/// The tensor with the same layer and name; null if there is none.
const StoredTensor* find_tensor(const std::vector<StoredTensor>& tensors,
                                const StoredTensor& like) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const StoredTensor& tensor) {
    return tensor.layer == like.layer && tensor.name == like.name;
  });
  return found == tensors.end() ? nullptr : &*found;
}

TensorDifference named(const StoredTensor& tensor, const std::string& family) {
  TensorDifference found;
  found.layer = tensor.layer;
  found.tensor = family.empty() ? tensor.name : fmt::format("{} ({})", tensor.name, family);
  return found;
}

std::optional<TensorDifference> difference(const StoredTensor& a, const StoredTensor* b,
                                           const std::string& family) {
  TensorDifference found = named(a, family);
  found.shape = a.shape;
  if (b != nullptr) found.other = b->shape;
  if (b == nullptr || a.shape != b->shape) return found;
  for (Index i = a.shape.size(); i-- > 0;) {
    const auto at = static_cast<std::size_t>(i);
    if (same_bits(a.values[at], b->values[at])) continue;
    ++found.differing;
    found.position = i;
    found.a = a.values[at];
    found.b = b->values[at];
  }
  return found.differing > 0 ? std::optional(found) : std::nullopt;
}

std::optional<TensorDifference> first_of(const std::vector<StoredTensor>& a,
                                         const std::vector<StoredTensor>& b,
                                         const std::string& family) {
  for (const StoredTensor& tensor : a) {
    auto found = difference(tensor, find_tensor(b, tensor), family);
    if (found) return found;
  }
  for (const StoredTensor& tensor : b) {
    if (find_tensor(a, tensor) != nullptr) continue;
    TensorDifference found = named(tensor, family);
    found.other = tensor.shape;
    return found;
  }
  return {};
}

/// Two files are compared whatever their steps. A run's checkpoints are compared with those of the
/// same step.
std::vector<std::pair<std::filesystem::path, std::filesystem::path>> pairs_of(const Compared& a,
                                                                              const Compared& b) {
  const bool are_files = a.kind == ComparedKind::checkpoint && b.kind == ComparedKind::checkpoint;
  if (are_files) return {{a.path, b.path}};
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> pairs;
  for (const auto& [step, path] : a.checkpoints) {
    const auto other = b.checkpoints.find(step);
    if (other != b.checkpoints.end()) pairs.emplace_back(path, other->second);
  }
  return pairs;
}

// ---- Numbers ------------------------------------------------------------------------------------

struct NamedNumber {
  std::string name;
  std::string value;  ///< the shortest that reads back to the same bits
};

std::vector<NamedNumber> numbers_of(const Checkpoint& checkpoint) {
  std::vector<NamedNumber> numbers;
  const auto add = [&numbers](const std::string& name, const auto& value) {
    numbers.push_back({name, fmt::format("{}", value)});
  };
  for (const auto& [name, value] : checkpoint.optimizer_scalars) add(name, value);
  if (!checkpoint.state) return numbers;
  const StoredTrainingState& state = *checkpoint.state;
  const TrainingProgress& progress = state.progress;
  add("step", progress.step);
  add("epoch", state.epoch);
  add("samples_seen", progress.samples_seen);
  add("seed", state.seed);
  add("digest", state.digest.hex());
  add("epoch_samples", progress.epoch_samples);
  add("epoch_correct", progress.epoch_correct);
  add("epoch_loss", progress.epoch_loss);
  return numbers;
}

}  // namespace

std::vector<Index> index_of(const Shape& shape, Index position) {
  std::vector<Index> index(shape.rank());
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    index[axis] = position % shape[axis];
    position /= shape[axis];
  }
  return index;
}

std::optional<StepDifference> step_difference(const StepRecord& a, const StepRecord& b) {
  const bool have_digests = a.has_digest && b.has_digest;
  if (have_digests && a.digest != b.digest) {
    return StepDifference{a.step, "digest", a.digest.hex(), b.digest.hex()};
  }
  for (const Column<StepRecord>& column : kStepColumns) {
    const double one = a.*column.member;
    const double other = b.*column.member;
    if (!column.repeats || same_bits(one, other)) continue;
    // The digests show that the weights are the same. A checkpoint has nothing but its digest.
    if (have_digests && (std::isnan(one) || std::isnan(other))) continue;
    return StepDifference{a.step, column.name, fmt::format("{}", one), fmt::format("{}", other)};
  }
  return {};
}

std::optional<TensorDifference> first_tensor_difference(const Checkpoint& a, const Checkpoint& b) {
  if (auto found = first_of(a.parameters, b.parameters, "")) return found;
  for (const StoredOptimizerState& state : a.optimizer) {
    const auto other = std::ranges::find(b.optimizer, state.name, &StoredOptimizerState::name);
    if (other == b.optimizer.end()) continue;
    if (auto found = first_of(state.tensors, other->tensors, state.name)) return found;
  }
  return {};
}

std::optional<StepDifference> first_number_difference(const Checkpoint& a, const Checkpoint& b) {
  const std::vector<NamedNumber> others = numbers_of(b);
  for (const NamedNumber& number : numbers_of(a)) {
    const auto other = std::ranges::find(others, number.name, &NamedNumber::name);
    if (other == others.end() || other->value == number.value) continue;
    return StepDifference{a.state ? a.state->progress.step : 0, number.name, number.value,
                          other->value};
  }
  return {};
}

FirstDifference first_difference(const Compared& a, const Compared& b) {
  FirstDifference found;
  compare_steps(a, b, found);
  for (const auto& [one, other] : pairs_of(a, b)) {
    const Checkpoint checkpoint = read_checkpoint(one).checkpoint;
    const Checkpoint against = read_checkpoint(other).checkpoint;
    found.tensor = first_tensor_difference(checkpoint, against);
    if (!found.tensor) found.number = first_number_difference(checkpoint, against);
    ++found.checkpoints;
    if (found.tensor && checkpoint.state) found.tensor->step = checkpoint.state->progress.step;
    if (found.tensor || found.number) break;
  }
  return found;
}

}  // namespace lockstep

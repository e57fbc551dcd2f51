#include "framework/storage/checkpoint/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include "framework/core/error.hpp"
#include "framework/storage/files/descriptor.hpp"
#include "framework/storage/files/user_block.hpp"
#include "framework/storage/hdf5/checked_file.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/hdf5/layout.hpp"

namespace lockstep {
namespace {

namespace layout = checkpoint_layout;

// ---- Equality of bits ---------------------------------------------------------------------------

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool same(const StoredTensor& a, const StoredTensor& b) {
  return a.layer == b.layer && a.name == b.name && a.axis_order == b.axis_order &&
         a.shape == b.shape && a.values.size() == b.values.size() &&
         (a.values.empty() ||
          std::memcmp(a.values.data(), b.values.data(), a.values.size() * sizeof(float)) == 0);
}

bool same(const std::pair<std::string, double>& a, const std::pair<std::string, double>& b) {
  return a.first == b.first && same(a.second, b.second);
}

template <typename Item>
bool same(const std::vector<Item>& a, const std::vector<Item>& b);

bool same(const StoredOptimizerState& a, const StoredOptimizerState& b) {
  return a.name == b.name && same(a.tensors, b.tensors);
}

template <typename Item>
bool same(const std::vector<Item>& a, const std::vector<Item>& b) {
  return std::ranges::equal(a, b, [](const Item& x, const Item& y) { return same(x, y); });
}

bool same(const TrainingProgress& a, const TrainingProgress& b) {
  return a.step == b.step && a.samples_seen == b.samples_seen &&
         same(a.train_seconds, b.train_seconds) && a.epoch_samples == b.epoch_samples &&
         a.epoch_correct == b.epoch_correct && same(a.epoch_loss, b.epoch_loss) &&
         same(a.best_accuracy, b.best_accuracy) && a.best_step == b.best_step;
}

bool same(const StoredTrainingState& a, const StoredTrainingState& b) {
  return same(a.progress, b.progress) && same(a.epoch, b.epoch) && a.seed == b.seed &&
         a.digest == b.digest;
}

// ---- Contents -----------------------------------------------------------------------------------

void write_tensors(Hdf5Writer& file, const std::string& group, const std::vector<StoredTensor>& all,
                   const std::string& what) {
  const std::string* last_layer = nullptr;
  for (const StoredTensor& tensor : all) {
    const std::string layer_path = fmt::format("{}/{}", group, tensor.layer);
    if (last_layer == nullptr || *last_layer != tensor.layer) {
      file.add_group(layer_path);
      file.add_attribute(layer_path, layout::kLongName,
                         fmt::format("{} of {}", what, tensor.layer));
    }
    last_layer = &tensor.layer;
    const std::string path = fmt::format("{}/{}", layer_path, tensor.name);
    const auto extents = tensor.shape.extents();
    file.add_dataset({.path = path,
                      .extents = {extents.begin(), extents.end()},
                      .values = std::span<const float>(tensor.values),
                      .units = "1",
                      .long_name = fmt::format("{} of {} {}", what, tensor.layer, tensor.name)});
    file.add_attribute(path, "axis_order", tensor.axis_order);
  }
}

void write_optimizer(Hdf5Writer& file, const Checkpoint& checkpoint) {
  if (checkpoint.optimizer.empty() && checkpoint.optimizer_scalars.empty()) return;
  file.add_group(layout::kOptimizer);
  file.add_attribute(layout::kOptimizer, layout::kLongName,
                     "optimizer state: its numbers as attributes, its tensors in a group each");
  for (const auto& [name, value] : checkpoint.optimizer_scalars) {
    file.add_attribute(layout::kOptimizer, name, value);
  }
  for (const StoredOptimizerState& state : checkpoint.optimizer) {
    const std::string group = fmt::format("{}/{}", layout::kOptimizer, state.name);
    file.add_group(group);
    file.add_attribute(group, layout::kLongName,
                       fmt::format("{} of the trainable values, one group a layer", state.name));
    write_tensors(file, group, state.tensors, state.name);
  }
}

void write_state(Hdf5Writer& file, const StoredTrainingState& state) {
  const auto add = [&file](const char* name, const Hdf5Attribute& value) {
    file.add_attribute(layout::kState, name, value);
  };
  file.add_group(layout::kState);
  add(layout::kLongName, "how far training has come; epoch_* are the running epoch's sums so far");
  const TrainingProgress& progress = state.progress;
  add("step", progress.step);
  add("epoch", state.epoch);
  add("samples_seen", progress.samples_seen);
  add("seed", state.seed);
  add("digest", std::vector<std::uint64_t>{state.digest.high, state.digest.low});
  add("best", state.best());
  add("best_step", progress.best_step);
  add("train_seconds", progress.train_seconds);
  add("epoch_samples", progress.epoch_samples);
  add("epoch_correct", progress.epoch_correct);
  add("epoch_loss", progress.epoch_loss);
}

/// The HDF5 file, with room for the user block.
std::vector<std::byte> hdf5_bytes(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  Hdf5Writer file(path, kUserBlockBytes);
  file.add_attribute("/", "format", std::string(layout::kFormat));
  file.add_attribute("/", "schema_version", layout::kSchemaVersion);
  file.add_attribute("/", "arithmetic_version", std::int64_t{checkpoint.arithmetic_version});
  if (!checkpoint.experiment.empty()) {
    file.add_text(layout::kExperiment, checkpoint.experiment, "resolved experiment, YAML");
  }
  file.add_text(layout::kModel, checkpoint.model, "resolved model, YAML");
  file.add_group(layout::kParameters);
  file.add_attribute(layout::kParameters, layout::kLongName, "trainable values, one group a layer");
  write_tensors(file, layout::kParameters, checkpoint.parameters, "trainable values");
  write_optimizer(file, checkpoint);
  if (checkpoint.state) write_state(file, *checkpoint.state);
  write_provenance(file, checkpoint.provenance);
  return file.finish();
}

/// Training that has come to infinity or NaN cannot go on from there.
void require_finite(const std::vector<StoredTensor>& tensors, const std::string& family) {
  for (const StoredTensor& tensor : tensors) {
    const auto bad =
        std::ranges::find_if(tensor.values, [](float value) { return !std::isfinite(value); });
    if (bad == tensor.values.end()) continue;
    throw Error(errors::kNotFinite,
                fmt::format("{} {}{} has the value {} at position {}, and training cannot go on "
                            "from it: lower learning_rate.peak, or set train.clip_norm.",
                            tensor.layer, tensor.name, family, *bad, bad - tensor.values.begin()));
  }
}

void require_finite(const Checkpoint& checkpoint) {
  require_finite(checkpoint.parameters, "");
  for (const StoredOptimizerState& state : checkpoint.optimizer) {
    require_finite(state.tensors, fmt::format(" ({})", state.name));
  }
}

// ---- The file -----------------------------------------------------------------------------------

/// Reads again what was written. These bytes are our own, so that parsing them is safe.
void verify(const std::filesystem::path& path, std::span<const std::byte> written,
            const Checkpoint& checkpoint) {
  const std::vector<std::byte> again = read_verified_bytes(path);
  if (!std::ranges::equal(again, written) ||
      !same_bits(parse_checkpoint(again, path.string()), checkpoint)) {
    throw Error(errors::kReadBack, fmt::format("{}: reading it again gave other values than were "
                                               "written; the disk may be full or failing.",
                                               path.string()));
  }
}

}  // namespace

bool same_bits(const Checkpoint& a, const Checkpoint& b) {
  return a.arithmetic_version == b.arithmetic_version && a.experiment == b.experiment &&
         a.model == b.model && same(a.parameters, b.parameters) && same(a.optimizer, b.optimizer) &&
         same(a.optimizer_scalars, b.optimizer_scalars) &&
         a.state.has_value() == b.state.has_value() && (!a.state || same(*a.state, *b.state)) &&
         a.provenance.entries == b.provenance.entries;
}

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                      const WriteOptions& options) {
  try {
    require_finite(checkpoint);
    AtomicFile aside(path, options);
    std::vector<std::byte> bytes = hdf5_bytes(path, checkpoint);
    seal(bytes, SealedKind::checkpoint);
    aside.write(bytes);
    aside.sync();
    verify(aside.temporary(), bytes, checkpoint);
    options.reached(WriteStage::verified, aside.temporary());
    aside.publish();
  } catch (const Error& error) {
    throw Error(error.code(),
                fmt::format("checkpoint {} is not written: {}", path.string(), error.what()));
  }
}

}  // namespace lockstep

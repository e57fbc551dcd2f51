// The reading half of checkpoint.hpp: nothing of a file is believed before it is checked.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "framework/core/error.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"
#include "framework/storage/hdf5/checked_file.hpp"
#include "framework/storage/hdf5/file_format.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/hdf5/layout.hpp"

namespace lockstep {
namespace {

namespace layout = checkpoint_layout;

// ---- Tensors ------------------------------------------------------------------------------------

enum class TensorContents { values, shapes_only };

/// The order of axes that this project uses for a tensor of a rank, as far as the rank determines
/// it.
std::string usual_axis_order(std::size_t rank) {
  constexpr std::array<std::string_view, 5> kUsual = {"", "O", "OI", "", "OIHW"};
  return std::string(kUsual[rank]);
}

std::string read_axis_order(const Hdf5Reader& file, const std::string& path, std::size_t rank) {
  const std::string usual = usual_axis_order(rank);
  if (!file.has_attribute(path, "axis_order")) return usual;
  const std::string order = file.text_attribute(path, "axis_order");
  if (!usual.empty() && rank > 1 && order != usual) {
    refuse_file(
        errors::kForeignFile, file.name(),
        fmt::format("{} has axes in the order {}, expected {}; transpose it", path, order, usual));
  }
  return order;
}

Shape read_shape(const Hdf5Reader& file, const std::string& path) {
  const Hdf5Extents extents = file.extents(path);
  if (extents.empty() || extents.size() > Shape::kMaxRank || std::ranges::count(extents, 0) > 0) {
    refuse_file(errors::kForeignFile, file.name(),
                fmt::format("{} has the shape {}, expected one to {} axes, none empty", path,
                            to_string(extents), Shape::kMaxRank));
  }
  return Shape(std::span<const Index>(extents));
}

std::vector<float> read_finite(const Hdf5Reader& file, const std::string& path) {
  std::vector<float> values = file.read_floats(path);
  const auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  if (bad != values.end()) {
    refuse_file(errors::kDamagedFile, file.name(),
                fmt::format("{} holds {} at position {}, expected finite values", path, *bad,
                            bad - values.begin()));
  }
  return values;
}

/// All tensors of GROUP/LAYER/NAME.
std::vector<StoredTensor> read_tensors(const Hdf5Reader& file, const std::string& group,
                                       TensorContents contents) {
  std::vector<StoredTensor> tensors;
  for (const std::string& layer : file.children(group)) {
    const std::string layer_path = fmt::format("{}/{}", group, layer);
    for (const std::string& name : file.children(layer_path)) {
      const std::string path = fmt::format("{}/{}", layer_path, name);
      StoredTensor tensor{
          .layer = layer, .name = name, .axis_order = {}, .shape = {}, .values = {}};
      tensor.shape = read_shape(file, path);
      tensor.axis_order = read_axis_order(file, path, tensor.shape.rank());
      if (contents == TensorContents::values) tensor.values = read_finite(file, path);
      tensors.push_back(std::move(tensor));
    }
  }
  return tensors;
}

// ---- The other parts ----------------------------------------------------------------------------

void read_optimizer(const Hdf5Reader& file, TensorContents contents, Checkpoint& checkpoint) {
  if (file.node(layout::kOptimizer) == Hdf5Node::missing) return;
  for (const std::string& name : file.attributes(layout::kOptimizer)) {
    if (file.attribute_element(layout::kOptimizer, name) != Hdf5Element::float64) continue;
    checkpoint.optimizer_scalars.emplace_back(name, file.real_attribute(layout::kOptimizer, name));
  }
  for (const std::string& name : file.children(layout::kOptimizer)) {
    const std::string group = fmt::format("{}/{}", layout::kOptimizer, name);
    checkpoint.optimizer.push_back({name, read_tensors(file, group, contents)});
  }
}

std::optional<StoredTrainingState> read_state(const Hdf5Reader& file) {
  if (file.node(layout::kState) == Hdf5Node::missing) return {};
  const auto integer = [&file](const char* name) {
    return file.integer_attribute(layout::kState, name);
  };
  const auto real = [&file](const char* name) { return file.real_attribute(layout::kState, name); };
  const std::vector<std::uint64_t> digest = file.unsigned_attribute(layout::kState, "digest", 2);
  const double best = real("best");
  const Index best_step = integer("best_step");
  return StoredTrainingState{
      .progress = {.step = integer("step"),
                   .samples_seen = integer("samples_seen"),
                   .train_seconds = real("train_seconds"),
                   .epoch_samples = integer("epoch_samples"),
                   .epoch_correct = integer("epoch_correct"),
                   .epoch_loss = real("epoch_loss"),
                   .best_accuracy = best_step == 0 ? 0 : best,
                   .best_step = best_step},
      .epoch = real("epoch"),
      .seed = file.unsigned_attribute(layout::kState, "seed", 1).front(),
      .digest = {.high = digest[0], .low = digest[1]},
  };
}

Provenance read_provenance(const Hdf5Reader& file) {
  Provenance provenance;
  if (file.node(layout::kProvenance) == Hdf5Node::missing) return provenance;
  for (const std::string& name : file.attributes(layout::kProvenance)) {
    if (name == layout::kLongName) continue;
    ProvenanceValue value;
    if (file.attribute_element(layout::kProvenance, name) == Hdf5Element::text) {
      value = file.text_attribute(layout::kProvenance, name);
    } else {
      value = file.integer_attribute(layout::kProvenance, name);
    }
    provenance.entries.emplace_back(name, std::move(value));
  }
  return provenance;
}

/// Reads a part that a file can do without. In a file without a digest, another program may have
/// used the part's name for something of its own. A part that cannot be read then counts as absent.
template <typename Reading>
auto read_optional(bool verified, const Reading& reading) -> decltype(reading()) {
  try {
    return reading();
  } catch (const Error&) {
    if (verified) throw;
    return {};
  }
}

/// Refuses other formats and newer versions. A file from elsewhere states neither.
void require_known_format(const Hdf5Reader& file) {
  if (!file.has_attribute("/", "format")) return;
  const std::string format = file.text_attribute("/", "format");
  if (format == bundle_layout::kFormat) {
    refuse_file(errors::kForeignFile, file.name(),
                "it is a bundle of runs, expected one checkpoint; give the run's folder, or "
                "take a checkpoint out of a group in /runs/NAME/checkpoints, as README.md of "
                "framework/storage shows");
  }
  if (format != layout::kFormat) {
    refuse_file(errors::kForeignFile, file.name(),
                fmt::format("it is a file of the format {}, expected {}", format, layout::kFormat));
  }
  const std::int64_t version = file.integer_attribute("/", "schema_version");
  if (version > layout::kSchemaVersion) {
    refuse_file(errors::kNewerVersion, file.name(),
                fmt::format("it was written by a newer version of Lockstep (schema_version "
                            "{}, expected at most {}); read it with that",
                            version, layout::kSchemaVersion));
  }
  if (version < 1)
    refuse_file(errors::kDamagedFile, file.name(),
                fmt::format("its schema_version is {}", version));
}

void require_parts(const Hdf5Reader& file) {
  for (const char* part : {layout::kModel, layout::kParameters}) {
    if (file.node(part) != Hdf5Node::missing) continue;
    refuse_file(errors::kForeignFile, file.name(),
                fmt::format("{} is missing, expected /model and /parameters; the file has: {}",
                            part, fmt::join(file.children("/"), ", ")));
  }
}

int read_arithmetic_version(const Hdf5Reader& file) {
  if (!file.has_attribute("/", "arithmetic_version")) return kArithmeticVersion;
  const std::int64_t version = file.integer_attribute("/", "arithmetic_version");
  if (version < 1 || version > std::numeric_limits<int>::max()) {
    refuse_file(errors::kDamagedFile, file.name(),
                fmt::format("its arithmetic_version is {}", version));
  }
  return static_cast<int>(version);
}

Checkpoint read_contents(const Hdf5Reader& file, TensorContents contents, bool verified) {
  require_known_format(file);
  require_parts(file);
  Checkpoint checkpoint;
  checkpoint.arithmetic_version = read_arithmetic_version(file);
  if (file.node(layout::kExperiment) != Hdf5Node::missing) {
    checkpoint.experiment = file.read_text(layout::kExperiment);
  }
  checkpoint.model = file.read_text(layout::kModel);
  checkpoint.parameters = read_tensors(file, layout::kParameters, contents);
  read_optimizer(file, contents, checkpoint);
  checkpoint.state = read_optional(verified, [&] { return read_state(file); });
  checkpoint.provenance = read_optional(verified, [&] { return read_provenance(file); });
  return checkpoint;
}

LoadedCheckpoint read(const std::filesystem::path& path, TensorContents contents) {
  const OpenedFile file = open_checked(path);
  return {read_contents(*file.reader, contents, file.verified), file.verified};
}

}  // namespace

LoadedCheckpoint read_checkpoint(const std::filesystem::path& path) {
  return read(path, TensorContents::values);
}

LoadedCheckpoint read_checkpoint_summary(const std::filesystem::path& path) {
  return read(path, TensorContents::shapes_only);
}

Checkpoint parse_checkpoint(std::span<const std::byte> bytes, const std::string& name) {
  const Hdf5Reader file(bytes, name, Hdf5Parsing::this_process);
  return read_contents(file, TensorContents::values, true);
}

}  // namespace lockstep

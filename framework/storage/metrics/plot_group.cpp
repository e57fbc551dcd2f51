#include "framework/storage/metrics/plot_group.hpp"

#include <fmt/format.h>

#include <array>

#include "framework/storage/hdf5/file_format.hpp"

namespace lockstep {
namespace {

template <typename Value>
std::vector<Value> of_length(std::size_t expected, std::vector<Value> values,
                             const Hdf5Reader& file, const std::string& path) {
  if (values.size() == expected) return values;
  refuse_file(errors::kDamagedFile, file.name(),
              fmt::format("{} has {} values, expected {}", path, values.size(), expected));
}

}  // namespace

std::vector<std::int64_t> EarlierRows::steps(const std::string& path) const {
  if (rows == 0) return {};
  std::vector<std::int64_t> values = of_length(rows, file->read_integers(path), *file, path);
  if (values.back() != last_step) {
    refuse_file(errors::kDamagedFile, file->name(),
                fmt::format("{} ends with {}, expected {}", path, values.back(), last_step));
  }
  return values;
}

std::vector<double> EarlierRows::reals(const std::string& path) const {
  if (rows == 0) return {};
  return of_length(rows, file->read_reals(path), *file, path);
}

std::vector<std::uint64_t> EarlierRows::digests(const std::string& path) const {
  if (rows == 0) return {};
  return of_length(2 * rows, file->read_unsigned(path), *file, path);
}

std::string in_group(const std::string& group, const std::string& name) {
  return fmt::format("{}/{}", group, name);
}

void add_plot_group(Hdf5Writer& file, const std::string& group, const DefaultPlot& plot) {
  file.add_group(group);
  file.add_attribute(group, "long_name", plot.long_name);
  file.add_attribute(group, "NX_class", "NXdata");
  file.add_attribute(group, "signal", plot.signal);
  if (!plot.more_signals.empty()) file.add_attribute(group, "auxiliary_signals", plot.more_signals);
  file.add_attribute(group, "axes", plot.axes);
}

void label_digest_halves(Hdf5Writer& file, const std::string& group) {
  const std::array<std::int64_t, 2> halves = {0, 1};
  const std::string scale = in_group(group, kHalfScale);
  file.add_dataset({.path = scale,
                    .extents = {2},
                    .values = std::span<const std::int64_t>(halves),
                    .units = "1",
                    .long_name = "half of a digest: 0 is the high one, 1 the low one"});
  file.make_scale(scale, kHalfScale);
  file.attach_scale({.dataset = in_group(group, "digest"), .axis = 1, .scale = scale});
}

}  // namespace lockstep

#include "framework/storage/metrics/plot_group.hpp"

#include <fmt/format.h>

namespace lockstep {

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

}  // namespace lockstep

#include "framework/storage/metrics/metrics.hpp"

#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/metrics/metrics_tables.hpp"

namespace lockstep {

void publish_metrics(const std::filesystem::path& path, const MetricsTables& tables,
                     const MetricsOrigin& origin, const WriteOptions& options) {
  try {
    AtomicFile aside(path, options);
    Hdf5Writer file(aside.temporary());
    write_metrics(file, "", tables);
    if (!origin.experiment.empty()) {
      file.add_text("/experiment", origin.experiment, "resolved experiment, YAML");
    }
    write_provenance(file, origin.provenance);
    file.close();
    options.reached(WriteStage::written, aside.temporary());
    aside.sync();
    aside.publish();
  } catch (const Error& error) {
    throw Error(error.code(),
                fmt::format("metrics {} are not written: {}", path.string(), error.what()));
  }
}

}  // namespace lockstep

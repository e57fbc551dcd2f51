#include "framework/storage/metrics/metrics.hpp"

#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/storage/metrics/metrics_tables.hpp"

namespace lockstep {

void publish_metrics(const std::filesystem::path& path, const MetricsTables& tables,
                     const MetricsOrigin& origin, const WriteOptions& options) {
  publish_metrics_file(path, metrics_file(tables, origin), options);
}

void publish_metrics_file(const std::filesystem::path& path, std::span<const std::byte> file,
                          const WriteOptions& options) {
  try {
    replace_file(path, file, options);
  } catch (const Error& error) {
    throw Error(error.code(),
                fmt::format("metrics {} are not written: {}", path.string(), error.what()));
  }
}

}  // namespace lockstep

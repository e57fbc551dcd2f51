// The reading half of bundle.hpp.

#include <fmt/format.h>

#include "framework/storage/hdf5/checked_file.hpp"
#include "framework/storage/hdf5/file_format.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/hdf5/layout.hpp"
#include "framework/storage/metrics/plot_group.hpp"
#include "framework/storage/run/bundle.hpp"

namespace lockstep {
namespace {

namespace layout = bundle_layout;

BundledRunSummary run_summary(const Hdf5Reader& file, const std::string& name) {
  const std::string group = in_group(layout::kRuns, name);
  const auto steps = file.read_integers(in_group(group, "metrics/steps/step"));
  return {.name = name,
          .status = file.text_attribute(group, layout::kStatus),
          .steps = steps.empty() ? 0 : steps.back(),
          .checkpoints = file.children(in_group(group, layout::kCheckpoints))};
}

}  // namespace

bool is_bundle(const std::filesystem::path& path) {
  if (const auto kind = sealed_kind(path)) return *kind == SealedKind::bundle;
  return format_of(Hdf5Reader(path)) == layout::kFormat;
}

BundleSummary read_bundle_summary(const std::filesystem::path& path) {
  const OpenedFile opened = open_checked(path);
  const Hdf5Reader& file = *opened.reader;
  require_format(file, layout::kFormat, layout::kSchemaVersion);
  BundleSummary summary{.kind = file.text_attribute("/", layout::kKind),
                        .name = file.text_attribute("/", layout::kName),
                        .version = file.text_attribute("/", layout::kVersion),
                        .runs = {}};
  for (const std::string& name : file.children(layout::kRuns)) {
    summary.runs.push_back(run_summary(file, name));
  }
  return summary;
}

}  // namespace lockstep

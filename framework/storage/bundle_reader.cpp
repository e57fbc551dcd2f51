// The reading half of bundle.hpp.

#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/storage/bundle.hpp"
#include "framework/storage/bundle_layout.hpp"
#include "framework/storage/hdf5_file.hpp"
#include "framework/storage/plot_group.hpp"

namespace lockstep {
namespace {

namespace layout = bundle_layout;

[[noreturn]] void refuse(const Hdf5Reader& file, const std::string& reason) {
  throw Error(ErrorKind::data, fmt::format("{}: {}.", file.name(), reason));
}

bool says_bundle(const Hdf5Reader& file) {
  return file.has_attribute("/", "format") &&
         file.attribute_element("/", "format") == Hdf5Element::text &&
         file.text_attribute("/", "format") == layout::kFormat;
}

void require_bundle(const Hdf5Reader& file) {
  if (!says_bundle(file)) {
    refuse(file, fmt::format("it is not a file of the format {}", layout::kFormat));
  }
  const std::int64_t version = file.integer_attribute("/", "schema_version");
  if (version != layout::kSchemaVersion) {
    refuse(file, fmt::format("its schema_version is {}, expected {}; it is of a newer version of "
                             "Lockstep",
                             version, layout::kSchemaVersion));
  }
}

BundledRunSummary run_summary(const Hdf5Reader& file, const std::string& name) {
  const std::string group = in_group(layout::kRuns, name);
  const auto steps = file.read_integers(in_group(group, "metrics/steps/step"));
  return {.name = name,
          .status = file.text_attribute(group, layout::kStatus),
          .steps = steps.empty() ? 0 : steps.back(),
          .checkpoints = file.children(in_group(group, layout::kCheckpoints))};
}

}  // namespace

bool is_bundle(const std::filesystem::path& path) { return says_bundle(Hdf5Reader(path)); }

BundleSummary read_bundle_summary(const std::filesystem::path& path) {
  const Hdf5Reader file(path);
  require_bundle(file);
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

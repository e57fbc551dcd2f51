#include "experiments/results/bundle_summary.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/text/figures.hpp"
#include "framework/storage/run/bundle.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

Json bundle_json(const std::filesystem::path& path, const BundleSummary& bundle) {
  Json runs = Json::array();
  for (const BundledRunSummary& run : bundle.runs) {
    runs.push_back({{"name", run.name},
                    {"status", run.status},
                    {"steps", run.steps},
                    {"checkpoints", run.checkpoints}});
  }
  return {{"kind", "bundle"},    {"path", path.string()},     {"of", bundle.kind},
          {"name", bundle.name}, {"version", bundle.version}, {"runs", runs}};
}

}  // namespace

void inspect_bundle(const Console& console, const std::filesystem::path& path) {
  const BundleSummary bundle = read_bundle_summary(path);
  console.json_object(bundle_json(path, bundle).dump(2));
  console.result(console.bold(fmt::format("bundle {}", path.string())));
  console.result(fmt::format("of         the {} {}, packed by Lockstep {}", bundle.kind,
                             bundle.name, bundle.version));
  console.result("");
  console.result(console.bold(
      fmt::format("{:<11} {:>9} {:>11}  {}", "status", "steps", "checkpoints", "run")));
  for (const BundledRunSummary& run : bundle.runs) {
    console.result(fmt::format("{:<11} {:>9} {:>11}  {}", run.status, run.steps,
                               run.checkpoints.size(), run.name));
  }
}

}  // namespace lockstep

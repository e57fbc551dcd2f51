#include "experiments/report_sweep.hpp"

namespace lockstep {

bool is_sweep_directory(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder / "sweep.yaml");
}

ReportPage sweep_report(const std::filesystem::path& sweep,
                        const std::filesystem::path& /*place*/) {
  return {.body = "sweep.mustache",
          .scripts = {},
          .view = {{"title", sweep.string()}},
          .data = {},
          .notes = {}};
}

}  // namespace lockstep

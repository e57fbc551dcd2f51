#include "experiments/program/experiment_file.hpp"

#include <utility>

#include "framework/config/experiment_sections.hpp"

namespace lockstep {

ExperimentConfig read_experiment(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides) {
  return complete(load_experiment(file, overrides));
}

ExperimentConfig complete(ExperimentConfig config) {
  config.data = data_section(config).settings;
  return config;
}

DataSection data_section(const ExperimentConfig& config) {
  return read_data_section(config.data, where_it_belongs);
}

}  // namespace lockstep

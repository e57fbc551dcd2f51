#include "experiments/program/experiment_file.hpp"

#include <utility>

namespace lockstep {

std::string where_keys_belong(std::string_view key) {
  const std::string place = where_it_belongs(key);
  return place.empty() ? where_in_data(key) : place;
}

ExperimentConfig read_experiment(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides) {
  return complete(load_experiment(file, overrides, where_keys_belong));
}

ExperimentConfig complete(ExperimentConfig config) {
  config.data = data_section(config).settings;
  return config;
}

DataSection data_section(const ExperimentConfig& config) {
  return read_data_section(config.data, where_keys_belong);
}

}  // namespace lockstep

#pragma once

// The text of an experiment, for tests that change one line of it.

#include <string>
#include <string_view>

#include "framework/config/experiment_config.hpp"
#include "framework/config/yaml_reader.hpp"
#include "tests/framework/config/message_of.hpp"

namespace lockstep::testing {

inline constexpr std::string_view kModel =
    "{name: m, input: {shape: [1, 28, 28]}, layers: [{name: f1, type: dense, units: 10}]}";

// The least that an experiment must say, line by line; a line may be replaced or left out.
struct Lines {
  std::string version = "schema_version: 1\n";                 // line 1
  std::string model = "model: " + std::string(kModel) + "\n";  // line 2
  std::string data = "data: {dataset: mnist}\n";               // line 3
  std::string train = "train: {epochs: 2, batch_size: 64}\n";  // line 4
  std::string optimizer = "optimizer: {type: sgd}\n";          // line 5
  std::string rate = "learning_rate: 0.1\n";                   // line 6
  std::string rest{};                                          // line 7

  std::string text() const { return version + model + data + train + optimizer + rate + rest; }
};

inline ExperimentConfig parse(const Lines& lines) {
  return parse_experiment(read_yaml_text(lines.text(), "e.yaml"), "/folder/e.yaml");
}

inline std::string refusal(const Lines& lines) {
  return message_of([&] { parse(lines); });
}

}  // namespace lockstep::testing

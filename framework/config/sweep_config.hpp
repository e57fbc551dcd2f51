#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/config/overrides.hpp"
#include "framework/core/settings.hpp"
#include "framework/core/shape.hpp"

namespace lockstep {

// A sweep file with every default filled in. README.md of this folder has the table of keys; names
// and ranges are the same here.

enum class SweepMethod {
  grid,
  random,
  halving,  ///< trials as in grid, or as in random if a parameter has a range; bad ones end early
};
enum class SweepDistribution { uniform, log_uniform, int_uniform };

/// Numbers to draw from, both ends included.
struct SweepRange {
  double min = 0;
  double max = 0;
  SweepDistribution distribution = SweepDistribution::uniform;
};

/// One key of the experiment that differs between trials.
struct SweepParameter {
  std::string key;                       ///< "optimizer.momentum"
  std::vector<Value> values = {};        ///< to choose from; empty if there is a range
  std::optional<SweepRange> range = {};  ///< for the method random only
  std::string with = {};  ///< another parameter's key: it takes the value at the same position
  Location place = {};
};

struct SweepMetric {
  std::string name;  ///< "validation_accuracy"; empty: that, or test_accuracy without validation
  bool maximize = true;
};

/// Successive halving (Jamieson and Talwalkar 2016, algorithm 1). All trials pause at the first
/// rung, 1 / factor^rungs of their steps. The best 1 / factor of them go on to the next rung, at
/// factor times as many steps, and so on. Those that pass the last rung train to their end.
struct HalvingConfig {
  Index factor = 3;
  Index rungs = 2;
};

struct SweepConfig {
  std::string name;
  std::filesystem::path base;  ///< the experiment file, absolute
  SweepMethod method = SweepMethod::grid;
  SweepMetric metric;
  std::vector<SweepParameter> parameters;
  std::vector<Override> overrides;  ///< the same for all trials
  Index run_cap = 0;                ///< most trials, repetitions included; 0: all of a grid
  Index repeat = 1;                 ///< trials per choice, with consecutive seeds
  std::uint64_t seed = 1;           ///< of the draws
  HalvingConfig halving = {};       ///< for the method halving only
  int ranks_per_trial = 1;          ///< ranks of an MPI job that train one trial together
};

/// Reads a sweep file, or an experiment file as a sweep without parameters, and applies the words
/// of the command line: "key=a,b,c" makes or replaces a parameter, "key=a" sets a key of all
/// trials. Commas inside brackets, braces and quotes do not separate values.
/// @throws Error (usage) that begins with file:line:column, or names the word
SweepConfig load_sweep(const std::filesystem::path& file,
                       const std::vector<std::string>& words = {});

/// Whether trials are drawn at random, instead of all combinations.
bool draws_trials(const SweepConfig& config);

/// The whole sweep with every default. load_sweep makes the same sweep from it, from any folder.
Value to_value(const SweepConfig& config);

/// Applies a word of the command line: "key=a,b,c" or "key=a".
void add_word(SweepConfig& config, const std::string& word);

/// The values of "a,[b,c],'d,e'". @throws Error (usage) that begins with `name` if one is empty
std::vector<std::string> split_values(std::string_view text, const std::string& name);

}  // namespace lockstep

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

// What a sweep file says, with every default filled in. README.md of this folder has the table of
// keys; names and ranges are the same here.

enum class SweepMethod {
  grid,
  random,
  halving,  ///< trials as grid, or as random where a parameter has a range; bad ones end early
};
enum class SweepDistribution { uniform, log_uniform, int_uniform };

/// Numbers to draw from, both ends included.
struct SweepRange {
  double min = 0;
  double max = 0;
  SweepDistribution distribution = SweepDistribution::uniform;
};

/// One key of the experiment that differs from trial to trial.
struct SweepParameter {
  std::string key;                       ///< "optimizer.momentum"
  std::vector<Value> values = {};        ///< to choose from; empty where there is a range
  std::optional<SweepRange> range = {};  ///< of the method random alone
  std::string with = {};  ///< another parameter's key: it takes the value at the same position
  Location place = {};
};

struct SweepMetric {
  std::string name;  ///< "validation_accuracy"; empty: that, or test_accuracy without validation
  bool maximize = true;
};

/// Successive halving (Jamieson and Talwalkar 2016, algorithm 1): all trials pause at the first
/// rung, 1 / factor^rungs of their steps, and the best 1 / factor of them go on to the next, that
/// has factor times as many steps, and so on; those that pass the last rung train to their end.
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
  Index run_cap = 0;                ///< trials at most, repetitions included; 0: all of a grid
  Index repeat = 1;                 ///< trials of each choice, with seeds one apart
  std::uint64_t seed = 1;           ///< of what is drawn
  HalvingConfig halving = {};       ///< of that method alone
  int ranks_per_trial = 1;          ///< of an MPI job, that train a trial together
};

/// Reads a sweep file, or an experiment file as a sweep without parameters, and puts the words of
/// the command line in: "key=a,b,c" makes or replaces a parameter, "key=a" is the same for all
/// trials. Commas inside brackets, braces and quotes part no values.
/// @throws Error (usage) that begins with file:line:column, or names the word
SweepConfig load_sweep(const std::filesystem::path& file,
                       const std::vector<std::string>& words = {});

/// Whether trials are drawn, not all combinations.
bool draws_trials(const SweepConfig& config);

/// The whole sweep with every default; load_sweep gives the same back, from any folder.
Value to_value(const SweepConfig& config);

/// The names that a metric may have: columns of the run's evaluations.
std::vector<std::string_view> sweep_metric_names();

/// Puts a word of the command line in: "key=a,b,c" or "key=a".
void add_word(SweepConfig& config, const std::string& word);

/// The values of "a,[b,c],'d,e'". @throws Error (usage) that begins with `name` for an empty one
std::vector<std::string> split_values(std::string_view text, const std::string& name);

}  // namespace lockstep

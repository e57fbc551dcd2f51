#pragma once

// Each layer once more, in double precision, on one sample, as plainly as its definition. The
// contract tests compare the fast layers with these.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "framework/core/settings.hpp"
#include "framework/layers/layer.hpp"

namespace lockstep::testing {

/// One sample at a layer.
struct ReferenceSample {
  const Value& settings;
  std::vector<Shape> shapes;                    ///< of the inputs
  std::vector<std::vector<double>> inputs;      ///< row-major
  std::vector<std::vector<double>> parameters;  ///< as the layer sees them: already scaled
  PassContext pass;
  Index sample = 0;  ///< index in the data set
};

using Reference = std::function<std::vector<double>(const ReferenceSample&)>;

/// The references of all layer types by name.
std::map<std::string, Reference, std::less<>> layer_references();

}  // namespace lockstep::testing

#include "tests/contracts/layer_references.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "framework/core/random.hpp"

namespace lockstep::testing {
namespace {

using Doubles = std::vector<double>;
using Pair = std::pair<Index, Index>;  // rows and columns

std::size_t position(Index index) { return static_cast<std::size_t>(index); }

Index integer_of(const Value& value) { return parse_integer(value.text).value(); }

Index integer_setting(const ReferenceSample& at, const char* key) {
  return integer_of(*at.settings.find(key));
}

Pair pair_setting(const ReferenceSample& at, const char* key, Pair otherwise) {
  const Value* value = at.settings.find(key);
  if (value == nullptr) return otherwise;
  if (value->kind != Value::Kind::sequence) return {integer_of(*value), integer_of(*value)};
  return {integer_of(value->items.at(0)), integer_of(value->items.at(1))};
}

/// The window of a convolution or pooling layer.
struct Sliding {
  Pair kernel;
  Pair stride;
  Pair padding;
  Index rows;  // of positions
  Index columns;
};

Sliding sliding(const ReferenceSample& at, bool steps_by_kernel) {
  const Pair kernel = pair_setting(at, "kernel", {});
  const Pair stride = pair_setting(at, "stride", steps_by_kernel ? kernel : Pair{1, 1});
  const Pair padding = pair_setting(at, "padding", {0, 0});
  return {kernel, stride, padding,
          (at.shapes[0][1] + 2 * padding.first - kernel.first) / stride.first + 1,
          (at.shapes[0][2] + 2 * padding.second - kernel.second) / stride.second + 1};
}

/// The pixels of channel c under the window at (oy, ox), 0 outside the image; `inside` tells which.
struct Patch {
  Doubles pixels;
  std::vector<bool> inside;
};

Patch patch(const ReferenceSample& at, const Sliding& window, Index c, Index oy, Index ox) {
  const Shape& shape = at.shapes[0];
  Patch result;
  for (Index ky = 0; ky < window.kernel.first; ++ky) {
    for (Index kx = 0; kx < window.kernel.second; ++kx) {
      const Index y = oy * window.stride.first + ky - window.padding.first;
      const Index x = ox * window.stride.second + kx - window.padding.second;
      const bool inside = y >= 0 && y < shape[1] && x >= 0 && x < shape[2];
      result.inside.push_back(inside);
      result.pixels.push_back(inside ? at.inputs[0][position((c * shape[1] + y) * shape[2] + x)]
                                     : 0.0);
    }
  }
  return result;
}

Doubles conv2d(const ReferenceSample& at) {
  const Sliding window = sliding(at, false);
  const Index channels = at.shapes[0][0];
  const Index taps = window.kernel.first * window.kernel.second;
  Doubles output;
  for (Index o = 0; o < integer_setting(at, "filters"); ++o) {
    for (Index oy = 0; oy < window.rows; ++oy) {
      for (Index ox = 0; ox < window.columns; ++ox) {
        double sum = at.parameters.size() > 1 ? at.parameters[1][position(o)] : 0.0;
        for (Index c = 0; c < channels; ++c) {
          const Patch under = patch(at, window, c, oy, ox);
          for (Index tap = 0; tap < taps; ++tap) {
            const double weight = at.parameters[0][position((o * channels + c) * taps + tap)];
            sum += weight * under.pixels[position(tap)];
          }
        }
        output.push_back(sum);
      }
    }
  }
  return output;
}

Doubles dense(const ReferenceSample& at) {
  const Doubles& x = at.inputs[0];
  Doubles output;
  for (Index o = 0; o < integer_setting(at, "units"); ++o) {
    double sum = at.parameters.size() > 1 ? at.parameters[1][position(o)] : 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum += at.parameters[0][position(o) * x.size() + i] * x[i];
    }
    output.push_back(sum);
  }
  return output;
}

/// Pools each window of each channel with `reduce`.
Doubles pool(const ReferenceSample& at, double (*reduce)(const Patch&)) {
  const Sliding window = sliding(at, true);
  Doubles output;
  for (Index c = 0; c < at.shapes[0][0]; ++c) {
    for (Index oy = 0; oy < window.rows; ++oy) {
      for (Index ox = 0; ox < window.columns; ++ox) {
        output.push_back(reduce(patch(at, window, c, oy, ox)));
      }
    }
  }
  return output;
}

double mean_of(const Patch& under) {
  double sum = 0;
  for (const double pixel : under.pixels) sum += pixel;
  return sum / static_cast<double>(under.pixels.size());
}

double greatest_of(const Patch& under) {
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < under.pixels.size(); ++i) {
    if (under.inside[i]) best = std::max(best, under.pixels[i]);
  }
  return best;
}

Doubles map(const ReferenceSample& at, double (*function)(double)) {
  Doubles output;
  for (const double x : at.inputs[0]) output.push_back(function(x));
  return output;
}

Doubles dropout(const ReferenceSample& at) {
  const double rate = parse_real(at.settings.find("rate")->text).value();
  if (!at.pass.training) return at.inputs[0];
  const RandomStream stream(at.pass.seed, {"dropout", "tried"});
  const auto sample = static_cast<std::uint64_t>(at.sample);
  Doubles output;
  for (std::size_t e = 0; e < at.inputs[0].size(); ++e) {
    const RandomWords words =
        stream.words(static_cast<std::uint32_t>(e / 4), static_cast<std::uint32_t>(sample),
                     static_cast<std::uint32_t>(sample >> 32U), at.pass.epoch);
    const bool kept = static_cast<double>(uniform_unit(words[e % 4])) >= rate;
    output.push_back(kept ? at.inputs[0][e] / (1 - rate) : 0.0);
  }
  return output;
}

Doubles add(const ReferenceSample& at) {
  Doubles output(at.inputs[0].size(), 0.0);
  for (const Doubles& input : at.inputs) {
    for (std::size_t i = 0; i < output.size(); ++i) output[i] += input[i];
  }
  return output;
}

Doubles concat(const ReferenceSample& at) {
  Doubles output;
  for (const Doubles& input : at.inputs) output.insert(output.end(), input.begin(), input.end());
  return output;
}

}  // namespace

std::map<std::string, Reference, std::less<>> layer_references() {
  return {
      {"add", add},
      {"avg_pool2d", [](const auto& at) { return pool(at, mean_of); }},
      {"concat", concat},
      {"conv2d", conv2d},
      {"dense", dense},
      {"dropout", dropout},
      {"flatten", [](const auto& at) { return at.inputs[0]; }},
      {"max_pool2d", [](const auto& at) { return pool(at, greatest_of); }},
      {"relu", [](const auto& at) { return map(at, [](double x) { return std::max(x, 0.0); }); }},
      {"sigmoid",
       [](const auto& at) { return map(at, [](double x) { return 1 / (1 + std::exp(-x)); }); }},
      {"tanh", [](const auto& at) { return map(at, [](double x) { return std::tanh(x); }); }},
  };
}

}  // namespace lockstep::testing

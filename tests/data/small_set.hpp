#pragma once

// Small data sets, written or drawn.

#include <string>
#include <string_view>

#include "framework/core/settings.hpp"
#include "framework/core/shape.hpp"
#include "tests/data/formats/test_files.hpp"

namespace lockstep {

/// Writes the four files of a small set, gzipped or raw; the first pixel tells sets apart.
struct SmallSet {
  std::string folder;
  std::uint8_t mark = 0;
  std::string ending;  // ".gz" or ""
};

inline void write_set(const TemporaryFolder& root, const SmallSet& set) {
  const auto write = [&](std::string_view name, const Bytes& bytes) {
    root.write(set.folder + "/" + std::string(name) + set.ending,
               set.ending.empty() ? bytes : gzipped(bytes));
  };
  write("train-images-idx3-ubyte", idx_images({4, 2, 2}, Bytes(16, set.mark)));
  write("train-labels-idx1-ubyte", idx_labels(4, {0, 1, 2, 3}));
  write("t10k-images-idx3-ubyte", idx_images({2, 2, 2}, Bytes(8, set.mark)));
  write("t10k-labels-idx1-ubyte", idx_labels(2, {4, 5}));
}

struct Drawn {
  Index train = 1;
  Index test = 1;
  Index channels = 1;
  Index side = 28;
};

/// Settings of the synthetic set.
inline Value drawn(const Drawn& sizes) {
  Value settings = Value::mapping();
  settings.set("train", Value::integer(sizes.train));
  settings.set("test", Value::integer(sizes.test));
  settings.set("channels", Value::integer(sizes.channels));
  settings.set("side", Value::integer(sizes.side));
  return Value::mapping({{"synthetic", settings, {}}});
}

}  // namespace lockstep

#include "data/formats/idx_set.hpp"

namespace lockstep {
namespace {

std::unique_ptr<const DataReader> create(SettingsReader& /*settings*/) {
  return make_idx_set_reader({.name = "idx", .classes = {}});
}

}  // namespace

DataFormat idx_data_format() {
  return {
      .name = "idx",
      .summary = "your own four IDX files, named as MNIST's",
      .home = DataHome::path,
      .create = create,
      .examples = {{.settings = {}, .write = write_idx_example}},
      .refused = {{.settings = {{"classes", "10"}}}},
  };
}

}  // namespace lockstep

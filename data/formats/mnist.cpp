#include "data/formats/idx_set.hpp"

namespace lockstep {
namespace {

std::unique_ptr<const DataReader> create(SettingsReader& /*settings*/) {
  return make_idx_set_reader({.name = "mnist", .classes = 10});
}

}  // namespace

DataFormat mnist_data_format() {
  return {
      .name = "mnist",
      .summary = "handwritten digits, 60,000 + 10,000",
      .home = DataHome::named,
      .advice = "run `bash data/fetch.sh mnist`",
      .validation = 5000,
      .create = create,
      .examples = {{.settings = {}, .write = write_idx_example}},
      .refused = {{.settings = {{"path", "here"}}}},
  };
}

}  // namespace lockstep

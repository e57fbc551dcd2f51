#include "data/formats/idx_set.hpp"

namespace lockstep {
namespace {

std::unique_ptr<const DataReader> create(SettingsReader& /*settings*/) {
  return make_idx_set_reader({.name = "fashion_mnist", .classes = 10});
}

}  // namespace

DataFormat fashion_mnist_data_format() {
  return {
      .name = "fashion_mnist",
      .summary = "clothes, 60,000 + 10,000",
      .home = DataHome::named,
      .advice = "run `apt-get install dataset-fashion-mnist` or `bash data/fetch.sh fashion_mnist`",
      .validation = 5000,
      .create = create,
      .examples = {{.settings = {}, .write = write_idx_example}},
      .refused = {{.settings = {{"path", "here"}}}},
  };
}

}  // namespace lockstep

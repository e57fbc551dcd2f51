#include "data/formats/data_format.hpp"
#include "data/formats/synthetic_digits.hpp"

namespace lockstep {
namespace {

class SyntheticReader final : public DataReader {
 public:
  explicit SyntheticReader(SettingsReader& settings)
      : train_(settings.integer_or("train", {.low = 1, .high = 1e12}, 12000)),
        test_(settings.integer_or("test", {.low = 1, .high = 1e12}, 2000)),
        channels_(settings.integer_or("channels", {.low = 1, .high = 1024}, 1)),
        side_(settings.integer_or("side", {.low = 8, .high = 1024}, 28)) {}

  std::string lack_of(DataPart /*part*/, const DataPlace& /*place*/) const override { return ""; }

  ImageSet read(DataPart part, const DataPlace& /*place*/) const override {
    return synthetic_digits({.part = part,
                             .count = part == DataPart::train ? train_ : test_,
                             .channels = channels_,
                             .side = side_});
  }

 private:
  Index train_;     // samples
  Index test_;      // samples
  Index channels_;  // of an image
  Index side_;      // rows and columns of an image
};

std::unique_ptr<const DataReader> create(SettingsReader& settings) {
  return std::make_unique<SyntheticReader>(settings);
}

}  // namespace

DataFormat synthetic_data_format() {
  return {
      .name = "synthetic",
      .summary = "drawn digits, the same bytes everywhere",
      .home = DataHome::nowhere,
      .section = SectionShown::always,
      .create = create,
      .examples = {{.settings = {{"train", "3"}, {"test", "2"}}},
                   {.settings = {{"train", "1"}, {"test", "1"}, {"channels", "2"}, {"side", "9"}}}},
      .refused = {{.settings = {{"train", "0"}}},
                  {.settings = {{"test", "0"}}},
                  {.settings = {{"channels", "0"}}},
                  {.settings = {{"channels", "1025"}}},
                  {.settings = {{"side", "7"}}},
                  {.settings = {{"side", "1025"}}},
                  {.settings = {{"side", "28.5"}}}},
  };
}

}  // namespace lockstep

#include "data/formats/data_format.hpp"

#include <fmt/format.h>

namespace lockstep {

bool DataReader::recognises(const std::filesystem::path& path) const {
  const DataPlace place{.path = path};
  return lack_of(DataPart::train, place).empty() || lack_of(DataPart::test, place).empty();
}

std::unique_ptr<const DataReader> make_data_reader(const DataFormat& format,
                                                   const Value* settings) {
  const Value defaults = Value::mapping();
  SettingsReader reader(settings == nullptr ? defaults : *settings,
                        fmt::format("data.{}", format.name));
  auto made = format.create(reader);
  reader.finish();
  return made;
}

}  // namespace lockstep

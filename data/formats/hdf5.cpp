#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "data/formats/data_format.hpp"
#include "data/formats/hdf5_images.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"

namespace lockstep {
namespace {

/// The layouts are described in hdf5_images.hpp.
class Hdf5SetReader final : public DataReader {
 public:
  std::string lack_of(DataPart part, const DataPlace& place) const override {
    if (find(part, place)) return "";
    const std::string_view name = part == DataPart::train ? "train" : "test";
    std::error_code ignored;
    if (!std::filesystem::exists(place.path, ignored)) return "no such file or folder";
    if (std::filesystem::is_directory(place.path, ignored)) return fmt::format("no {}.h5", name);
    return fmt::format("no group /{}", name);
  }

  ImageSet read(DataPart part, const DataPlace& place) const override {
    return read_hdf5_part(find(part, place).value());
  }

  bool recognises(const std::filesystem::path& path) const override {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return DataReader::recognises(path);
    return std::filesystem::exists(path, ignored) && is_hdf5_file(path);
  }

 private:
  // The only part of a file is trained on as it is, or evaluated on as it is.
  static std::optional<Hdf5Part> find(DataPart part, const DataPlace& place) {
    const Hdf5Parts parts = find_hdf5_parts(place.path);
    const bool is_alone = parts.one_for_all && place.parts == DataParts::test;
    return part == DataPart::train || is_alone ? parts.train : parts.test;
  }
};

std::unique_ptr<const DataReader> create(SettingsReader& /*settings*/) {
  return std::make_unique<Hdf5SetReader>();
}

void write_part(const std::filesystem::path& path, const ImageSet& images) {
  const std::vector<std::int64_t> labels(images.labels().begin(), images.labels().end());
  const auto extents = images.sample_shape().extents();
  Hdf5Writer file(path);
  file.add_dataset({.path = "/images",
                    .extents = {images.size(), extents[0], extents[1], extents[2]},
                    .values = images.floats(),
                    .units = "1",
                    .long_name = "images"});
  file.add_dataset({.path = "/labels",
                    .extents = {images.size()},
                    .values = std::span<const std::int64_t>(labels),
                    .units = "1",
                    .long_name = "labels"});
  file.close();
}

ImageSet example(std::vector<float> pixels, std::vector<std::uint8_t> labels) {
  const Index classes = classes_of(labels);
  return ImageSet({.name = "example",
                   .origin = "made",
                   .sample_shape = {2, 1, 2},
                   .pixels = std::move(pixels),
                   .labels = std::move(labels),
                   .classes = classes});
}

ImageParts write_example(const std::filesystem::path& folder) {
  ImageParts parts{.train = example({0, 0.25F, 0.5F, 1, 0.1F, 0.2F, 0.3F, 0.4F}, {11, 0}),
                   .test = example({1, 0.75F, 0.5F, 0.25F}, {3})};
  write_part(folder / "train.h5", parts.train);
  write_part(folder / "test.h5", parts.test);
  return parts;
}

}  // namespace

DataFormat hdf5_data_format() {
  return {
      .name = "hdf5",
      .summary = "`images` and `labels` in HDF5 files",
      .home = DataHome::path,
      .serves_alone = true,
      .create = create,
      .examples = {{.settings = {}, .write = write_example}},
      .refused = {{.settings = {{"group", "/train"}}}},
  };
}

}  // namespace lockstep

#include "data/formats/idx_set.hpp"

#include <utility>

#include "data/formats/idx_file.hpp"
#include "data/formats/idx_folder.hpp"

namespace lockstep {
namespace {

class IdxSetReader final : public DataReader {
 public:
  explicit IdxSetReader(IdxSetFormat format) : format_(std::move(format)) {}

  std::string lack_of(DataPart part, const DataPlace& place) const override {
    const IdxFolder files = find_idx_files(place.path);
    return part == DataPart::train ? files.train_note : files.test_note;
  }

  ImageSet read(DataPart part, const DataPlace& place) const override {
    const IdxFolder files = find_idx_files(place.path);
    const IdxPair& pair = part == DataPart::train ? files.train.value() : files.test.value();
    return read_idx_set({.name = format_.name,
                         .images = pair.images,
                         .labels = pair.labels,
                         .classes = format_.classes});
  }

 private:
  IdxSetFormat format_;
};

ImageSet example(std::vector<std::uint8_t> pixels, std::vector<std::uint8_t> labels) {
  return ImageSet({.name = "example",
                   .origin = "made",
                   .sample_shape = {1, 2, 3},
                   .pixels = std::move(pixels),
                   .labels = std::move(labels),
                   .classes = 10});
}

}  // namespace

std::unique_ptr<const DataReader> make_idx_set_reader(IdxSetFormat format) {
  return std::make_unique<IdxSetReader>(std::move(format));
}

ImageParts write_idx_example(const std::filesystem::path& folder) {
  ImageParts parts{.train = example({0, 1, 2, 3, 4, 255, 6, 7, 8, 9, 10, 11}, {9, 0}),
                   .test = example({5, 4, 3, 2, 1, 0}, {3})};
  write_idx_files(parts.train, folder / "train-images-idx3-ubyte",
                  folder / "train-labels-idx1-ubyte");
  write_idx_files(parts.test, folder / "t10k-images-idx3-ubyte", folder / "t10k-labels-idx1-ubyte");
  return parts;
}

}  // namespace lockstep

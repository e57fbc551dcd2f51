#include "data/formats/idx_folder.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <system_error>

namespace lockstep {
namespace {

/// @param what  "train-images"
/// @param suffix  "idx3-ubyte"
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder,
                                               std::string_view what, std::string_view suffix) {
  for (const std::string_view ending : {"", ".gz"}) {
    for (const char joint : {'-', '.'}) {
      std::filesystem::path file = folder / fmt::format("{}{}{}{}", what, joint, suffix, ending);
      std::error_code ignored;
      if (std::filesystem::exists(file, ignored)) return file;
    }
  }
  return std::nullopt;
}

std::optional<IdxPair> find_pair(const std::filesystem::path& folder, std::string_view part,
                                 std::string& note) {
  const std::string images_name = fmt::format("{}-images", part);
  const std::string labels_name = fmt::format("{}-labels", part);
  auto images = find_file(folder, images_name, "idx3-ubyte");
  auto labels = find_file(folder, labels_name, "idx1-ubyte");
  if (images && labels) return IdxPair{*std::move(images), *std::move(labels)};
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored)) {
    note = "no such folder";
  } else {
    note = !images ? fmt::format("no {}-idx3-ubyte[.gz]", images_name)
                   : fmt::format("no {}-idx1-ubyte[.gz]", labels_name);
  }
  return std::nullopt;
}

}  // namespace

IdxFolder find_idx_files(const std::filesystem::path& folder) {
  IdxFolder found;
  found.train = find_pair(folder, "train", found.train_note);
  found.test = find_pair(folder, "t10k", found.test_note);
  return found;
}

}  // namespace lockstep

#include "framework/storage/hdf5/file_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

constexpr const char* kFormat = "format";
constexpr const char* kSchemaVersion = "schema_version";

constexpr std::string_view kHdf5Signature = "\x89HDF\r\n\x1a\n";

}  // namespace

std::optional<std::int64_t> find_hdf5_data(const Descriptor& file) {
  std::array<std::byte, kHdf5Signature.size()> bytes{};
  for (std::int64_t at = 0; at < file.size(); at = at == 0 ? 512 : 2 * at) {
    if (file.read_at(at, bytes) == bytes.size() &&
        std::ranges::equal(bytes, std::as_bytes(std::span(kHdf5Signature)))) {
      return at;
    }
  }
  return {};
}

std::string format_of(const Hdf5Reader& file) {
  const bool says =
      file.has_attribute("/", kFormat) && file.attribute_element("/", kFormat) == Hdf5Element::text;
  return says ? file.text_attribute("/", kFormat) : "";
}

void require_format(const Hdf5Reader& file, std::string_view format, std::int64_t schema_version) {
  if (format_of(file) != format) {
    refuse_file(errors::kForeignFile, file.name(),
                fmt::format("it is not a file of the format {}", format));
  }
  const std::int64_t version = file.integer_attribute("/", kSchemaVersion);
  if (version == schema_version) return;
  const std::string found =
      fmt::format("its schema_version is {}, expected {}", version, schema_version);
  if (version < schema_version) refuse_file(errors::kDamagedFile, file.name(), found);
  refuse_file(errors::kNewerVersion, file.name(),
              found + "; it is of a newer version of Lockstep, so read it with that");
}

void refuse_file(const ErrorCode& code, const std::string& file, const std::string& reason) {
  throw Error(code, fmt::format("{}: {}.", file, reason));
}

}  // namespace lockstep

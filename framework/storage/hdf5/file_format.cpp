#include "framework/storage/hdf5/file_format.hpp"

#include <fmt/format.h>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

constexpr const char* kFormat = "format";
constexpr const char* kSchemaVersion = "schema_version";

}  // namespace

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

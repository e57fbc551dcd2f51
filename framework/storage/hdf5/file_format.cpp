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
    refuse_file(file, fmt::format("it is not a file of the format {}", format));
  }
  const std::int64_t version = file.integer_attribute("/", kSchemaVersion);
  if (version == schema_version) return;
  refuse_file(file,
              fmt::format("its schema_version is {}, expected {}; it is of a newer version of "
                          "Lockstep, so read it with that",
                          version, schema_version));
}

void refuse_file(const Hdf5Reader& file, const std::string& reason) {
  throw Error(errors::kForeignFile, fmt::format("{}: {}.", file.name(), reason));
}

}  // namespace lockstep

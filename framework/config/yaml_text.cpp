#include "framework/config/yaml_text.hpp"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"

namespace lockstep {
namespace {

std::vector<std::string> yaml_stems_of(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  return names;
}

std::string nearest_file(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const std::vector<std::string> names = yaml_stems_of(folder);
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const auto nearest = nearest_name(path.stem().string(), candidates);
  if (!nearest) return "";
  const std::string name = std::string(*nearest) + ".yaml";
  return fmt::format(", did you mean '{}'?", (path.parent_path() / name).string());
}

[[noreturn]] void refuse_file(const std::filesystem::path& path, const std::string& reason) {
  throw Error(errors::kUnreadableText, fmt::format("cannot read '{}': {}", path.string(), reason));
}

// An HDF5 signature at the beginning, or after the user block of a checkpoint.
bool is_hdf5(std::string_view bytes) {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  constexpr std::size_t kUserBlock = 512;
  return bytes.starts_with(kSignature) ||
         (bytes.size() > kUserBlock && bytes.substr(kUserBlock).starts_with(kSignature));
}

void check_file_type(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    const std::string nearest = nearest_file(path);
    refuse_file(path, "there is no such file" +
                          (nearest.empty() ? "; give the path of a YAML file." : nearest));
  }
  if (error) refuse_file(path, error.message() + ".");
  if (status.type() == std::filesystem::file_type::directory) {
    refuse_file(path, "it is a folder; name a YAML file in it.");
  }
  if (status.type() != std::filesystem::file_type::regular) {
    refuse_file(path, "it is not a regular file; copy its contents into one.");
  }
}

// Walks over text, one character at a time, and knows its line and column.
class Cursor {
 public:
  Cursor(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  bool at_end() const { return position_ == text_.size(); }
  unsigned char byte(std::size_t ahead = 0) const {
    const std::size_t at = position_ + ahead;
    return at < text_.size() ? static_cast<unsigned char>(text_[at]) : 0;
  }
  std::string_view peek(std::size_t length) const { return text_.substr(position_, length); }
  void advance(std::size_t length) {
    const bool new_line = text_[position_] == '\n';
    position_ += length;
    line_ += new_line ? 1 : 0;
    column_ = new_line ? 1 : column_ + static_cast<int>(length);
  }
  [[noreturn]] void refuse(const std::string& sentence) const {
    const Location here{.file = file_, .line = line_, .column = column_};
    throw Error(errors::kMalformedYaml, here.prefix() + sentence);
  }

 private:
  std::string_view text_;
  const std::string& file_;
  std::size_t position_ = 0;
  int line_ = 1;
  int column_ = 1;
};

// Bytes of the UTF-8 sequence at the cursor; 0 if it is none (RFC 3629: no surrogates, no overlong
// forms, nothing above U+10FFFF).
std::size_t utf8_length(const Cursor& cursor) {
  const unsigned lead = cursor.byte();
  if (lead < 0x80U) return 1;
  const std::size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  if (lead < 0xC2U || lead > 0xF4U || cursor.peek(length).size() < length) return 0;
  std::uint32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned next = cursor.byte(i);
    if ((next & 0xC0U) != 0x80U) return 0;
    code = (code << 6U) | (next & 0x3FU);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kSmallest[length] || surrogate || code > 0x10FFFF ? 0 : length;
}

void check_character(const Cursor& cursor, std::size_t length) {
  const unsigned byte = cursor.byte();
  if (length == 0) {
    cursor.refuse(fmt::format("the byte 0x{:02x} is not UTF-8; save the file as UTF-8.", byte));
  }
  if (cursor.peek(kByteOrderMark.size()) == kByteOrderMark) {
    cursor.refuse("a byte order mark stands in the middle of the text; remove it.");
  }
  const bool allowed = byte == '\n' || byte == '\t' || byte >= 0x20U;
  if (byte == '\r') {
    cursor.refuse("a carriage return stands alone; end lines with a line feed, or with both.");
  }
  if (!allowed || byte == 0x7FU) {
    cursor.refuse(fmt::format(
        "the control character 0x{:02x} may not stand in a YAML file; remove it.", byte));
  }
}

// To be called at the beginning of each line.
void check_indentation(Cursor cursor) {
  while (cursor.byte() == ' ') cursor.advance(1);
  if (cursor.byte() == '\t') cursor.refuse("a tab indents this line; use blanks.");
}

}  // namespace

std::string read_small_file(const std::filesystem::path& path) {
  check_file_type(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse_file(path, std::generic_category().message(errno) + ".");
  std::string bytes(kLargestYamlFile + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad()) refuse_file(path, "reading it failed; is the disk sound?");
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (is_hdf5(bytes)) {
    refuse_file(path,
                "it is an HDF5 file, such as a checkpoint, not YAML; look at it with "
                "'lockstep inspect'.");
  }
  if (bytes.size() > kLargestYamlFile) {
    refuse_file(path, "it is larger than 1 MiB, which no settings need; is it the right file?");
  }
  return bytes;
}

std::string checked_yaml_text(std::string_view bytes, const std::string& file) {
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  Cursor cursor(bytes, file);
  std::string text;
  text.reserve(bytes.size());
  bool line_begins = true;
  while (!cursor.at_end()) {
    if (line_begins) check_indentation(cursor);
    line_begins = cursor.byte() == '\n';
    if (cursor.peek(2) == "\r\n") {
      cursor.advance(1);
      continue;
    }
    const std::size_t length = utf8_length(cursor);
    check_character(cursor, length);
    text += cursor.peek(length);
    cursor.advance(length);
  }
  return text;
}

}  // namespace lockstep

#include "framework/config/yaml_writer.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "framework/config/yaml_text.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 2;

// Words that YAML 1.1 readers (Python's, Ruby's) take for booleans and nulls, in any case.
constexpr std::array<std::string_view, 11> kWords = {"y",    "n",     "yes",  "no", "on", "off",
                                                     "true", "false", "null", "~",  "="};

bool needs_escapes(std::string_view text) {
  if (text.find(kByteOrderMark) != std::string_view::npos) return true;
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20U || byte == 0x7FU;
  });
}

bool is_special_word(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

// Numbers, dates and times in the spelling of any YAML version: 010, 0x1F, 1_000, 12:30, .inf
bool is_numberlike(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with('.')) return text.find_first_of("0123456789iInN") == 1;  // .5, .inf, .NaN
  return text.find_first_of("0123456789") == 0 &&
         text.find_first_not_of("0123456789abcdefABCDEFxXoO+-._:") == std::string_view::npos;
}

bool needs_quotes(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return true;
  constexpr std::string_view kIndicators = "-?:,[]{}#&*!|>'\"%@`";
  if (kIndicators.find(text.front()) != std::string_view::npos) return true;
  if (text.find_first_of(",[]{}?") != std::string_view::npos) return true;  // also inside flow
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) {
    return true;
  }
  return text.starts_with("...") || text == "<<" || is_special_word(text) || is_numberlike(text);
}

std::string single_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "''" : std::string(1, c);
  return result + "'";
}

std::string double_quoted(std::string_view text) {
  std::string result = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (text.substr(i).starts_with(kByteOrderMark)) {
      result += "\\ufeff";
      i += kByteOrderMark.size() - 1;
    } else if (c == '"' || c == '\\') {
      result += std::string("\\") + c;
    } else if (c == '\n') {
      result += "\\n";
    } else {
      result += byte < 0x20U || byte == 0x7FU ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
    }
  }
  return result + "\"";
}

std::string text_token(std::string_view text) {
  if (needs_escapes(text)) return double_quoted(text);
  return needs_quotes(text) ? single_quoted(text) : std::string(text);
}

bool is_scalar(const Value& value) {
  return value.kind == Value::Kind::scalar || value.kind == Value::Kind::null;
}

bool is_flat_list(const Value& value) {
  return value.kind == Value::Kind::sequence &&
         std::all_of(value.items.begin(), value.items.end(), is_scalar);
}

// Easy to read on one line: empty, or only scalars and short lists of scalars.
bool is_flat(const Value& value) {
  if (is_scalar(value) || is_flat_list(value)) return true;
  return value.kind == Value::Kind::mapping &&
         std::all_of(value.entries.begin(), value.entries.end(), [](const Value::Entry& entry) {
           return is_scalar(entry.value) || is_flat_list(entry.value);
         });
}

class BlockWriter {
 public:
  void write_document(const Value& document) {
    if (is_scalar(document) || (document.items.empty() && document.entries.empty())) {
      text_ += write_yaml_flow(document) + "\n";
    } else if (document.kind == Value::Kind::mapping) {
      write_entries(document, 0);
    } else {
      write_items(document, 0);
    }
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;

  bool fits(const std::string& token) const {
    const std::size_t line_start = text_.rfind('\n') + 1;  // npos + 1 is 0
    return text_.size() - line_start + 1 + token.size() <= kWidth;
  }

  void write_entries(const Value& mapping, std::size_t indent) {
    bool first = !text_.empty() && text_.back() != '\n';  // after "- ", on the same line
    for (const Value::Entry& entry : mapping.entries) {
      text_ += std::string(first ? 0 : indent, ' ') + text_token(entry.key) + ":";
      first = false;
      const std::string token = write_yaml_flow(entry.value);
      if (is_scalar(entry.value) || (is_flat(entry.value) && fits(token))) {
        text_ += " " + token + "\n";
      } else {
        text_ += "\n";
        write_children(entry.value, indent + kIndent);
      }
    }
  }

  void write_items(const Value& sequence, std::size_t indent) {
    for (const Value& item : sequence.items) {
      text_ += std::string(indent, ' ') + "-";
      const std::string token = write_yaml_flow(item);
      if (is_scalar(item) || fits(token)) {
        text_ += " " + token + "\n";
      } else {
        text_ += item.kind == Value::Kind::mapping ? " " : "\n";
        write_children(item, indent + kIndent);
      }
    }
  }

  void write_children(const Value& value, std::size_t indent) {
    if (value.kind == Value::Kind::mapping) {
      write_entries(value, indent);
    } else {
      write_items(value, indent);
    }
  }
};

void add_key_lines(const Value& value, const std::string& path, std::string& text) {
  const std::string begin = path.empty() ? path : path + ".";
  if (!value.entries.empty()) {
    for (const Value::Entry& entry : value.entries) {
      add_key_lines(entry.value, begin + entry.key, text);
    }
  } else if (!value.items.empty() && value.items.front().kind == Value::Kind::mapping) {
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      add_key_lines(value.items[i], begin + std::to_string(i), text);
    }
  } else {
    text += path + ": " + write_yaml_flow(value) + "\n";
  }
}

}  // namespace

std::string write_yaml_flow(const Value& value) {
  if (value.kind == Value::Kind::null) return "null";
  if (value.kind == Value::Kind::scalar) {
    return value.is_text() ? text_token(value.text) : value.text;
  }
  std::string result;
  for (const Value& item : value.items) {
    result += (result.empty() ? "" : ", ") + write_yaml_flow(item);
  }
  for (const Value::Entry& entry : value.entries) {
    result +=
        (result.empty() ? "" : ", ") + text_token(entry.key) + ": " + write_yaml_flow(entry.value);
  }
  return value.kind == Value::Kind::sequence ? "[" + result + "]" : "{" + result + "}";
}

std::string write_yaml(const Value& document) {
  BlockWriter writer;
  writer.write_document(document);
  return writer.take();
}

std::string write_key_lines(const Value& document) {
  std::string text;
  add_key_lines(document, "", text);
  return text;
}

}  // namespace lockstep

#include "framework/config/yaml_reader.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "framework/config/yaml_text.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostValues = 100'000;

// Advice that follows yaml-cpp's terse reasons.
std::string_view advice_for(std::string_view reason) {
  if (reason == "illegal map value") {
    return "; a ':' may not stand here: check the indentation, and put quotes around text with ': "
           "'.";
  }
  if (reason == "illegal block entry") return "; a list's '-' belongs at the beginning of a line.";
  if (reason == "unknown token") return "; put quotes around text that begins with @, ` or %.";
  if (reason == "end of map flow not found") return "; is a '}' or a ',' missing?";
  if (reason == "end of sequence flow not found") return "; is a ']' or a ',' missing?";
  if (reason == "illegal EOF in scalar") return "; is the closing quote missing?";
  return ".";
}

// After such a character, a quote or '#' is an ordinary character.
bool is_inside_a_word(std::string_view text, std::size_t position) {
  constexpr std::string_view kBeginsWords = " \t\n[{,:";
  return position > 0 && kBeginsWords.find(text[position - 1]) == std::string_view::npos;
}

// Whether the bracket at the beginning of the text is closed within it.
bool is_closed(std::string_view text) {
  int depth = 0;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      const bool escapes = (c == '\\' && quote == '"') || (c == '\'' && text.substr(i, 2) == "''");
      if (escapes) {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if ((c == '"' || c == '\'') && !is_inside_a_word(text, i)) {
      quote = c;
    } else if (c == '#' && !is_inside_a_word(text, i)) {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      if (--depth == 0) return true;
    }
  }
  return false;
}

// Builds the Value from yaml-cpp's events, which show anchors, tags and duplicate keys. Its node
// tree hides these, and loops if an alias names its own parent.
class ValueBuilder final : public YAML::EventHandler {
 public:
  /// @param origin  has no line if the text is not from a file
  ValueBuilder(std::string_view text, Location origin) : text_(text), origin_(std::move(origin)) {}

  Value take() { return std::move(root_); }
  bool is_empty() const { return documents_ == 0 || root_.kind == Value::Kind::null; }

  Location place(const YAML::Mark& mark) const {
    if (origin_.line == 0) return origin_;
    return {.file = origin_.file, .line = mark.line + 1, .column = mark.column + 1};
  }

  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& sentence) const {
    throw Error(errors::kMalformedYaml, place(mark).prefix() + sentence);
  }

  // yaml-cpp reports where the text ends, not what is still open there.
  [[noreturn]] void refuse(const YAML::Exception& error) const {
    std::for_each(open_.rbegin(), open_.rend(),
                  [this](const Open& open) { refuse_unclosed(open.mark); });
    refuse(error.mark, fmt::format("not valid YAML: {}{}", error.msg, advice_for(error.msg)));
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    refuse(mark,
           "a second document begins here, by '---', '...' or a line that does not continue what "
           "is above it; keep one document per file.");
  }
  void OnDocumentEnd() override {}

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    refuse(mark, fmt::format("anchors (&{}) are not allowed; write the value out where it is used.",
                             printable(name)));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    refuse(mark, "aliases (*name) are not allowed; write the value out.");
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    if (wants_key()) refuse(mark, "a key is missing before ':' here.");
    // An empty value has the position of whatever comes next. The key's place is more useful.
    Value value;
    value.location = in_mapping() ? open_.back().key_location : place(mark);
    add(mark, std::move(value));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    check_tag(mark, tag);
    const bool quoted = tag == "!";
    if (quoted) check_quotes(mark);
    if (wants_key()) return add_key(mark, value, quoted);
    Value scalar = Value::scalar(value, place(mark));
    scalar.quoted = quoted;
    add(mark, std::move(scalar));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, Value::sequence({}));
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, Value::mapping());
  }
  void OnMapEnd() override { close(); }

 private:
  // A sequence or mapping whose end has not come yet.
  struct Open {
    Value value;
    YAML::Mark mark;
    std::map<std::string, Location> keys{};  // seen so far; looked up for each, so not a list
    bool has_key = false;                    // the next value belongs to `key`
    std::string key{};
    Location key_location{};
  };

  std::string_view text_;
  Location origin_;
  int documents_ = 0;
  std::size_t values_ = 0;
  std::vector<Open> open_;
  Value root_;

  bool in_mapping() const {
    return !open_.empty() && open_.back().value.kind == Value::Kind::mapping;
  }
  bool wants_key() const { return in_mapping() && !open_.back().has_key; }

  void add_key(const YAML::Mark& mark, const std::string& key, bool quoted) {
    Open& mapping = open_.back();
    if (key == "<<" && !quoted)
      refuse(mark, "merge keys (<<) are not allowed; write the keys out.");
    if (key.empty()) refuse(mark, "a key may not be empty.");
    const auto [first, is_new] = mapping.keys.emplace(key, place(mark));
    if (!is_new) {
      const Location& where = first->second;
      const std::string place =
          where.line == 0
              ? ""
              : fmt::format("; the first one is in line {}, column {}", where.line, where.column);
      refuse(mark, fmt::format("the key '{}' is given twice{}. Remove one of them.", printable(key),
                               place));
    }
    mapping.has_key = true;
    mapping.key = key;
    mapping.key_location = place(mark);
  }

  void add(const YAML::Mark& mark, Value value) {
    if (++values_ > kMostValues) {
      refuse(mark,
             fmt::format("there are more than {} values; is it the right file?", kMostValues));
    }
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (in_mapping()) {
      Open& mapping = open_.back();
      mapping.value.entries.push_back({.key = std::move(mapping.key),
                                       .value = std::move(value),
                                       .key_location = mapping.key_location});
      mapping.has_key = false;
    } else {
      open_.back().value.items.push_back(std::move(value));
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, Value value) {
    check_tag(mark, tag);
    if (wants_key()) {
      refuse_unclosed(mark);
      refuse(mark, "a key must be one word or number, not a list or a mapping.");
    }
    if (open_.size() >= kDeepest) {
      refuse(mark, fmt::format("lists and mappings are nested more than {} deep.", kDeepest));
    }
    value.location = place(mark);
    open_.push_back({.value = std::move(value), .mark = mark});
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    add(closed.mark, std::move(closed.value));
  }

  std::string_view text_at(const YAML::Mark& mark) const {
    const auto position = static_cast<std::size_t>(mark.pos);
    return position < text_.size() ? text_.substr(position) : std::string_view();
  }

  // yaml-cpp gives "?" for plain and "!" for quoted scalars. The text itself tells a lone tag "!"
  // apart.
  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    const bool none = tag.empty() || tag == "?" || (tag == "!" && !text_at(mark).starts_with('!'));
    if (!none) {
      refuse(mark,
             "tags (such as !!str) are not allowed; put quotes around what is meant as text.");
    }
  }

  // Does nothing unless a bracket is not closed.
  void refuse_unclosed(const YAML::Mark& mark) const {
    const std::string_view rest = text_at(mark);
    if (!rest.starts_with('[') && !rest.starts_with('{')) return;
    if (is_closed(rest)) return;
    refuse(mark, fmt::format("the bracket ({}) that opens here is never closed.", rest.front()));
  }

  // yaml-cpp accepts the end of the file as a closing quote.
  void check_quotes(const YAML::Mark& mark) const {
    const std::string_view rest = text_at(mark);
    const char quote = rest.empty() ? '|' : rest.front();
    if (quote != '\'' && quote != '"') return;  // a block scalar, | or >
    for (std::size_t i = 1; i < rest.size(); ++i) {
      if (rest[i] == '\\' && quote == '"') {
        ++i;
      } else if (rest[i] == quote) {
        return;
      }
    }
    refuse(mark, fmt::format("the quote ({}) that opens here is never closed.", quote));
  }
};

Value parse(std::string_view bytes, const Location& origin, bool may_be_empty) {
  const std::string text = checked_yaml_text(bytes, origin.file);
  ValueBuilder builder(text, origin);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    builder.refuse(error);
  }
  if (builder.is_empty() && !may_be_empty) {
    builder.refuse(YAML::Mark(), "there is nothing here but comments or blank lines.");
  }
  return builder.take();
}

Location beginning_of(const std::string& file) { return {.file = file, .line = 1, .column = 1}; }

}  // namespace

Value read_yaml_file(const std::filesystem::path& path) {
  return parse(read_small_file(path), beginning_of(path.string()), false);
}

Value read_yaml_text(std::string_view text, const std::string& name) {
  return parse(text, beginning_of(name), false);
}

Value read_yaml_override(std::string_view text, const std::string& name) {
  Value value = parse(text, {.file = name}, true);
  value.location.file = name;  // also if there is no value
  return value;
}

}  // namespace lockstep

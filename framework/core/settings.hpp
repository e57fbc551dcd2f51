#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/core/error.hpp"

namespace lockstep {

/// Where a value was written: "file:line:column", counted from 1; line 0 means no place in a file
/// (an override on the command line, or a default), then `file` alone describes it.
struct Location {
  std::string file;
  int line = 0;
  int column = 0;

  std::string to_string() const;
  /// "file:line:column: ", or "" without any place: how a message begins.
  std::string prefix() const;
};

/// A document of settings, free of any file format: scalars are kept as written.
///
/// `framework/config/yaml_reader` makes one from YAML and writes one as YAML; everything that has
/// settings (layers, graphs, optimizers, experiments) reads them through `SettingsReader`.
struct Value {
  enum class Kind { null, scalar, sequence, mapping };
  struct Entry;

  Kind kind = Kind::null;
  std::string text;     ///< of a scalar, as written, without quotes
  bool quoted = false;  ///< a quoted scalar is a string, whatever it looks like
  std::vector<Value> items;
  std::vector<Entry> entries;  ///< in the order of the file, keys unique
  Location location;
  bool is_default = false;  ///< a SettingsReader kept it and found it equal to its key's default

  static Value scalar(std::string text, Location where = {});
  static Value string(std::string text, Location where = {});  ///< quoted when written if needed
  static Value integer(std::int64_t number);
  static Value real(double number);  ///< shortest text that reads back the same
  static Value boolean(bool truth);
  static Value sequence(std::vector<Value> items);
  static Value mapping();
  static Value mapping(std::vector<Entry> entries);

  const Value* find(std::string_view key) const;  ///< null if absent or not a mapping
  Value* find(std::string_view key);
  /// Adds an entry or replaces its value, keeping its place.
  void set(std::string_view key, Value value);

  /// A scalar that is text: quoted, or neither a number nor true, false, null or nothing.
  bool is_text() const;
  /// "a mapping", "the number 3", "the text 'x'", ...: for error messages.
  std::string describe() const;

  /// The same document, wherever it was written, however its text was quoted, default or not.
  friend bool operator==(const Value& a, const Value& b);
};

struct Value::Entry {
  std::string key;
  Value value;
  Location key_location;
};

/// Settings as one writes them: keys, and values as YAML flow text, "[3, 5]". What a thing that is
/// chosen by its name gives as examples.
using SettingTexts = std::vector<std::pair<std::string, std::string>>;

/// Number readers, strict and independent of the locale (`std::from_chars`): no leading zeros or
/// plus sign, no hexadecimal, no infinities or NaN. An integer may not carry a fraction.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_real(std::string_view text);

/// Whether the text is spelled as a number, though it may be too large or too small to be read.
bool has_form_of_a_number(std::string_view text);

/// For messages: control characters escaped, long text cut.
std::string printable(std::string_view text);

/// For a terminal, which control characters would act on: all but line feeds and tabs escaped.
std::string escape_controls(std::string_view text);

/// The candidate nearest to `word` in edit distance, if near enough to be what was meant.
std::optional<std::string_view> nearest_name(std::string_view word,
                                             std::span<const std::string_view> candidates);
/// ", did you mean 'x'?" or "".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// Reads one mapping strictly: each key is asked for with its type, and `finish` refuses the rest.
///
/// Every error is of kind usage, begins with the location, names the path of the key
/// ("layers.c1.kernel"), what was expected and what was found. Borrows the value.
class SettingsReader {
 public:
  /// @param path  what the mapping is called in messages, e.g. "layers.c1"
  SettingsReader(const Value& mapping, std::string path);

  bool has(std::string_view key) const;

  struct Bounds {
    enum class Ends { included, above_low, below_high };
    double low;
    double high;
    Ends ends = Ends::included;  ///< whether low or high itself is refused
  };
  // Required values: missing keys are errors.
  std::int64_t integer(std::string_view key, Bounds bounds);
  double real(std::string_view key, Bounds bounds);
  std::string text(std::string_view key);
  bool boolean(std::string_view key);
  /// Anything. @param expected  what a missing one must be, for the message; may be empty
  const Value& value(std::string_view key, std::string_view expected = {});
  /// One of the names; the error lists them and the nearest.
  std::string choice(std::string_view key, std::span<const std::string_view> names);
  /// An integer, used twice, or [rows, columns].
  std::pair<std::int64_t, std::int64_t> pair(std::string_view key, Bounds bounds);
  /// One number, or a list of at least one.
  std::vector<double> reals(std::string_view key, Bounds bounds);

  // The same with a default.
  std::int64_t integer_or(std::string_view key, Bounds bounds, std::int64_t otherwise);
  double real_or(std::string_view key, Bounds bounds, double otherwise);
  std::string text_or(std::string_view key, std::string otherwise);
  bool boolean_or(std::string_view key, bool otherwise);
  std::string choice_or(std::string_view key, std::span<const std::string_view> names,
                        std::string_view otherwise);
  std::pair<std::int64_t, std::int64_t> pair_or(std::string_view key, Bounds bounds,
                                                std::pair<std::int64_t, std::int64_t> otherwise);
  std::vector<double> reals_or(std::string_view key, Bounds bounds, std::vector<double> otherwise);
  const Value* value_or_null(std::string_view key);

  /// Gives the mapping inside, an empty one where the key is absent, to a reader of its own. What
  /// that has read counts as read here.
  void section(std::string_view key, const std::function<void(SettingsReader&)>& read);

  /// Of two keys that exclude each other, whether the second is there; both are known afterwards.
  /// @throws Error (usage) where both are
  bool second_of(std::string_view first, std::string_view second);

  /// What was read, in the order of reading: numbers, texts and truths with the defaults of keys
  /// that are absent, each marked where it equals its default. Read again, it gives the same.
  const Value& consumed() const { return consumed_; }

  /// What was read of `key` stands in `consumed` as `value`, under the name `as`.
  void keep_as(std::string_view key, std::string_view as, Value value);

  /// All keys that were asked for, there or not, in the order of asking.
  std::span<const std::string> known() const { return known_; }

  /// Refuses every key that was not asked for, with the nearest known name.
  /// @param elsewhere  says where a key belongs that is unknown here ("under train:"), or "".
  using Elsewhere = std::string (*)(std::string_view key);
  void finish(Elsewhere elsewhere = nullptr) const;

  /// The entries that nobody has asked for yet.
  std::vector<const Value::Entry*> unread() const;

  /// An error at the place of `key` (or of the mapping when it is absent).
  /// Reads "file:line:column: layers.c1.kernel SENTENCE.", so: "must be odd, but is 4".
  Error error_at(std::string_view key, const std::string& sentence) const;
  std::string path_of(std::string_view key) const;
  const Location& location() const { return mapping_.location; }

 private:
  const Value& mapping_;
  std::string path_;
  std::vector<std::string> known_;
  Value consumed_ = Value::mapping();

  const Value* look_up(std::string_view key);
  const Value& require(std::string_view key, std::string_view expected);
  [[noreturn]] void refuse(std::string_view key, const Value& found, std::string_view expected,
                           std::string_view advice = {}) const;
  struct Expected {
    std::string_view key;
    Bounds bounds;
    std::string text;  ///< "a number above 0"
  };
  std::int64_t to_integer(const Expected& expected, const Value& value) const;
  double to_real(const Expected& expected, const Value& value) const;
  // Each returns its number and keeps it as consumed.
  std::int64_t keep(std::string_view key, std::int64_t number);
  double keep(std::string_view key, double number);
  std::string keep(std::string_view key, std::string text);
  bool keep_truth(std::string_view key, bool truth);
  std::pair<std::int64_t, std::int64_t> keep(std::string_view key,
                                             std::pair<std::int64_t, std::int64_t> numbers);
  std::vector<double> keep(std::string_view key, std::vector<double> numbers);
  // Marks what was kept where it is the default.
  template <class Read>
  Read marked(std::string_view key, Read read, const Read& otherwise);
};

}  // namespace lockstep

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

/// Where a value was written: "file:line:column", counted from 1. Line 0 means that there is no
/// place in a file (an override on the command line, or a default); then `file` alone describes it.
struct Location {
  std::string file;
  int line = 0;
  int column = 0;

  std::string to_string() const;
  /// How a message begins: "file:line:column: ", or "" where there is no place.
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
  std::string text;     ///< of a scalar: as written, without quotes
  bool quoted = false;  ///< a quoted scalar is a string, whatever it looks like
  std::vector<Value> items;
  std::vector<Entry> entries;  ///< in the order of the file, keys unique
  Location location;
  bool is_default = false;  ///< a SettingsReader read it and found it equal to its key's default

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
  /// Adds an entry, or replaces the value of one in its place.
  void set(std::string_view key, Value value);

  /// A scalar that is text: quoted, or neither a number nor true, false, null or nothing.
  bool is_text() const;
  /// "a mapping", "the number 3", "the text 'x'", ...: for error messages.
  std::string describe() const;

  /// Equal content. Where it was written, how texts were quoted and what is a default do not count.
  friend bool operator==(const Value& a, const Value& b);
};

struct Value::Entry {
  std::string key;
  Value value;
  Location key_location;
};

/// Settings as a person writes them: keys, and values as YAML flow text such as "[3, 5]".
/// Registered types give their examples in this form.
using SettingTexts = std::vector<std::pair<std::string, std::string>>;

/// Number readers, strict and independent of the locale (`std::from_chars`): no leading zeros, no
/// plus sign, no hexadecimal, no infinities, no NaN. An integer has no fraction.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_real(std::string_view text);

/// Whether the text is spelled as a number, even one too large or too small to be read.
bool has_form_of_a_number(std::string_view text);

/// For messages: control characters escaped, long text cut.
std::string printable(std::string_view text);

/// For a terminal, which would act on control characters: escapes all but line feeds and tabs.
std::string escape_controls(std::string_view text);

/// The candidate nearest to `word` in edit distance, if it is near enough to be what was meant.
std::optional<std::string_view> nearest_name(std::string_view word,
                                             std::span<const std::string_view> candidates);
/// ", did you mean 'x'?" or "".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// Reads one mapping strictly: each key is asked for with its type, and `finish` refuses the rest.
///
/// Every error has kind usage, begins with the location, and names the path of the key
/// ("layers.c1.kernel"), what was expected and what was found. Borrows the value.
class SettingsReader {
 public:
  /// Says where a key belongs that is unknown where it was found ("under train:"), or returns "".
  using Elsewhere = std::string (*)(std::string_view key);

  /// @param path       what the mapping is called in messages, e.g. "layers.c1"
  /// @param elsewhere  for the message about a key that was not asked for; may be null
  SettingsReader(const Value& mapping, std::string path, Elsewhere elsewhere = nullptr);

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
  /// A value of any type. @param expected  what a missing value must be, for the message; may be
  /// empty
  const Value& value(std::string_view key, std::string_view expected = {});
  /// One of the names. The error lists them and suggests the nearest.
  std::string choice(std::string_view key, std::span<const std::string_view> names);
  /// An integer, which counts for both, or [rows, columns].
  std::pair<std::int64_t, std::int64_t> pair(std::string_view key, Bounds bounds);
  /// One number, or a list of at least one number.
  std::vector<double> reals(std::string_view key, Bounds bounds);

  // The same with a default where the key is absent.
  std::int64_t integer_or(std::string_view key, Bounds bounds, std::int64_t otherwise);
  double real_or(std::string_view key, Bounds bounds, double otherwise);
  std::string text_or(std::string_view key, const std::string& otherwise);
  bool boolean_or(std::string_view key, bool otherwise);
  std::string choice_or(std::string_view key, std::span<const std::string_view> names,
                        std::string_view otherwise);
  std::pair<std::int64_t, std::int64_t> pair_or(std::string_view key, Bounds bounds,
                                                std::pair<std::int64_t, std::int64_t> otherwise);
  std::vector<double> reals_or(std::string_view key, Bounds bounds,
                               const std::vector<double>& otherwise);
  const Value* value_or_null(std::string_view key);

  /// Passes the mapping under `key`, or an empty one where the key is absent, to a reader of its
  /// own. What that reader has read counts as read here.
  void section(std::string_view key, const std::function<void(SettingsReader&)>& read);

  /// Whether the second of two keys that exclude each other is present. Both count as known
  /// afterwards.
  /// @throws Error (usage) if both are present
  bool second_of(std::string_view first, std::string_view second);

  /// What was read, in the order of reading: numbers, texts and truth values, with the defaults of
  /// absent keys. Each value is marked if it equals its default. Reading this again gives the same
  /// result.
  const Value& consumed() const { return consumed_; }

  /// Makes what was read of `key` appear in `consumed` as `value`, under the name `as`.
  void keep_as(std::string_view key, std::string_view as, Value value);

  /// All keys that were asked for, present or not, in the order of asking.
  std::span<const std::string> known() const { return known_; }

  /// Refuses every key that was not asked for. Says where it belongs, or suggests the nearest known
  /// name.
  void finish() const;

  /// The entries that were not asked for yet.
  std::vector<const Value::Entry*> unread() const;

  /// An error at the place of `key`, or of the mapping if the key is absent. It reads
  /// "file:line:column: layers.c1.kernel SENTENCE.", so write "must be odd, but is 4".
  Error error_at(std::string_view key, const std::string& sentence,
                 const ErrorCode& code = errors::kWrongValue) const;
  std::string path_of(std::string_view key) const;
  const Location& location() const { return mapping_.location; }

 private:
  const Value& mapping_;
  std::string path_;
  Elsewhere elsewhere_;
  std::vector<std::string> known_;
  Value consumed_ = Value::mapping();

  const Value* look_up(std::string_view key);
  const Value& require(std::string_view key, std::string_view expected);
  [[noreturn]] void refuse(std::string_view key, const Value& found, std::string_view expected,
                           std::string_view advice = {},
                           const ErrorCode& code = errors::kWrongValue) const;
  struct Expected {
    std::string_view key;
    Bounds bounds;
    std::string text;  ///< "a number above 0"
  };
  std::int64_t to_integer(const Expected& expected, const Value& value) const;
  double to_real(const Expected& expected, const Value& value) const;
  // Each keeps its number as consumed and returns it.
  std::int64_t keep(std::string_view key, std::int64_t number);
  double keep(std::string_view key, double number);
  std::string keep(std::string_view key, std::string text);
  bool keep_truth(std::string_view key, bool truth);
  std::pair<std::int64_t, std::int64_t> keep(std::string_view key,
                                             std::pair<std::int64_t, std::int64_t> numbers);
  std::vector<double> keep(std::string_view key, std::vector<double> numbers);
  // Marks what was kept if it equals the default.
  template <class Read>
  Read marked(std::string_view key, Read read, const Read& otherwise);
};

}  // namespace lockstep

#include "framework/config/overrides.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "framework/config/config_difference.hpp"
#include "framework/config/yaml_reader.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

constexpr auto kExclusive = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"train.epochs", "train.steps"},
    {"evaluate.every_epochs", "evaluate.every_steps"},
    {"checkpoint.every_epochs", "checkpoint.every_steps"},
    {"learning_rate.warmup", "learning_rate.warmup_steps"},
});

[[noreturn]] void refuse(const Override& change, const std::string& sentence) {
  throw Error(errors::kOverride, fmt::format("{}: {}", change.name, sentence));
}

std::vector<std::string> split_at_dots(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t dot = text.find('.');
    parts.emplace_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

std::string joined(std::span<const std::string> path) {
  return fmt::format("{}", fmt::join(path, "."));
}

// The contents of an item of a list of layers, or of an entry of a mapping; null if there is none.
const Value* below(const Value& parent, std::string_view key) {
  if (parent.kind != Value::Kind::sequence) return parent.find(key);
  const auto found = std::find_if(parent.items.begin(), parent.items.end(),
                                  [&](const Value& item) { return name_of(item) == key; });
  return found == parent.items.end() ? nullptr : &*found;
}

Value& item_named(Value& list, std::span<const std::string> path, const Override& change) {
  const std::string& wanted = path.back();
  std::vector<std::string_view> names;
  for (Value& item : list.items) {
    if (name_of(item) == wanted) return item;
    if (!name_of(item).empty()) names.push_back(name_of(item));
  }
  const std::string where = joined(path.first(path.size() - 1));
  if (names.empty()) {
    refuse(change,
           fmt::format("{} is a list whose items have no names; give the whole list.", where));
  }
  const std::string nearest = did_you_mean(wanted, names);
  const std::string all = fmt::format("{}", fmt::join(names, ", "));
  refuse(change, fmt::format("{} has nothing named '{}'{}", where, printable(wanted),
                             nearest.empty() ? fmt::format("; names: {}.", all)
                                             : fmt::format("{} (names: {})", nearest, all)));
}

// The value at `path`, created if necessary. `parent` is the value at the path without its last
// key.
Value& enter(Value& parent, std::span<const std::string> path, const Override& change) {
  const std::string& key = path.back();
  if (parent.kind == Value::Kind::sequence) return item_named(parent, path, change);
  if (parent.kind == Value::Kind::null) {
    const Location place = parent.location;
    parent = Value::mapping();
    parent.location = place;
  }
  if (parent.kind != Value::Kind::mapping) {
    refuse(change, fmt::format("{} is {}, which has nothing below it.",
                               joined(path.first(path.size() - 1)), parent.describe()));
  }
  if (parent.find(key) == nullptr) {
    Value nothing;
    nothing.location.file = change.name;
    parent.entries.push_back({.key = key, .value = nothing, .key_location = nothing.location});
  }
  return *parent.find(key);
}

void expand_bare_learning_rate(Value& document, const Override& change) {
  Value* rate = document.find("learning_rate");
  const bool below = change.path.size() > 1 && change.path.front() == "learning_rate";
  if (!below || rate == nullptr || rate->kind != Value::Kind::scalar) return;
  Value mapping = Value::mapping();
  mapping.location = rate->location;
  mapping.set("schedule", Value::scalar("constant", rate->location));
  mapping.set("peak", *rate);
  *rate = std::move(mapping);
}

void remove_path(Value& document, std::string_view key) {
  std::vector<std::string> path = split_at_dots(key);
  Value* section = document.find(path.front());
  if (section == nullptr) return;
  std::erase_if(section->entries,
                [&](const Value::Entry& entry) { return entry.key == path.back(); });
}

void remove_excluded(Value& document, const std::string& key) {
  for (const auto& [one, other] : kExclusive) {
    if (key == one) remove_path(document, other);
    if (key == other) remove_path(document, one);
  }
}

}  // namespace

std::string Override::key() const { return joined(path); }

Override make_override(std::string_view key, Value value, std::string name) {
  Override change{.path = split_at_dots(key), .value = std::move(value), .name = std::move(name)};
  if (std::find(change.path.begin(), change.path.end(), "") != change.path.end()) {
    refuse(change, "a part of the key is empty; write key.path=value, such as train.steps=100.");
  }
  return change;
}

Override parse_override(std::string_view text) {
  const std::string name = fmt::format("override '{}'", printable(text));
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    throw Error(
        errors::kOverride,
        fmt::format("{}: there is no '='; write key.path=value, such as train.steps=100.", name));
  }
  Override change = make_override(text.substr(0, equals), {}, name);
  change.value = read_yaml_override(text.substr(equals + 1), name);
  return change;
}

Location place_in(const Value& document, std::string_view key) {
  Location place = document.location;
  const Value* value = &document;
  for (const std::string& part : split_at_dots(key)) {
    value = below(*value, part);
    if (value == nullptr) break;
    if (!value->location.to_string().empty()) place = value->location;
  }
  return place;
}

void apply_override(Value& document, const Override& change) {
  expand_bare_learning_rate(document, change);
  remove_excluded(document, change.key());
  const std::span<const std::string> path(change.path);
  Value* place = &document;
  for (std::size_t length = 1; length <= path.size(); ++length) {
    place = &enter(*place, path.first(length), change);
  }
  *place = change.value;
}

}  // namespace lockstep

#include "framework/graph/graph_spec.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "framework/layers/layer.hpp"

namespace lockstep {
namespace {

constexpr SettingsReader::Bounds kExtents{1, 1 << 16};
constexpr SettingsReader::Bounds kFinite{-1e30, 1e30};
constexpr SettingsReader::Bounds kSpread{0, 1e30};

// Keys of a layer entry that are not settings of its type.
constexpr std::array<std::string_view, 4> kCommonKeys = {"name", "type", "inputs", "init"};

Shape parse_input_shape(const Value& input) {
  SettingsReader reader(input, "input");
  const Value& shape = reader.value("shape");
  reader.finish();
  const auto refuse = [&] {
    throw reader.error_at("shape",
                          fmt::format("must be [channels, rows, columns] or [features], "
                                      "each a whole number from 1 to {}, but is {}",
                                      static_cast<Index>(kExtents.high), shape.describe()));
  };
  if (shape.kind != Value::Kind::sequence) refuse();
  if (shape.items.size() != 1 && shape.items.size() != 3) refuse();
  std::vector<Index> extents;
  for (const Value& item : shape.items) {
    const auto number =
        item.kind == Value::Kind::scalar && !item.quoted ? parse_integer(item.text) : std::nullopt;
    if (!number || *number < 1 || *number > static_cast<Index>(kExtents.high)) refuse();
    extents.push_back(*number);
  }
  return Shape(extents);
}

std::vector<std::string> earlier_names(const GraphSpec& spec) {
  std::vector<std::string> names = {std::string(kInputName)};
  for (const LayerSpec& layer : spec.layers) names.push_back(layer.name);
  return names;
}

std::vector<std::string> parse_inputs(const Value& inputs, const std::string& path,
                                      const std::vector<std::string>& earlier) {
  const auto refuse = [&](const Value& at, const std::string& sentence) {
    throw Error(errors::kGraph,
                fmt::format("{}: {}.inputs {}.", at.location.to_string(), path, sentence));
  };
  std::vector<const Value*> items;
  if (inputs.kind == Value::Kind::scalar) items.push_back(&inputs);
  for (const Value& item : inputs.items) items.push_back(&item);
  if (items.empty() || inputs.kind == Value::Kind::mapping) {
    refuse(inputs, fmt::format("must be the name of an earlier layer or a list of them, but is {}",
                               inputs.describe()));
  }
  const std::vector<std::string_view> candidates(earlier.begin(), earlier.end());
  std::vector<std::string> names;
  for (const Value* item : items) {
    if (std::find(earlier.begin(), earlier.end(), item->text) == earlier.end()) {
      refuse(*item, fmt::format("names {}, which is no earlier layer{}; a layer reads layers that "
                                "stand above it, or 'input'",
                                item->describe(), did_you_mean(item->text, candidates)));
    }
    names.push_back(item->text);
  }
  return names;
}

std::vector<InitializerSpec> parse_initializers(const Value& init, const std::string& path) {
  if (init.kind != Value::Kind::mapping) {
    throw Error(
        errors::kWrongValue,
        fmt::format("{}: {}.init must be a mapping such as {{weight: {{type: he_normal}}}}, "
                    "but is {}.",
                    init.location.to_string(), path, init.describe()));
  }
  std::vector<InitializerSpec> specs;
  for (const Value::Entry& entry : init.entries) {
    specs.push_back({.tensor = entry.key,
                     .initializer = parse_initializer(entry.value, path + ".init." + entry.key),
                     .location = entry.key_location});
  }
  return specs;
}

// The settings of the layer's type: everything but the keys that all layers share.
Value own_settings(const Value& entry) {
  Value settings = Value::mapping();
  settings.location = entry.location;
  for (const Value::Entry& candidate : entry.entries) {
    if (std::find(kCommonKeys.begin(), kCommonKeys.end(), candidate.key) == kCommonKeys.end()) {
      settings.entries.push_back(candidate);
    }
  }
  return settings;
}

std::string parse_layer_type(SettingsReader& reader) {
  std::vector<std::string_view> names;
  for (const LayerType& type : all_layer_types()) names.push_back(type.name);
  return reader.choice("type", names);
}

void check_name(const SettingsReader& reader, const std::string& name,
                const std::vector<std::string>& earlier) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  if (!plain) {
    throw reader.error_at("name", fmt::format("must be made of letters, digits, '_' and '-', but "
                                              "is '{}'",
                                              printable(name)));
  }
  if (std::find(earlier.begin(), earlier.end(), name) != earlier.end()) {
    throw reader.error_at("name",
                          fmt::format("'{}' is taken already; give each layer a name of its own "
                                      "('input' is the network's input)",
                                      name),
                          errors::kGraph);
  }
}

LayerSpec parse_layer(const Value& entry, std::size_t position, const GraphSpec& before) {
  const std::vector<std::string> earlier = earlier_names(before);
  SettingsReader reader(entry, fmt::format("layers[{}]", position));
  LayerSpec layer;
  layer.location = entry.location;
  layer.name = reader.text("name");
  check_name(reader, layer.name, earlier);
  layer.type = parse_layer_type(reader);
  const std::string path = "layers." + layer.name;
  const Value* inputs = entry.find("inputs");
  layer.inputs = inputs == nullptr ? std::vector<std::string>{earlier.back()}
                                   : parse_inputs(*inputs, path, earlier);
  if (const Value* init = entry.find("init")) layer.initializers = parse_initializers(*init, path);
  layer.settings = own_settings(entry);
  return layer;
}

}  // namespace

Initializer parse_initializer(const Value& value, const std::string& path) {
  SettingsReader reader(value, path);
  Initializer initializer;
  initializer.kind = *initializer_kind(reader.choice("type", initializer_names()));
  switch (initializer.kind) {
    case Initializer::Kind::constant:
      initializer.value = reader.real_or("value", kFinite, 0);
      break;
    case Initializer::Kind::uniform:
      initializer.low = reader.real_or("low", kFinite, -0.05);
      initializer.high = reader.real_or("high", kFinite, 0.05);
      if (initializer.low > initializer.high) {
        throw reader.error_at("low",
                              fmt::format("is {}, above high, which is {}; exchange them",
                                          initializer.low, initializer.high),
                              errors::kConflictingKeys);
      }
      break;
    case Initializer::Kind::normal:
    case Initializer::Kind::truncated_normal:
      initializer.mean = reader.real_or("mean", kFinite, 0);
      initializer.standard_deviation = reader.real_or("std", kSpread, 0.05);
      break;
    default:
      break;  // fan-in and fan-out alone determine the scaling families
  }
  reader.finish();
  return initializer;
}

Value to_value(const Initializer& initializer) {
  Value value = Value::mapping();
  value.set("type", Value::string(std::string(initializer_name(initializer.kind))));
  switch (initializer.kind) {
    case Initializer::Kind::constant:
      value.set("value", Value::real(initializer.value));
      break;
    case Initializer::Kind::uniform:
      value.set("low", Value::real(initializer.low));
      value.set("high", Value::real(initializer.high));
      break;
    case Initializer::Kind::normal:
    case Initializer::Kind::truncated_normal:
      value.set("mean", Value::real(initializer.mean));
      value.set("std", Value::real(initializer.standard_deviation));
      break;
    default:
      break;
  }
  return value;
}

GraphSpec parse_graph_spec(const Value& model) {
  SettingsReader reader(model, "model");
  reader.integer_or("schema_version", {1, 1}, 1);
  GraphSpec spec;
  spec.name = reader.text_or("name", "network");
  spec.input = parse_input_shape(reader.value("input"));
  const Value& layers = reader.value("layers");
  reader.finish();
  if (layers.kind != Value::Kind::sequence || layers.items.empty()) {
    throw reader.error_at("layers", fmt::format("must be a list of at least one layer, but is {}",
                                                layers.describe()));
  }
  for (std::size_t i = 0; i < layers.items.size(); ++i) {
    spec.layers.push_back(parse_layer(layers.items[i], i, spec));
  }
  return spec;
}

}  // namespace lockstep

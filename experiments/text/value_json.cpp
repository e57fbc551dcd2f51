#include "experiments/text/value_json.hpp"

#include <nlohmann/json.hpp>

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

Json scalar_json(const Value& scalar) {
  if (scalar.is_text() || scalar.quoted) return scalar.text;
  if (scalar.text == "true" || scalar.text == "false") return scalar.text == "true";
  if (const auto integer = parse_integer(scalar.text)) return *integer;
  if (const auto real = parse_real(scalar.text)) return *real;
  return nullptr;
}

}  // namespace

nlohmann::ordered_json to_json(const Value& value) {
  if (value.kind == Value::Kind::null) return nullptr;
  if (value.kind == Value::Kind::scalar) return scalar_json(value);
  Json json = value.kind == Value::Kind::sequence ? Json::array() : Json::object();
  for (const Value& item : value.items) json.push_back(to_json(item));
  for (const Value::Entry& entry : value.entries) json[entry.key] = to_json(entry.value);
  return json;
}

}  // namespace lockstep

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

nlohmann::ordered_json code_json(std::string_view sentence) {
  const std::string_view code = code_behind(sentence);
  return code.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(code);
}

std::string error_json(const Error& error) {
  const nlohmann::ordered_json json = {
      {"error", error.what()}, {"code", error.code().name()}, {"exit_code", error.exit_code()}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lockstep

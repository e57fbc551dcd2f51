#include "experiments/report/page.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <kainjow/mustache.hpp>
#include <nlohmann/json.hpp>

#include "experiments/report/assets.hpp"
#include "experiments/text/base64.hpp"
#include "framework/core/build_info.hpp"

namespace lockstep {
namespace {

namespace mustache = kainjow::mustache;

using Json = nlohmann::ordered_json;

// JSON text in which bytes that are not UTF-8 are replaced.
std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string readable(const Json& text) {
  return Json::parse(dumped(text)).get_ref<const std::string&>();
}

mustache::data to_mustache(const Json& json) {
  switch (json.type()) {
    case Json::value_t::object: {
      mustache::data object;
      for (const auto& [key, value] : json.items()) object.set(key, to_mustache(value));
      return object;
    }
    case Json::value_t::array: {
      mustache::data list(mustache::data::type::list);
      for (const Json& item : json) list.push_back(to_mustache(item));
      return list;
    }
    case Json::value_t::string:
      return readable(json);
    case Json::value_t::boolean:
      return json.get<bool>();
    case Json::value_t::null:
      return false;
    default:
      return dumped(json);
  }
}

std::string base64_of_hex(std::string_view hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return base64(bytes);
}

// 'sha256-...' of each asset, for the security policy.
std::string hashes_of(const std::vector<std::string>& assets) {
  std::vector<std::string> hashes;
  for (const std::string& name : assets) {
    hashes.push_back(fmt::format("'sha256-{}'", base64_of_hex(report_asset(name).sha256)));
  }
  return fmt::format("{}", fmt::join(hashes, " "));
}

mustache::data texts_of(const std::vector<std::string>& assets) {
  mustache::data list(mustache::data::type::list);
  for (const std::string& name : assets) {
    list.push_back(mustache::data("text", std::string(report_asset(name).text)));
  }
  return list;
}

// A template to be used inside another.
mustache::data part(const std::string& asset) {
  return mustache::partial([asset] { return std::string(report_asset(asset).text); });
}

}  // namespace

std::string script_json(const Json& json) {
  std::string text;
  for (const char c : dumped(json)) {
    switch (c) {
      case '<':
        text += "\\u003c";
        break;
      case '>':
        text += "\\u003e";
        break;
      case '&':
        text += "\\u0026";
        break;
      default:
        text += c;
    }
  }
  return text;
}

Json number_cell(std::string name, const Json& value, std::string text) {
  return {{"name", std::move(name)}, {"value", dumped(value)}, {"text", std::move(text)}};
}

std::string render_page(const ReportPage& page) {
  const std::vector<std::string> styles = {"dygraph.min.css", "report.css"};
  std::vector<std::string> scripts = {"dygraph.min.js"};
  scripts.insert(scripts.end(), page.scripts.begin(), page.scripts.end());
  mustache::data data = to_mustache(page.view);
  data.set("body", part(page.body));
  data.set("mit_licence", part("mit_licence.mustache"));
  data.set("bsd_licence", part("bsd_licence.mustache"));
  data.set("has_notes", !page.notes.empty());
  data.set("has_d3", std::ranges::find(scripts, "d3.min.js") != scripts.end());
  data.set("program", fmt::format("{} ({})", build_info().version, build_info().commit));
  data.set("notes", to_mustache(Json(page.notes)));
  data.set("data", script_json(page.data));
  data.set("styles", texts_of(styles));
  data.set("scripts", texts_of(scripts));
  data.set("style_hashes", hashes_of(styles));
  data.set("script_hashes", hashes_of(scripts));
  mustache::mustache frame{std::string(report_asset("page.mustache").text)};
  std::string html = frame.render(data);
  if (!frame.is_valid()) throw std::logic_error(frame.error_message());
  return html;
}

}  // namespace lockstep

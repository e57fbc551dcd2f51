#include "experiments/text/svg.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace lockstep {
namespace {

// XML's special characters are written by name. Control characters, which XML does not allow, are
// left out.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) result += c;
    }
  }
  return result;
}

std::string number_text(double value) { return fmt::format("{}", std::round(value * 100) / 100); }

}  // namespace

SvgElement& SvgElement::set(std::string name, std::string value) {
  const auto same = std::find_if(attributes_.begin(), attributes_.end(),
                                 [&](const auto& attribute) { return attribute.first == name; });
  if (same != attributes_.end()) {
    same->second = std::move(value);
  } else {
    attributes_.emplace_back(std::move(name), std::move(value));
  }
  return *this;
}

SvgElement& SvgElement::set(std::string name, double value) {
  return set(std::move(name), number_text(value));
}

SvgElement& SvgElement::text(std::string text) {
  text_ = std::move(text);
  return *this;
}

SvgElement& SvgElement::add(std::string tag) { return children_.emplace_back(std::move(tag)); }

std::string SvgElement::to_xml() const {
  std::string xml;
  write(xml, 0);
  return xml;
}

void SvgElement::write(std::string& xml, std::size_t depth) const {
  const std::string indent(2 * depth, ' ');
  xml += indent + "<" + tag_;
  for (const auto& [name, value] : attributes_) {
    xml += fmt::format(" {}=\"{}\"", name, escaped(value));
  }
  if (text_.empty() && children_.empty()) {
    xml += "/>\n";
    return;
  }
  xml += ">" + escaped(text_);
  if (!children_.empty()) {
    xml += "\n";
    for (const SvgElement& child : children_) child.write(xml, depth + 1);
    xml += indent;
  }
  xml += fmt::format("</{}>\n", tag_);
}

SvgElement svg_picture(double width, double height) {
  SvgElement picture("svg");
  picture.set("xmlns", "http://www.w3.org/2000/svg").set("width", width).set("height", height);
  picture.set("viewBox", fmt::format("0 0 {} {}", number_text(width), number_text(height)));
  return picture;
}

}  // namespace lockstep

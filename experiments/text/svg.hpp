#pragma once

#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep {

/// An element of an SVG picture with its attributes, and its text or its children.
class SvgElement {
 public:
  explicit SvgElement(std::string tag) : tag_(std::move(tag)) {}

  /// Adds an attribute, or replaces its value.
  SvgElement& set(std::string name, std::string value);
  /// In pixels, with at most two digits after the point.
  SvgElement& set(std::string name, double value);
  SvgElement& text(std::string text);
  /// Adds a child and returns it. Its address does not change.
  SvgElement& add(std::string tag);

  /// Well-formed XML, whatever the texts hold.
  std::string to_xml() const;

 private:
  std::string tag_;
  std::vector<std::pair<std::string, std::string>> attributes_;
  std::string text_;
  std::list<SvgElement> children_;

  void write(std::string& xml, std::size_t depth) const;
};

/// A picture of this size in pixels, which a viewer may scale.
SvgElement svg_picture(double width, double height);

}  // namespace lockstep

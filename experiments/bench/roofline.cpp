#include "experiments/bench/roofline.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "experiments/text/figures.hpp"
#include "experiments/text/svg.hpp"
#include "framework/core/elementary.hpp"

namespace lockstep {
namespace {

constexpr double kLeft = 80;
constexpr double kTop = 90;
constexpr double kPlotWidth = 680;
constexpr double kLegendLeft = kLeft + kPlotWidth + 40;
constexpr double kLegendWidth = 400;
constexpr double kForwardRight = kLegendLeft + 275;
constexpr double kBackwardRight = kLegendLeft + 380;
constexpr double kRowHeight = 22;
constexpr double kMarker = 9;  // half a marker's width
constexpr std::size_t kLegendColumns = 24;
constexpr std::string_view kInk = "#1f2937";
constexpr std::string_view kFaint = "#6b7280";
constexpr std::string_view kGrid = "#e5e7eb";
constexpr std::array<std::string_view, 8> kColors = {"#1d4ed8", "#c2410c", "#15803d", "#7e22ce",
                                                     "#b91c1c", "#0f766e", "#a16207", "#be185d"};

double log2_of(double x) { return elementary::log(x) / elementary::log(2.0); }

std::string color_of(std::size_t number) { return std::string(kColors[number % kColors.size()]); }

// Whole octaves [first, last] of an axis.
struct Octaves {
  double first;
  double last;

  double count() const { return last - first; }
  static Octaves around(double least, double greatest) {
    return {std::floor(log2_of(least)) - 1, std::ceil(log2_of(greatest))};
  }
};

// "1/4", "2", "512"
std::string power_of_two(double exponent) {
  const double value = std::ldexp(1.0, static_cast<int>(std::abs(exponent)));
  return fmt::format("{}{:.0f}", exponent < 0 ? "1/" : "", value);
}

class RooflineDrawing {
 public:
  explicit RooflineDrawing(const Roofline& roofline)
      : roofline_(roofline),
        names_(names_of(roofline)),
        x_(intensities(roofline)),
        y_(rates(roofline)),
        octave_(kPlotWidth / x_.count()),
        bottom_(kTop + octave_ * y_.count()),
        picture_(svg_picture(kLegendLeft + kLegendWidth, std::max(bottom_ + 70, legend_bottom()))) {
  }

  std::string draw() {
    picture_.set("font-family", "DejaVu Sans, Arial, sans-serif").set("font-size", 13);
    picture_.add("rect").set("width", "100%").set("height", "100%").set("fill", "#ffffff");
    label(kLeft, 36, roofline_.title).set("font-size", 20).set("font-weight", "bold");
    label(kLeft, 60, roofline_.subtitle).set("fill", std::string(kFaint));
    draw_axes();
    draw_limits();
    // A disc drawn over a square at the same place leaves the square's corners visible.
    draw_points(RooflinePhase::backward);
    draw_points(RooflinePhase::forward);
    draw_legend();
    return picture_.to_xml();
  }

 private:
  const Roofline& roofline_;
  std::vector<std::string> names_;
  Octaves x_;
  Octaves y_;
  double octave_;  // pixels, on both axes: a limit of the memory is a line at 45 degrees
  double bottom_;
  SvgElement picture_;

  // Where the limit of a memory meets the limit of the processor, in operations per byte.
  static double ridge_of(const Roofline& roofline, const MemoryBandwidth& memory) {
    return roofline.peak_gflops * 1e9 / memory.bytes_per_second;
  }

  static std::vector<std::string> names_of(const Roofline& roofline) {
    std::vector<std::string> names;
    for (const RooflinePoint& point : roofline.points) {
      if (std::find(names.begin(), names.end(), point.name) == names.end()) {
        names.push_back(point.name);
      }
    }
    return names;
  }

  static Octaves intensities(const Roofline& roofline) {
    double least = 1;
    double greatest = 16;
    for (const MemoryBandwidth& memory : roofline.bandwidth) {
      least = std::min(least, ridge_of(roofline, memory) / 2);
    }
    for (const RooflinePoint& point : roofline.points) {
      least = std::min(least, point.intensity);
      greatest = std::max(greatest, point.intensity);
    }
    return Octaves::around(least, greatest);
  }

  static Octaves rates(const Roofline& roofline) {
    double least = roofline.peak_gflops / 8;
    for (const RooflinePoint& point : roofline.points) least = std::min(least, point.gflops);
    return Octaves::around(least, roofline.peak_gflops);
  }

  double x(double intensity) const { return kLeft + octave_ * (log2_of(intensity) - x_.first); }
  double y(double gflops) const { return bottom_ - octave_ * (log2_of(gflops) - y_.first); }
  double legend_bottom() const {
    return kTop + kRowHeight * (static_cast<double>(names_.size()) + 4);
  }

  SvgElement& label(double left, double base, const std::string& text) {
    return picture_.add("text")
        .set("x", left)
        .set("y", base)
        .set("fill", std::string(kInk))
        .text(text);
  }

  struct Line {
    double x1, y1, x2, y2;
    std::string_view color;
    double width;
  };
  SvgElement& line(const Line& l) {
    return picture_.add("line")
        .set("x1", l.x1)
        .set("y1", l.y1)
        .set("x2", l.x2)
        .set("y2", l.y2)
        .set("stroke", std::string(l.color))
        .set("stroke-width", l.width);
  }

  void draw_axes() {
    const double right = kLeft + kPlotWidth;
    for (double octave = x_.first; octave <= x_.last; ++octave) {
      const double at = kLeft + octave_ * (octave - x_.first);
      line({at, kTop, at, bottom_, kGrid, 1});
      label(at, bottom_ + 20, power_of_two(octave)).set("text-anchor", "middle");
    }
    for (double octave = y_.first; octave <= y_.last; ++octave) {
      const double at = bottom_ - octave_ * (octave - y_.first);
      line({kLeft, at, right, at, kGrid, 1});
      label(kLeft - 10, at + 4, power_of_two(octave)).set("text-anchor", "end");
    }
    line({kLeft, kTop, kLeft, bottom_, kInk, 1});
    line({kLeft, bottom_, right, bottom_, kInk, 1});
    label((kLeft + right) / 2, bottom_ + 46, "Arithmetic intensity (FLOP per byte)")
        .set("text-anchor", "middle");
    const double middle = (kTop + bottom_) / 2;
    label(24, middle, "Performance of one thread (GFLOP/s)")
        .set("text-anchor", "middle")
        .set("transform", fmt::format("rotate(-90 24 {})", middle));
  }

  // Text that rises at 45 degrees, with a white rim that separates the letters from the grid.
  void label_along(double left, double base, const std::string& text) {
    label(left, base, text)
        .set("fill", std::string(kFaint))
        .set("stroke", "#ffffff")
        .set("stroke-width", 3)
        .set("paint-order", "stroke")
        .set("transform", fmt::format("rotate(-45 {:.2f} {:.2f})", left, base));
  }

  // The line of a bandwidth ends at the peak, and its label runs along it.
  void draw_limits() {
    const double right = kLeft + kPlotWidth;
    const double top = y(roofline_.peak_gflops);
    double ridge = right;
    for (const MemoryBandwidth& memory : roofline_.bandwidth) {
      const double x2 = x(ridge_of(roofline_, memory));
      ridge = std::min(ridge, x2);
      const double length = std::min(x2 - kLeft, bottom_ - top);
      if (length <= 0) continue;
      line({x2 - length, top + length, x2, top, kFaint, 1.5});
      // Lines of similar limits must not run through each other's labels, so the first label stands
      // above its line.
      const bool is_first = &memory == &roofline_.bandwidth.front();
      const double aside = is_first ? -4 : 12;
      const double along = 30;
      label_along(x2 - length + along + aside, top + length - along + aside,
                  fmt::format("{} {:.0f} GB/s", memory.level, memory.bytes_per_second / 1e9));
    }
    line({std::clamp(ridge, kLeft, right), top, right, top, kInk, 2});
    label(right, top - 8, fmt::format("FMA peak {:.0f} GFLOP/s", roofline_.peak_gflops))
        .set("text-anchor", "end");
  }

  std::size_t number_of(const std::string& name) const {
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
  }

  // A disc for forward and a square for backward, with the number inside.
  void draw_marker(double at_x, double at_y, RooflinePhase phase, std::size_t number) {
    SvgElement& shape = picture_.add(phase == RooflinePhase::forward ? "circle" : "rect");
    if (phase == RooflinePhase::forward) {
      shape.set("cx", at_x).set("cy", at_y).set("r", kMarker);
    } else {
      shape.set("x", at_x - kMarker).set("y", at_y - kMarker);
      shape.set("width", 2 * kMarker).set("height", 2 * kMarker);
    }
    shape.set("fill", color_of(number)).set("stroke", "#ffffff").set("stroke-width", 1.5);
    label(at_x, at_y + 4, fmt::format("{}", number + 1))
        .set("fill", "#ffffff")
        .set("font-size", 11)
        .set("font-weight", "bold")
        .set("text-anchor", "middle");
  }

  void draw_points(RooflinePhase phase) {
    for (const RooflinePoint& point : roofline_.points) {
      if (point.phase != phase) continue;
      draw_marker(x(point.intensity), y(point.gflops), phase, number_of(point.name));
    }
  }

  void draw_legend() {
    double row = kTop + 12;
    label(kLegendLeft, row, "GFLOP/s (of peak)").set("font-weight", "bold");
    label(kForwardRight, row, "forward \u25cf").set("text-anchor", "end");
    label(kBackwardRight, row, "backward \u25a0").set("text-anchor", "end");
    for (std::size_t number = 0; number < names_.size(); ++number) {
      row += kRowHeight;
      label(kLegendLeft, row, fmt::format("{}", number + 1))
          .set("fill", color_of(number))
          .set("font-weight", "bold");
      label(kLegendLeft + 24, row, shortened(names_[number], kLegendColumns));
    }
    for (const RooflinePoint& point : roofline_.points) {
      const auto rows = static_cast<double>(number_of(point.name) + 1);
      label(point.phase == RooflinePhase::forward ? kForwardRight : kBackwardRight,
            kTop + 12 + rows * kRowHeight,
            fmt::format("{:.0f} ({:.0f} %)", point.gflops, 100 * point.peak_fraction))
          .set("text-anchor", "end");
    }
  }
};

}  // namespace

std::string draw_roofline(const Roofline& roofline) { return RooflineDrawing(roofline).draw(); }

}  // namespace lockstep

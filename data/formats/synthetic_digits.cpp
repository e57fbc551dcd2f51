#include "data/formats/synthetic_digits.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/core/random.hpp"

namespace lockstep {
namespace {

constexpr double kSide = 28;     // pixels: the size of image that the lengths below refer to
constexpr double kGlyph = 20.0;  // pixels: the width of a glyph's unit square before it is scaled
constexpr std::uint64_t kKey = 0x4c6f636b73746570;  // fixed: the set is data, not an experiment

struct Point {
  double x;  // to the right
  double y;  // down
};

using Stroke = std::vector<Point>;
using Glyph = std::vector<Stroke>;

/// Part of an ellipse in steps of 30 degrees: 0 is right, 3 down, 6 left, 9 up.
struct Arc {
  Point centre;
  Point radius;
  int first;
  int last;
};

Stroke arc(const Arc& arc) {
  constexpr double kHalfRoot3 = 0.8660254037844386;
  constexpr std::array<double, 12> kCosine = {1,  kHalfRoot3,  0.5,  0, -0.5, -kHalfRoot3,
                                              -1, -kHalfRoot3, -0.5, 0, 0.5,  kHalfRoot3};
  Stroke stroke;
  for (int i = arc.first; i <= arc.last; ++i) {
    const double cosine = kCosine[static_cast<std::size_t>(i % 12)];
    const double sine = kCosine[static_cast<std::size_t>((i + 9) % 12)];
    stroke.push_back({arc.centre.x + arc.radius.x * cosine, arc.centre.y + arc.radius.y * sine});
  }
  return stroke;
}

Stroke joined(Stroke first, const Stroke& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// The strokes of 0 to 9 in the unit square.
std::array<Glyph, 10> glyphs() {
  return {{
      {arc({{0.5, 0.5}, {0.28, 0.42}, 0, 12})},
      {{{0.35, 0.25}, {0.55, 0.08}, {0.55, 0.92}}},
      {joined(arc({{0.5, 0.3}, {0.26, 0.22}, 6, 13}), {{0.24, 0.92}, {0.78, 0.92}})},
      {joined(arc({{0.47, 0.29}, {0.25, 0.21}, 7, 15}), arc({{0.47, 0.71}, {0.28, 0.21}, 9, 17}))},
      {{{0.62, 0.92}, {0.62, 0.08}, {0.2, 0.65}, {0.82, 0.65}}},
      {joined({{0.74, 0.08}, {0.32, 0.08}, {0.28, 0.46}},
              arc({{0.48, 0.66}, {0.27, 0.26}, 8, 17}))},
      {{{0.68, 0.08}, {0.42, 0.3}, {0.27, 0.58}}, arc({{0.5, 0.68}, {0.25, 0.24}, 6, 18})},
      {{{0.22, 0.08}, {0.78, 0.08}, {0.42, 0.92}}},
      {arc({{0.5, 0.28}, {0.21, 0.2}, 0, 12}), arc({{0.5, 0.71}, {0.26, 0.22}, 0, 12})},
      {arc({{0.5, 0.32}, {0.25, 0.24}, 0, 12}), {{0.75, 0.34}, {0.7, 0.62}, {0.55, 0.92}}},
  }};
}

/// Uniform numbers for one sample, in the order in which they are asked for.
class Draws {
 public:
  Draws(const RandomStream& stream, Index sample)
      : stream_(stream), sample_(static_cast<std::uint64_t>(sample)) {}

  std::uint32_t word() {
    if (used_ == words_.size()) {
      words_ = stream_.words(block_++, static_cast<std::uint32_t>(sample_),
                             static_cast<std::uint32_t>(sample_ >> 32U), 0);
      used_ = 0;
    }
    return words_[used_++];
  }

  /// In [low, high).
  double between(double low, double high) {
    constexpr double kOneOver2To32 = 0x1p-32;
    return low + (high - low) * (static_cast<double>(word()) * kOneOver2To32);
  }

 private:
  const RandomStream& stream_;
  std::uint64_t sample_;
  std::uint32_t block_ = 0;
  std::array<std::uint32_t, 4> words_{};
  std::size_t used_ = 4;
};

/// One writer's hand: an affine map from the unit square to pixels.
struct Hand {
  double xx, xy, yx, yy;  // pixels a unit
  Point centre;           // pixels

  Point operator()(Point p) const {
    const double u = p.x - 0.5;
    const double v = p.y - 0.5;
    return {centre.x + xx * u + xy * v, centre.y + yx * u + yy * v};
  }
};

Hand draw_hand(Draws& draws, double side) {
  const double glyph = kGlyph * (side / kSide);
  const double width = glyph * draws.between(0.7, 1.1);
  const double height = glyph * draws.between(0.75, 1.1);
  const double slant = draws.between(-0.3, 0.3);
  // The tangent of half the angle is drawn, so that no sine is needed. The largest angle is about
  // 17 degrees.
  const double half = draws.between(-0.15, 0.15);
  const double cosine = (1 - half * half) / (1 + half * half);
  const double sine = 2 * half / (1 + half * half);
  const double middle = side / 2;
  const double pixel = side / kSide;
  const Point centre{middle + draws.between(-3 * pixel, 3 * pixel),
                     middle + draws.between(-2.5 * pixel, 2.5 * pixel)};
  // rotation * slant * scale
  return {.xx = cosine * width,
          .xy = (-cosine * slant - sine) * height,
          .yx = sine * width,
          .yy = (cosine - sine * slant) * height,
          .centre = centre};
}

double distance(Point p, Point a, Point b) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double length = dx * dx + dy * dy;
  const double along = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0;
  const double t = std::clamp(along, 0.0, 1.0);
  const double ex = p.x - (a.x + t * dx);
  const double ey = p.y - (a.y + t * dy);
  return std::sqrt(ex * ex + ey * ey);
}

/// Coverage of each pixel by ink, 0 to 1.
class Sheet {
 public:
  explicit Sheet(Index side) : side_(side), coverage_(static_cast<std::size_t>(side * side)) {}

  void draw(Point a, Point b, double half_width) {
    const double reach = half_width + 1;
    const Index top = pixel(std::min(a.y, b.y) - reach);
    const Index bottom = pixel(std::max(a.y, b.y) + reach);
    const Index left = pixel(std::min(a.x, b.x) - reach);
    const Index right = pixel(std::max(a.x, b.x) + reach);
    for (Index y = top; y <= bottom; ++y) {
      for (Index x = left; x <= right; ++x) {
        const Point middle{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5};
        const double ink = std::clamp(half_width + 0.5 - distance(middle, a, b), 0.0, 1.0);
        double& old = coverage_[static_cast<std::size_t>(y * side_ + x)];
        old = std::max(old, ink);
      }
    }
  }

  std::span<const double> coverage() const { return coverage_; }

 private:
  Index side_;
  std::vector<double> coverage_;

  Index pixel(double position) const {
    return std::clamp<Index>(static_cast<Index>(position), 0, side_ - 1);
  }
};

// Ink on one channel's paper, under noise.
void print(const Sheet& sheet, double ink, Draws& draws, std::span<std::uint8_t> channel) {
  for (std::size_t i = 0; i < channel.size(); ++i) {
    const double value = ink * sheet.coverage()[i] + draws.between(-40, 40);
    channel[i] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
  }
}

void draw_digit(const Glyph& glyph, Index side, Draws& draws, std::span<std::uint8_t> image) {
  const Hand hand = draw_hand(draws, static_cast<double>(side));
  const double half_width = draws.between(0.7, 1.6) * (static_cast<double>(side) / kSide);
  double ink = draws.between(140, 255);
  Sheet sheet(side);
  for (const Stroke& stroke : glyph) {
    std::vector<Point> points;
    for (const Point& p : stroke) {
      constexpr double kTremor = 0.03;
      points.push_back(
          hand({p.x + draws.between(-kTremor, kTremor), p.y + draws.between(-kTremor, kTremor)}));
    }
    for (std::size_t i = 1; i < points.size(); ++i) {
      sheet.draw(points[i - 1], points[i], half_width);
    }
  }
  const auto pixels = static_cast<std::size_t>(side * side);
  for (std::size_t first = 0; first < image.size(); first += pixels) {
    if (first > 0) ink = draws.between(140, 255);
    print(sheet, ink, draws, image.subspan(first, pixels));
  }
}

}  // namespace

ImageSet synthetic_digits(const SyntheticRequest& request) {
  assert(request.count > 0 && request.channels > 0 && request.side > 0);
  const std::array<Glyph, 10> shapes = glyphs();
  const std::string_view part = request.part == DataPart::train ? "train" : "test";
  const RandomStream stream(kKey, {"synthetic", part});
  const auto count = static_cast<std::size_t>(request.count);
  const Shape shape{request.channels, request.side, request.side};
  const auto size = static_cast<std::size_t>(shape.size());
  std::vector<std::uint8_t> pixels(count * size);
  std::vector<std::uint8_t> labels(count);
  for (std::size_t i = 0; i < count; ++i) {
    Draws draws(stream, static_cast<Index>(i));
    const std::uint32_t high = draws.word();
    const std::uint32_t low = draws.word();
    labels[i] = static_cast<std::uint8_t>(bounded(high, low, shapes.size()));
    draw_digit(shapes[labels[i]], request.side, draws, std::span(pixels).subspan(i * size, size));
  }
  return ImageSet({.name = "synthetic",
                   .origin = "drawn",
                   .sample_shape = shape,
                   .pixels = std::move(pixels),
                   .labels = std::move(labels),
                   .classes = static_cast<Index>(shapes.size())});
}

}  // namespace lockstep

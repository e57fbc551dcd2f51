#pragma once

// The settings kernel, stride and padding, and the number of positions of a window. Shared by the
// convolution and pooling layers of this folder.

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/core/error.hpp"
#include "framework/core/settings.hpp"
#include "framework/kernels/window.hpp"
#include "framework/layers/layer.hpp"

namespace lockstep {

inline constexpr SettingsReader::Bounds kKernelBounds{.low = 1, .high = 4096};
inline constexpr SettingsReader::Bounds kPaddingBounds{.low = 0, .high = 4096};

inline Extent2d to_extent(std::pair<std::int64_t, std::int64_t> pair) {
  return {.rows = static_cast<std::size_t>(pair.first),
          .columns = static_cast<std::size_t>(pair.second)};
}

/// The window of a convolution: stride 1 and padding 0 by default.
inline Window read_convolution_window(SettingsReader& settings) {
  return {.kernel = to_extent(settings.pair("kernel", kKernelBounds)),
          .stride = to_extent(settings.pair_or("stride", kKernelBounds, {1, 1})),
          .padding = to_extent(settings.pair_or("padding", kPaddingBounds, {0, 0}))};
}

/// The window of a pooling layer: by default the stride is the kernel's size and the padding is 0.
/// @throws Error (usage) if the padding exceeds half the kernel: a window could miss the image
inline Window read_pooling_window(SettingsReader& settings) {
  const auto kernel = settings.pair("kernel", kKernelBounds);
  const auto stride = settings.pair_or("stride", kKernelBounds, kernel);
  const auto padding = settings.pair_or("padding", kPaddingBounds, {0, 0});
  if (padding.first * 2 > kernel.first || padding.second * 2 > kernel.second) {
    throw settings.error_at(
        "padding", fmt::format("must be at most half the kernel of [{}, {}], but is [{}, {}]",
                               kernel.first, kernel.second, padding.first, padding.second));
  }
  return {.kernel = to_extent(kernel), .stride = to_extent(stride), .padding = to_extent(padding)};
}

/// Pooling that a kernel can do itself: adjacent windows of 2 x 2.
inline std::optional<Epilogue> pooling_epilogue(const Window& window, Pooling pooling) {
  constexpr Extent2d kSide{.rows = 2, .columns = 2};
  constexpr Extent2d kNone{.rows = 0, .columns = 0};
  if (window.kernel != kSide || window.stride != kSide || window.padding != kNone) return {};
  return Epilogue{.pooling = pooling};
}

/// One axis of an image and of the window that slides along it.
struct WindowAxis {
  std::string_view name;  // "rows"
  std::size_t size;
  std::size_t kernel;
  std::size_t stride;
  std::size_t padding;

  /// The number of positions of the window.
  /// @throws Error (usage) if the kernel does not fit
  Index count() const {
    if (kernel <= size + 2 * padding) {
      return static_cast<Index>(window_count(size, kernel, stride, padding));
    }
    throw Error(errors::kLayerInput,
                fmt::format("the kernel of {0} {1} does not fit the padded input of {2} {1} "
                            "({3} + 2*{4} = {2}); use a smaller kernel or more padding.",
                            kernel, name, size + 2 * padding, size, padding));
  }

  /// "(28 + 2*0 - 5)/1 + 1 = 24"
  ShapeArithmetic arithmetic() const {
    const bool exact = (size + 2 * padding - kernel) % stride == 0;
    const std::string quotient = fmt::format("({} + 2*{} - {})/{}", size, padding, kernel, stride);
    return {.extent = std::string(name),
            .formula = fmt::format("{} + 1 = {}",
                                   exact ? quotient : fmt::format("floor({})", quotient), count())};
  }
};

inline WindowAxis window_rows(const WindowedImage& input) {
  const Window& window = input.window;
  return {.name = "rows",
          .size = input.image.rows,
          .kernel = window.kernel.rows,
          .stride = window.stride.rows,
          .padding = window.padding.rows};
}

inline WindowAxis window_columns(const WindowedImage& input) {
  const Window& window = input.window;
  return {.name = "columns",
          .size = input.image.columns,
          .kernel = window.kernel.columns,
          .stride = window.stride.columns,
          .padding = window.padding.columns};
}

/// (channels, positions of the window along rows, and along columns).
/// @throws Error (usage) if the kernel does not fit
inline Shape window_output(const WindowedImage& input, Index channels) {
  return Shape{channels, window_rows(input).count(), window_columns(input).count()};
}

inline std::vector<ShapeArithmetic> window_arithmetic(const WindowedImage& input) {
  return {window_rows(input).arithmetic(), window_columns(input).arithmetic()};
}

}  // namespace lockstep

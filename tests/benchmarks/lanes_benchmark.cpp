// Passes over activations: pooling, softmax, pixels into lanes. LeNet-5's sizes, 64 samples.

#include <vector>

#include "framework/kernels/activation.hpp"
#include "framework/kernels/pixels_to_lanes.hpp"
#include "framework/kernels/pool2d.hpp"
#include "framework/kernels/softmax.hpp"
#include "tests/benchmarks/lanes.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kBlocks = 4;
constexpr std::size_t kSamples = kBlocks * kLanes;
constexpr std::size_t kClasses = 10;
constexpr WindowedImage kPooled{.image = {6, 24, 24},
                                .window = {.kernel = {2, 2}, .stride = {2, 2}}};
constexpr std::size_t kInputs = 6 * 24 * 24;
constexpr std::size_t kOutputs = 6 * 12 * 12;

void average_pool2d_forward(benchmark::State& state) {
  Lanes input(kInputs, kBlocks);
  Lanes output(kOutputs, kBlocks);
  for ([[maybe_unused]] auto _ : state) {
    lockstep::average_pool2d_forward(kPooled,
                                     {.input = input.blocked(), .output = output.blocked()});
  }
  count_bytes(state, (kInputs + kOutputs) * kSamples * sizeof(float));
}

void average_pool2d_backward(benchmark::State& state) {
  Lanes input(kInputs, kBlocks);
  Lanes output(kOutputs, kBlocks);
  for ([[maybe_unused]] auto _ : state) {
    lockstep::average_pool2d_backward(
        kPooled, {.output_gradient = output.blocked(), .input_gradient = input.blocked()});
  }
  count_bytes(state, (kInputs + kOutputs) * kSamples * sizeof(float));
}

void max_pool2d_forward(benchmark::State& state) {
  Lanes input(kInputs, kBlocks);
  Lanes output(kOutputs, kBlocks);
  Lanes winners(kOutputs, kBlocks);
  for ([[maybe_unused]] auto _ : state) {
    lockstep::max_pool2d_forward(kPooled, {.input = input.blocked(), .output = output.blocked()},
                                 winners.blocked());
  }
  count_bytes(state, (kInputs + 2 * kOutputs) * kSamples * sizeof(float));
}

void max_pool2d_backward(benchmark::State& state) {
  Lanes input(kInputs, kBlocks);
  Lanes output(kOutputs, kBlocks);
  Lanes winners(kOutputs, kBlocks);
  lockstep::max_pool2d_forward(kPooled, {.input = input.blocked(), .output = output.blocked()},
                               winners.blocked());
  for ([[maybe_unused]] auto _ : state) {
    lockstep::max_pool2d_backward(
        kPooled, {.output_gradient = output.blocked(), .input_gradient = input.blocked()},
        winners.blocked());
  }
  count_bytes(state, (kInputs + 2 * kOutputs) * kSamples * sizeof(float));
}

void tanh_forward(benchmark::State& state) {
  Lanes input(kOutputs, kBlocks);
  Lanes output(kOutputs, kBlocks);
  for ([[maybe_unused]] auto _ : state) {
    lockstep::tanh_forward({.input = input.blocked(), .output = output.blocked()});
  }
  count_bytes(state, 2 * kOutputs * kSamples * sizeof(float));
}

void softmax_cross_entropy(benchmark::State& state) {
  Lanes logits(kClasses, kBlocks);
  Lanes gradient(kClasses, kBlocks);
  const std::vector<std::uint8_t> labels(kSamples, 3);
  std::vector<float> losses(kSamples);
  for ([[maybe_unused]] auto _ : state) {
    lockstep::softmax_cross_entropy({.logits = logits.whole(),
                                     .labels = labels,
                                     .label_smoothing = 0.1F,
                                     .gradient = gradient.whole(),
                                     .losses = losses});
  }
  count_bytes(state, (2 * kClasses + 1) * kSamples * sizeof(float));
}

void bytes_to_lanes(benchmark::State& state) {
  constexpr std::size_t kPixels = 784;
  const std::vector<std::uint8_t> image(kPixels, 100);
  Lanes output(kPixels, 1);
  PixelsToLanes<std::uint8_t> arguments{.images = {},
                                        .pixels = kPixels,
                                        .factor = 0.01F,
                                        .offset = -0.5F,
                                        .output = output.blocked().data,
                                        .stride = kLanes};
  arguments.images.fill(image.data());
  for ([[maybe_unused]] auto _ : state) lockstep::pixels_to_lanes(arguments);
  count_bytes(state, kPixels * kLanes * (1 + sizeof(float)));
}

BENCHMARK(average_pool2d_forward);
BENCHMARK(average_pool2d_backward);
BENCHMARK(max_pool2d_forward);
BENCHMARK(max_pool2d_backward);
BENCHMARK(tanh_forward);
BENCHMARK(softmax_cross_entropy);
BENCHMARK(bytes_to_lanes);

}  // namespace
}  // namespace lockstep

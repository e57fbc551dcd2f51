// Passes over flat buffers: sums of gradients and optimizers, as many floats as LeNet-5 has.

#include "framework/kernels/buffers.hpp"
#include "framework/kernels/reduce.hpp"
#include "tests/benchmarks/lanes.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kFloats = 44426;

void add_buffers(benchmark::State& state) {
  const AlignedBuffer<float> left = filled_buffer(kFloats);
  const AlignedBuffer<float> right = filled_buffer(kFloats);
  AlignedBuffer<float> sum(kFloats);
  for ([[maybe_unused]] auto _ : state)
    lockstep::add_buffers(left.span(), right.span(), sum.span());
  count_bytes(state, 3 * kFloats * sizeof(float));
}

void sgd_update(benchmark::State& state) {
  AlignedBuffer<float> values = filled_buffer(kFloats);
  AlignedBuffer<float> momentum(kFloats);
  const AlignedBuffer<float> gradient = filled_buffer(kFloats);
  for ([[maybe_unused]] auto _ : state) {
    lockstep::sgd_update({.values = values.span(),
                          .gradient = gradient.span(),
                          .momentum_buffer = momentum.span(),
                          .learning_rate = 1e-9F,
                          .weight_decay = 0,
                          .momentum = 0.9F,
                          .nesterov = true});
  }
  count_bytes(state, 5 * kFloats * sizeof(float));
}

void adam_update(benchmark::State& state) {
  AlignedBuffer<float> values = filled_buffer(kFloats);
  AlignedBuffer<float> first(kFloats);
  AlignedBuffer<float> second(kFloats);
  const AlignedBuffer<float> gradient = filled_buffer(kFloats);
  for ([[maybe_unused]] auto _ : state) {
    lockstep::adam_update({.values = values.span(),
                           .gradient = gradient.span(),
                           .first_moment = first.span(),
                           .second_moment = second.span(),
                           .learning_rate = 1e-9F,
                           .root = 1,
                           .weight_decay = 0,
                           .beta1 = 0.9F,
                           .beta2 = 0.999F,
                           .rest1 = 0.1F,
                           .rest2 = 0.001F,
                           .epsilon = 1e-8F});
  }
  count_bytes(state, 7 * kFloats * sizeof(float));
}

BENCHMARK(add_buffers);
BENCHMARK(sgd_update);
BENCHMARK(adam_update);

}  // namespace
}  // namespace lockstep

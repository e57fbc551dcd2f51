#include "framework/kernels/dense.hpp"

#include "tests/benchmarks/lanes.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kBlocks = 4;

/// A dense layer of a micro-batch with all its memory.
struct Dense {
  explicit Dense(const benchmark::State& state)
      : inputs(static_cast<std::size_t>(state.range(0))),
        outputs(static_cast<std::size_t>(state.range(1))) {}

  std::size_t inputs;
  std::size_t outputs;
  Lanes input{inputs, kBlocks};
  Lanes input_gradient{inputs, kBlocks};
  Lanes output{outputs, kBlocks};
  Lanes output_gradient{outputs, kBlocks};
  AlignedBuffer<float> weight = filled_buffer(inputs * outputs);
  AlignedBuffer<float> weight_gradient{inputs * outputs};
  AlignedBuffer<float> bias = filled_buffer(outputs);
  AlignedBuffer<float> bias_gradient{outputs};
  AlignedBuffer<float> scratch{dense_scratch({inputs, outputs, kBlocks* kLanes})};

  double operations() const {
    return 2.0 * static_cast<double>(inputs * outputs * kBlocks * kLanes);
  }
};

void dense_forward(benchmark::State& state) {
  Dense dense(state);
  for ([[maybe_unused]] auto _ : state) {
    lockstep::dense_forward(Activation::relu, {.input = dense.input.whole(),
                                               .weight = dense.weight.span(),
                                               .bias = dense.bias.span(),
                                               .output = dense.output.whole()});
  }
  count_operations(state, dense.operations());
}

void dense_backward(benchmark::State& state) {
  Dense dense(state);
  for ([[maybe_unused]] auto _ : state) {
    lockstep::dense_backward(Activation::relu, {.input = dense.input.whole(),
                                                .output = dense.output.whole(),
                                                .output_gradient = dense.output_gradient.whole(),
                                                .weight = dense.weight.span(),
                                                .weight_gradient = dense.weight_gradient.span(),
                                                .bias_gradient = dense.bias_gradient.span(),
                                                .input_gradient = dense.input_gradient.whole(),
                                                .scratch = dense.scratch.span()});
  }
  count_operations(state, 2 * dense.operations());
}

/// LeNet-5's three.
void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({256, 120})->Args({120, 84})->Args({84, 10});
}

BENCHMARK(dense_forward)->Apply(sizes);
BENCHMARK(dense_backward)->Apply(sizes);

}  // namespace
}  // namespace lockstep

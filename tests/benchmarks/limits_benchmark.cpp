// What the others are to be compared with, in the same run.

#include "framework/kernels/machine_limits.hpp"

#include "tests/benchmarks/lanes.hpp"

namespace lockstep {
namespace {

void fma_peak(benchmark::State& state) {
  constexpr std::size_t kRounds = 10000;
  double operations = 0;
  for ([[maybe_unused]] auto _ : state) operations = run_fused_multiply_adds(kRounds).operations;
  count_operations(state, operations);
}

void triad(benchmark::State& state) {
  const auto floats = static_cast<std::size_t>(state.range(0));
  const AlignedBuffer<float> addend = filled_buffer(floats);
  const AlignedBuffer<float> input = filled_buffer(floats);
  AlignedBuffer<float> output(floats);
  for ([[maybe_unused]] auto _ : state) {
    run_triad(
        {.addend = addend.span(), .input = input.span(), .factor = 0.5F, .output = output.span()});
  }
  count_bytes(state, 3 * floats * sizeof(float));
}

BENCHMARK(fma_peak);
BENCHMARK(triad)->Arg(1 << 11)->Arg(1 << 15)->Arg(1 << 24);  // 24 KiB, 384 KiB, 192 MiB

}  // namespace
}  // namespace lockstep

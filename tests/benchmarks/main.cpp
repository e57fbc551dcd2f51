#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "framework/core/parallel.hpp"
#include "framework/kernels/isa.hpp"

int main(int argc, char** argv) try {
  const char* const isa = std::getenv("LOCKSTEP_ISA");
  lockstep::apply_isa_setting(isa == nullptr ? "" : isa);
  lockstep::use_default_arithmetic();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("instruction set", lockstep::current_isa());
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "benchmark_kernels: %s\n", error.what());
  return 2;
}

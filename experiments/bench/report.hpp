#pragma once

#include <string>
#include <vector>

#include "experiments/bench/layer_benchmark.hpp"
#include "experiments/bench/memory_bandwidth.hpp"
#include "experiments/bench/throughput_benchmark.hpp"
#include "experiments/text/report_lines.hpp"

namespace lockstep {

/// The findings of `bench`.
struct BenchResults {
  std::string experiment;
  std::string host;
  std::string isa;
  int allowed_cores = 1;  ///< by the affinity mask
  int cores = 1;          ///< of the machine
  int threads = 1;        ///< the largest number that was measured
  Index batch_size = 0;
  Index micro_batch = 0;
  Measured peak_gflops{};    ///< of one thread
  double peak_drop = 0;      ///< see Stopwatch
  double waiting_share = 0;  ///< likewise
  LayerBenchmark layers{};
  std::vector<Throughput> training{};   ///< the experiment's batch on 1 and on `threads` threads
  std::vector<Throughput> inference{};  ///< includes the training batch, on both numbers of threads
  Measured latency{};                   ///< seconds
  std::vector<MemoryBandwidth> bandwidth{};  ///< measured only for the roofline picture
};

/// At most 100 columns.
std::vector<ReportLine> bench_lines(const BenchResults& results);

/// The object of --json.
std::string bench_json(const BenchResults& results);

/// A picture of each layer and phase below the limits of the machine, as SVG.
std::string bench_roofline(const BenchResults& results);

}  // namespace lockstep

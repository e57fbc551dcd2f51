#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "experiments/bench/report.hpp"
#include "experiments/program/command.hpp"
#include "experiments/program/experiment_file.hpp"
#include "experiments/program/launch.hpp"
#include "experiments/text/clock.hpp"
#include "experiments/workbench/workbench.hpp"
#include "framework/core/error.hpp"
#include "framework/kernels/isa.hpp"
#include "framework/storage/files/atomic_file.hpp"

namespace lockstep {
namespace {

constexpr int kMostBatch = 1 << 24;
// What other processes, or other guests of the same machine, may take before a warning.
constexpr double kVisibleDrop = 0.3;     // of the peak
constexpr double kVisibleWaiting = 0.1;  // of the time

/// Shows on stderr what is being measured: on a terminal as one line that is redrawn, otherwise one
/// line for each kind of measurement.
class BenchProgress {
 public:
  explicit BenchProgress(const CommandContext& context)
      : console_(context.console), quiet_(context.options.quiet) {}
  ~BenchProgress() {
    if (is_open_) console_.redraw("");
  }
  BenchProgress(const BenchProgress&) = delete;
  BenchProgress& operator=(const BenchProgress&) = delete;

  void measuring(const std::string& kind, const std::string& details = "") {
    if (quiet_) return;
    if (console_.redraws()) {
      console_.redraw(fmt::format("measuring {}{}", kind, details));
      is_open_ = true;
    } else if (kind != kind_) {
      console_.remark(fmt::format("measuring {}", kind));
    }
    kind_ = kind;
  }

 private:
  const Console& console_;
  bool quiet_;
  bool is_open_ = false;
  std::string kind_;
};

// 1, 2, 4, ... and the most.
std::vector<int> thread_counts(int most) {
  std::vector<int> counts;
  for (int threads = 1; threads < most; threads *= 2) counts.push_back(threads);
  counts.push_back(most);
  return counts;
}

// Checked before the measurements, which would otherwise be lost.
void check_writable(const std::filesystem::path& file) {
  if (std::filesystem::is_directory(file)) {
    throw Error(errors::kNoFile,
                fmt::format("The picture cannot be written to {}, which is a folder; name a file "
                            "with --roofline.",
                            file.string()));
  }
  const WriteOptions options;
  const AtomicFile trial(file, options);
}

class BenchCommand final : public Command {
 public:
  std::string_view name() const override { return "bench"; }
  std::string_view summary() const override {
    return "Time per layer and images per second, against the measured peak of this machine";
  }
  int place() const override { return 32; }
  std::vector<std::string_view> examples() const override {
    return {"bench experiments/lenet5_mnist.yaml --batch 64,256",
            "bench experiments/lenet5_mnist.yaml --roofline roofline.svg"};
  }
  std::vector<std::string_view> refused() const override {
    return {"bench", "bench a.yaml --batch 0", "bench a.yaml --windows many"};
  }
  std::string_view notes() const override {
    return "Figures are medians of windows of time. The peak, fused multiply-adds and nothing "
           "else, is measured right before each window, on as many threads. Training is whole "
           "steps: assembly, passes, sum, update, digest. Nothing is recorded.";
  }
  void add_options(OptionList& list) override {
    list.argument("EXPERIMENT", file_, "Experiment file (YAML)");
    list.overrides(overrides_, "key.path=value");
    list.counts({"--batch", "B,..."}, kMostBatch, batches_,
                "Batch sizes beside the experiment's (default 64,256,512,1024)");
    list.count({"--windows", "N"}, 1000, windows_, "Windows of each figure (default 41)");
    list.text({"--roofline", "FILE.svg"}, roofline_,
              "Draw the layers below the limits of processor and memory");
  }

  int run(const CommandContext& context) override {
    fail_together(context.communicator(), [&] {
      if (context.session.size() == 1) return;
      throw Error(errors::kLaunch,
                  fmt::format("bench measures one process, but was started on {} ranks; start it "
                              "without mpirun, or with one rank.",
                              context.session.size()));
    });
    const ExperimentConfig config = read_experiment(file_, overrides_);
    const auto graph = build_graph(config.model);
    const Workbench bench = load_training_data(context, config, *graph, DataParts::training);
    if (!roofline_.empty()) check_writable(roofline_);
    tell_launch(context);
    const BenchResults results = measure(context, config, *graph, *bench.splits.train);
    report(context.console, results);
    return 0;
  }

 private:
  std::string file_;
  std::vector<std::string> overrides_;
  std::vector<int> batches_;
  int windows_ = 41;
  std::string roofline_;

  BenchResults measure(const CommandContext& context, const ExperimentConfig& config,
                       const Graph& graph, const Dataset& dataset) const {
    Stopwatch stopwatch({.windows = windows_,
                         .clock = seconds_now,
                         .cpu_clock = cpu_seconds_now,
                         .peak = measure_peak});
    const auto loss = make_loss(config.loss);
    const ThroughputBenchmark throughput{graph, dataset, *loss, stopwatch};
    const std::vector<Index> batches = batch_sizes(config.train.batch_size, dataset.size());
    BenchProgress progress(context);
    BenchResults results = conditions(context, config);
    progress.measuring("layers");
    results.layers = measure_layers(config, graph, dataset, stopwatch);
    progress.measuring("one image");
    results.latency = measure_latency(throughput);
    for (const Index batch : batches) {
      const ExperimentConfig changed = with_batch(config, batch);
      for (const int threads : thread_counts(context.threads())) {
        progress.measuring("throughput", fmt::format(": batch {}, threads {}", batch, threads));
        results.training.push_back(measure_training(throughput, changed, threads));
        results.inference.push_back(measure_inference(throughput, batch, threads));
      }
    }
    if (!roofline_.empty()) {
      progress.measuring("memory");
      results.bandwidth = measure_memory_bandwidth();
    }
    results.peak_gflops = stopwatch.peak_gflops();
    results.peak_drop = stopwatch.peak_drop();
    results.waiting_share = stopwatch.waiting_share();
    return results;
  }

  static BenchResults conditions(const CommandContext& context, const ExperimentConfig& config) {
    return {.experiment = config.name,
            .host = context.session.host_name(),
            .isa = current_isa(),
            .allowed_cores = available_threads(),
            .cores = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)),
            .threads = context.threads(),
            .batch_size = config.train.batch_size,
            .micro_batch = config.train.micro_batch};
  }

  // The experiment's batch size and the other ones, in order. Sizes of the default list are left
  // out if the data set has too few samples for them.
  std::vector<Index> batch_sizes(Index own, Index samples) const {
    std::vector<Index> sizes{own};
    for (const Index batch : {64, 256, 512, 1024}) {
      if (batches_.empty() && batch <= samples) sizes.push_back(batch);
    }
    for (const Index batch : batches_) {
      if (batch > samples) {
        throw Error(errors::kOptionValue,
                    fmt::format("--batch: expected at most {}, the number of training samples, but "
                                "found {}; ask for smaller batches or take a larger data set.",
                                samples, batch));
      }
      sizes.push_back(batch);
    }
    std::sort(sizes.begin(), sizes.end());
    sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
    return sizes;
  }

  // What `train` would do with this batch size: micro-batches follow it unless the experiment fixes
  // them.
  ExperimentConfig with_batch(const ExperimentConfig& config, Index batch) const {
    if (batch == config.train.batch_size) return config;
    std::vector<std::string> overrides = overrides_;
    overrides.push_back(fmt::format("train.batch_size={}", batch));
    return read_experiment(file_, overrides);
  }

  static void warn_about_others(const Console& console, const BenchResults& results) {
    if (results.waiting_share <= kVisibleWaiting && results.peak_drop <= kVisibleDrop) return;
    console.warning(
        fmt::format("something else takes the cores: a single thread had to wait {:.0f} % of its "
                    "time, and the FMA peak fell {:.0f} % below its best in a tenth of the "
                    "windows; measure again when the machine is idle, or go by the best windows.",
                    100 * results.waiting_share, 100 * results.peak_drop));
  }

  void report(const Console& console, const BenchResults& results) const {
    warn_about_others(console, results);
    if (!roofline_.empty()) write_text_file(roofline_, bench_roofline(results));
    console.json_object(bench_json(results));
    for (const ReportLine& line : bench_lines(results)) {
      console.result(line.is_heading ? console.bold(line.text) : line.text);
    }
    if (!roofline_.empty()) console.remark(fmt::format("drawn: {}", roofline_));
  }
};

}  // namespace

Verb bench_verb() { return std::make_unique<BenchCommand>(); }

}  // namespace lockstep

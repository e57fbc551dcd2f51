#include "experiments/bench/report.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/bench/roofline.hpp"
#include "experiments/text/figures.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMicro = 1e6;
constexpr std::size_t kNameColumns = 32;

const Throughput& at_experiments_batch(const std::vector<Throughput>& rates, Index batch,
                                       int threads) {
  const auto found = std::find_if(rates.begin(), rates.end(), [&](const Throughput& rate) {
    return rate.batch == batch && rate.threads == threads;
  });
  assert(found != rates.end());
  return *found;
}

double step_seconds_of_an_image(const BenchResults& results) {
  const Throughput& alone = at_experiments_batch(results.training, results.batch_size, 1);
  return 1 / alone.images.per_second.median;
}

std::string share(double fraction) { return fmt::format("{:.1f} %", 100 * fraction); }

std::string whole(double number) { return thousands(static_cast<Index>(number)); }

struct LayerRow {
  std::string name, phase, time, gflops, of_peak, of_step;
};

ReportLine layer_line(const LayerRow& row, bool is_heading = false) {
  return {
      fmt::format("{:<{}}  {:<8}  {:>10}  {:>9}  {:>9}  {:>9}", shortened(row.name, kNameColumns),
                  kNameColumns, row.phase, row.time, row.gflops, row.of_peak, row.of_step),
      is_heading};
}

LayerRow layer_row(const LayerTiming& layer, double seconds, double step) {
  const bool computes = layer.workload.operations > 0;
  return {.name = layer.name,
          .phase = std::string(layer.phase),
          .time = fmt::format("{:.3f}", seconds * kMicro),
          .gflops = computes ? fmt::format("{:.1f}", layer.gflops()) : "-",
          .of_peak = computes ? share(layer.peak_fraction.median) : "-",
          .of_step = share(seconds / step)};
}

LayerRow part_row(const PartTiming& part, double step) {
  return {part.name, "", fmt::format("{:.3f}", part.seconds * kMicro),
          "",        "", share(part.seconds / step)};
}

void add_layers(const BenchResults& results, std::vector<ReportLine>& lines) {
  const double step = step_seconds_of_an_image(results);
  const Throughput& alone = at_experiments_batch(results.training, results.batch_size, 1);
  lines.push_back(layer_line(
      {"layer, on one thread", "phase", "us / image", "GFLOP/s", "of peak", "of step"}, true));
  double sum = 0;
  for (const LayerTiming& layer : results.layers.layers) {
    const double seconds = layer.seconds / static_cast<double>(results.layers.samples);
    sum += seconds;
    lines.push_back(layer_line(layer_row(layer, seconds, step)));
  }
  for (const PartTiming& part : results.layers.parts) {
    sum += part.seconds;
    lines.push_back(layer_line(part_row(part, step)));
  }
  lines.push_back(layer_line(
      {"all of these", "", fmt::format("{:.3f}", sum * kMicro), "", "", share(sum / step)}));
  lines.push_back(layer_line({"whole step", "", fmt::format("{:.3f}", step * kMicro),
                              fmt::format("{:.1f}", alone.gflops),
                              share(alone.images.peak_fraction.median), share(1)}));
}

struct RateRow {
  std::string what, batch, micro_batch, threads, rate, best, gflops, of_peak;
};

ReportLine rate_line(const RateRow& row, bool is_heading = false) {
  return {
      fmt::format("{:<9}  {:>8}  {:>11}  {:>7}  {:>11}  {:>11}  {:>9}  {:>9}", row.what, row.batch,
                  row.micro_batch, row.threads, row.rate, row.best, row.gflops, row.of_peak),
      is_heading};
}

void add_rates(const std::string& what, const std::vector<Throughput>& rates,
               std::vector<ReportLine>& lines) {
  lines.push_back(rate_line(
      {what, "batch", "micro-batch", "threads", "images/s", "best", "GFLOP/s", "of peak"}, true));
  for (const Throughput& rate : rates) {
    lines.push_back(
        rate_line({"", fmt::format("{}", rate.batch), fmt::format("{}", rate.micro_batch),
                   fmt::format("{}", rate.threads), whole(rate.images.per_second.median),
                   whole(rate.images.per_second.best), fmt::format("{:.1f}", rate.gflops),
                   share(rate.images.peak_fraction.median)}));
  }
}

Json rates_json(const std::vector<Throughput>& rates) {
  Json list = Json::array();
  for (const Throughput& rate : rates) {
    list.push_back({{"batch", rate.batch},
                    {"micro_batch", rate.micro_batch},
                    {"threads", rate.threads},
                    {"images_per_second", rate.images.per_second.median},
                    {"best", rate.images.per_second.best},
                    {"gflops", rate.gflops},
                    {"peak_fraction", rate.images.peak_fraction.median},
                    {"best_peak_fraction", rate.images.peak_fraction.best}});
  }
  return list;
}

Json layers_json(const LayerBenchmark& benchmark) {
  Json list = Json::array();
  for (const LayerTiming& layer : benchmark.layers) {
    list.push_back({{"name", layer.name},
                    {"phase", layer.phase},
                    {"seconds", layer.seconds},
                    {"gflops", layer.gflops()},
                    {"peak_fraction", layer.peak_fraction.median},
                    {"best_peak_fraction", layer.peak_fraction.best},
                    {"operations", layer.workload.operations},
                    {"bytes", layer.workload.bytes}});
  }
  return list;
}

Json parts_json(const LayerBenchmark& benchmark) {
  Json list = Json::array();
  for (const PartTiming& part : benchmark.parts) {
    list.push_back({{"name", part.name}, {"seconds_per_image", part.seconds}});
  }
  return list;
}

}  // namespace

std::vector<ReportLine> bench_lines(const BenchResults& results) {
  std::vector<ReportLine> lines;
  lines.push_back({fmt::format("{}: batch {} in micro-batches of {}",
                               shortened(results.experiment, kNameColumns), results.batch_size,
                               results.micro_batch),
                   true});
  lines.push_back(
      {fmt::format("{}: {}, {} of {} may be used", shortened(results.host, kNameColumns),
                   results.isa, results.allowed_cores, count_of(results.cores, "core"))});
  lines.push_back(
      {fmt::format("FMA peak of one thread, before each window: {:.1f} GFLOP/s (best {:.1f})",
                   results.peak_gflops.median, results.peak_gflops.best)});
  lines.push_back({});
  add_layers(results, lines);
  lines.push_back({});
  add_rates("training", results.training, lines);
  lines.push_back({});
  add_rates("inference", results.inference, lines);
  lines.push_back({});
  lines.push_back({fmt::format("one image: {:.1f} us on one thread (best {:.1f})",
                               results.latency.median * kMicro, results.latency.best * kMicro)});
  return lines;
}

std::string bench_json(const BenchResults& results) {
  const Index batch = results.batch_size;
  const Throughput& training = at_experiments_batch(results.training, batch, results.threads);
  const Throughput& inference = at_experiments_batch(results.inference, batch, results.threads);
  return Json{{"experiment", results.experiment},
              {"host", results.host},
              {"isa", results.isa},
              {"allowed_cores", results.allowed_cores},
              {"cores", results.cores},
              {"threads", results.threads},
              {"batch_size", batch},
              {"micro_batch", results.micro_batch},
              {"peak_gflops", results.peak_gflops.median},
              {"peak_gflops_best", results.peak_gflops.best},
              {"peak_drop", results.peak_drop},
              {"waiting_share", results.waiting_share},
              {"layers", layers_json(results.layers)},
              {"step_parts", parts_json(results.layers)},
              {"training_images_per_second", training.images.per_second.median},
              {"inference_images_per_second", inference.images.per_second.median},
              {"inference_latency_us", results.latency.median * kMicro},
              {"training", rates_json(results.training)},
              {"inference", rates_json(results.inference)}}
      .dump(2);
}

std::string bench_roofline(const BenchResults& results) {
  Roofline picture{
      .title = fmt::format("{}: its layers below the limits of one core", results.experiment),
      .subtitle = fmt::format("{}, {}, micro-batch of {}; bytes are those of inputs, outputs, "
                              "parameters and gradients, once each",
                              results.host, results.isa, results.layers.samples),
      .peak_gflops = results.peak_gflops.median,
      .bandwidth = results.bandwidth,
      .points = {}};
  for (const LayerTiming& layer : results.layers.layers) {
    if (layer.workload.operations == 0) continue;
    picture.points.push_back(
        {.name = layer.name,
         .phase = layer.phase == "forward" ? RooflinePhase::forward : RooflinePhase::backward,
         .intensity = layer.workload.intensity(),
         .gflops = layer.gflops(),
         .peak_fraction = layer.peak_fraction.median});
  }
  return draw_roofline(picture);
}

}  // namespace lockstep

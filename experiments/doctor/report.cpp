#include "experiments/doctor/report.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/program/launch.hpp"
#include "experiments/text/figures.hpp"
#include "framework/core/build_info.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

std::string rank_row(std::string_view rank, std::string_view host, std::string_view cpus,
                     std::string_view threads, std::string_view isa) {
  constexpr std::size_t kHost = 26;
  constexpr std::size_t kCpus = 22;
  return fmt::format("{:>6}  {:<{}}  {:<{}}  {:>7}  {}", rank, shortened(host, kHost), kHost,
                     shortened(cpus, kCpus), kCpus, threads, isa);
}

void add_ranks(const JobFacts& job, std::vector<ReportLine>& lines) {
  const std::vector<int> threads = threads_of_ranks(job.placement, job.asked_threads);
  lines.push_back({rank_row("rank", "host", "CPUs", "threads", "isa"), true});
  for (int rank = 0; rank < job.placement.size(); ++rank) {
    lines.push_back(
        {rank_row(fmt::format("{}", rank), job.host(rank), cpu_list(job.placement.of(rank).cpus),
                  fmt::format("{}", threads[static_cast<std::size_t>(rank)]), job.of(rank).isa)});
  }
}

Index count(const Findings& findings, FindingLevel level) {
  return std::ranges::count(findings, level, &Finding::level);
}

std::string summary(const Findings& findings) {
  return fmt::format("{}, {}", to_change(count(findings, FindingLevel::change)),
                     count_of(count(findings, FindingLevel::note), "note"));
}

Json interfaces_json(const std::vector<NetworkInterface>& interfaces) {
  Json all = Json::array();
  for (const NetworkInterface& interface : interfaces) {
    all.push_back(
        {{"name", interface.name}, {"up", interface.is_up}, {"addresses", interface.addresses}});
  }
  return all;
}

Json ranks_json(const JobFacts& job) {
  const std::vector<int> threads = threads_of_ranks(job.placement, job.asked_threads);
  Json all = Json::array();
  for (int rank = 0; rank < job.placement.size(); ++rank) {
    const RankFacts& facts = job.of(rank);
    const Placement& place = job.placement.of(rank);
    all.push_back({{"rank", rank},
                   {"host", place.host},
                   {"cpus", cpu_list(place.cpus)},
                   {"host_cpus", place.host_cpus},
                   {"threads", threads[static_cast<std::size_t>(rank)]},
                   {"isa", facts.isa},
                   {"interfaces", interfaces_json(facts.interfaces)}});
  }
  return all;
}

Json file_system_json(const FolderFacts& folder) {
  return {{"path", folder.path},
          {"type", folder.file_system.type},
          {"free_bytes", folder.file_system.free_bytes},
          {"writable", folder.problem.empty()},
          {"locks", folder.is_kept_out},
          {"write_seconds", folder.write_seconds}};
}

Json findings_json(const Findings& findings) {
  Json all = Json::array();
  for (const Finding& finding : findings) {
    all.push_back({{"section", finding.where},
                   {"level", to_string(finding.level)},
                   {"message", finding.message}});
  }
  return all;
}

}  // namespace

std::vector<ReportLine> doctor_lines(const JobFacts& job, const Findings& findings) {
  std::vector<ReportLine> lines;
  add_ranks(job, lines);
  std::string section;
  for (const Finding& finding : findings) {
    if (finding.where != section) {
      section = finding.where;
      lines.push_back({""});
      lines.push_back({section, true});
    }
    add_wrapped(to_string(finding.level), finding.message, lines);
  }
  lines.push_back({""});
  lines.push_back({summary(findings), true});
  return lines;
}

std::string doctor_json(const JobFacts& job, const Findings& findings) {
  const BuildInfo build = build_info();
  const Json document{{"findings", findings_json(findings)},
                      {"build",
                       {{"version", build.version},
                        {"commit", build.commit},
                        {"compiler", build.compiler},
                        {"build_type", build.build_type},
                        {"arithmetic_version", kArithmeticVersion}}},
                      {"mpi", {{"library", job.mpi_library}, {"threads", job.mpi_thread_level}}},
                      {"ranks", ranks_json(job)},
                      {"file_system", file_system_json(job.of(0).folder)}};
  return document.dump(2);
}

}  // namespace lockstep

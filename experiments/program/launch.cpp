#include "experiments/program/launch.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/binding.hpp"
#include "experiments/text/figures.hpp"
#include "framework/kernels/isa.hpp"

namespace lockstep {
namespace {

std::string threads_in_words(std::span<const int> threads) {
  const auto [least, most] = std::ranges::minmax(threads);
  if (least == most) return count_of(most, "thread");
  return fmt::format("{} to {} threads", least, most);
}

// What the host could give: "2 cores for it", or "2 cores for its 4 ranks" if there are more ranks
// or they share the mask. One core for the rank is no more than one that it shares.
std::string host_in_words(const JobPlacement& job, int rank) {
  const Placement& place = job.of(rank);
  const int share = job.cpu_share(rank);
  if (share > 0 && job.ranks_of_mask(rank) == 1) {
    return fmt::format("{} for it", count_of(share, cpu_noun(place)));
  }
  return fmt::format("{} for its {}", count_of(place.host_cpus, cpu_noun(place)),
                     count_of(job.ranks_of_host(rank), "rank"));
}

std::string what_to_start(const JobPlacement& job, int rank, std::span<const char* const> words) {
  const std::string launch = better_launch(job);
  if (!launch.empty()) {
    return fmt::format("start `{} {}` with your other {} options", launch, shell_line(words),
                       launch.substr(0, launch.find(' ')));
  }
  return job.cpu_share(rank) > 0 ? "have the launcher bind each rank to as many, or to none"
                                 : "start fewer ranks there";
}

// How to say that the binding is intended; nothing, if a mask has fewer CPUs than ranks.
std::string or_else(const JobPlacement& job, int rank) {
  if (static_cast<int>(job.of(rank).cpus.size()) < job.ranks_of_mask(rank)) return "";
  return fmt::format(", or give --threads {} if that is meant", job.fair_threads(rank));
}

std::string about_starved_rank(const JobPlacement& job, int rank,
                               std::span<const char* const> words) {
  const Placement& place = job.of(rank);
  const int sharing = job.ranks_of_mask(rank);
  return fmt::format("rank {} is bound to {} of {}{}, though the host has {}: {}{}.", rank,
                     count_of(static_cast<Index>(place.cpus.size()), cpu_noun(place)), place.host,
                     sharing > 1 ? fmt::format(", which {} ranks share", sharing) : "",
                     host_in_words(job, rank), what_to_start(job, rank, words), or_else(job, rank));
}

// About threads beyond what any mask could give.
std::string about_turns(const JobPlacement& job, int rank, int asked) {
  return fmt::format(
      "--threads {} is honoured, but rank {}'s share of the cores is {}, so the threads will take "
      "turns; results stay the same bits, but times say nothing about more cores.",
      asked, rank, job.fair_threads(rank));
}

std::string about_quota(const JobPlacement& job, const Throttled& throttled) {
  const int ranks = job.ranks_of_host(throttled.rank);
  const int most = static_cast<int>(throttled.quota / ranks);
  return fmt::format(
      "the cgroup of {} allows {:.3g} CPUs' worth of time, but {} would take more and are stopped "
      "again and again: {}, or raise the limit.",
      job.of(throttled.rank).host, throttled.quota, count_of(throttled.threads, "thread"),
      most > 0    ? fmt::format("give --threads {}", most)
      : ranks > 1 ? "start fewer ranks there"
                  : "give --threads 1");
}

}  // namespace

std::string launch_line(const JobPlacement& job, std::span<const int> threads,
                        std::string_view isa) {
  return fmt::format(
      "{} x {} on {}, {}, {}", count_of(job.size(), "rank"), threads_in_words(threads),
      count_of(static_cast<Index>(job.hosts().size()), "host"), binding_in_words(job), isa);
}

std::vector<int> threads_of_ranks(const JobPlacement& job, std::span<const int> asked_threads) {
  std::vector<int> threads(asked_threads.begin(), asked_threads.end());
  for (int rank = 0; rank < job.size(); ++rank) {
    int& own = threads[static_cast<std::size_t>(rank)];
    if (own == 0) own = job.fair_threads(rank);
  }
  return threads;
}

std::vector<std::string> launch_warnings(const JobPlacement& job,
                                         std::span<const int> asked_threads,
                                         std::span<const char* const> words) {
  std::vector<std::string> warnings;
  const std::vector<int> threads = threads_of_ranks(job, asked_threads);
  const std::optional<int> starved = find_starved_rank(job, asked_threads);
  if (starved) warnings.push_back(about_starved_rank(job, *starved, words));
  for (int rank = 0; rank < job.size() && !starved; ++rank) {
    const int asked = threads[static_cast<std::size_t>(rank)];
    if (asked <= job.fair_threads(rank)) continue;
    warnings.push_back(about_turns(job, rank, asked));
    break;
  }
  if (const auto throttled = find_throttled(job, threads)) {
    warnings.push_back(about_quota(job, *throttled));
  }
  return warnings;
}

void tell_launch(const CommandContext& context) {
  const JobPlacement& job = context.session.placement();
  const std::vector<int> threads = threads_of_ranks(job, context.asked_threads);
  context.console.remark(launch_line(job, threads, current_isa()));
  warn_about_launch(context);
}

void warn_about_launch(const CommandContext& context) {
  for (const std::string& warning :
       launch_warnings(context.session.placement(), context.asked_threads, context.words)) {
    context.console.warning(warning);
  }
}

}  // namespace lockstep

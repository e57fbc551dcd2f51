#include "framework/training/exchange/step_report.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/training/exchange/replica_check.hpp"

namespace lockstep {
namespace {

static_assert(std::is_trivially_copyable_v<StepReport>);

std::span<MicroBatchResult> of(const LeafRange& leaves, std::span<MicroBatchResult> results) {
  return results.subspan(static_cast<std::size_t>(leaves.first),
                         static_cast<std::size_t>(leaves.size()));
}

}  // namespace

StepReports::StepReports(std::vector<LeafRange> owned)
    : owned_(std::move(owned)), digests_(owned_.size()) {
  std::size_t end = 0;
  for (const LeafRange& leaves : owned_) {
    const std::size_t size =
        sizeof(StepReport) + static_cast<std::size_t>(leaves.size()) * sizeof(MicroBatchResult);
    parts_.push_back({end, size});
    end += size;
  }
  bytes_.resize(end);
}

void StepReports::write(int rank, const StepReport& report,
                        std::span<const MicroBatchResult> results) {
  const auto r = static_cast<std::size_t>(rank);
  const std::span<std::byte> mine = bytes().subspan(parts_[r].offset, parts_[r].size);
  std::memcpy(mine.data(), &report, sizeof(report));
  const auto first = static_cast<std::size_t>(owned_[r].first);
  const auto count = static_cast<std::size_t>(owned_[r].size());
  std::ranges::copy(std::as_bytes(results.subspan(first, count)),
                    mine.subspan(sizeof(report)).begin());
}

TrainingRequest StepReports::read(std::span<MicroBatchResult> results) {
  auto weightiest = TrainingRequest::none;
  const StepReport of_root = report_of(0);
  for (std::size_t r = 0; r < owned_.size(); ++r) {
    const StepReport report = report_of(r);
    if (report.step != of_root.step) {
      throw CollectiveError(errors::kPeerFailed,
                            fmt::format("Rank {} is at step {}, but rank 0 at step {}: they have "
                                        "lost one another; start the job again with --resume.",
                                        r, report.step, of_root.step));
    }
    weightiest = std::max(weightiest, report.request);
    digests_[r] = report.weights.value_or(Digest{});
    std::ranges::copy(std::span(bytes_).subspan(parts_[r].offset + sizeof(report),
                                                parts_[r].size - sizeof(report)),
                      std::as_writable_bytes(of(owned_[r], results)).begin());
  }
  require_same_weights(digests_, of_root.step - 1);
  return weightiest;
}

StepReport StepReports::report_of(std::size_t rank) const {
  StepReport report;
  std::memcpy(&report, &bytes_[parts_[rank].offset], sizeof(report));
  return report;
}

}  // namespace lockstep

#include "framework/training/exchange/replica_check.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "framework/core/error.hpp"

namespace lockstep {

void require_same_weights(std::span<const Digest> by_rank, Index step) {
  const auto other = std::find_if(by_rank.begin(), by_rank.end(),
                                  [&](const Digest& digest) { return digest != by_rank[0]; });
  if (other == by_rank.end()) return;
  throw CollectiveError(
      errors::kReplicasApart,
      fmt::format("After step {} the weights of rank {} have the digest {}, but those of rank 0 "
                  "have {}: a processor or memory computes wrongly; start again with --resume on "
                  "other machines, from the checkpoint before.",
                  step, other - by_rank.begin(), other->hex(), by_rank[0].hex()));
}

}  // namespace lockstep

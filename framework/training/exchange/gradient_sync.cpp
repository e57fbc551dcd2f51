#include "framework/training/exchange/gradient_sync.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace lockstep {

// Who owns what, for a given number of micro-batches.
struct GradientSync::Layout {
  Index leaves;
  LeafRange owned;                   // by this rank
  std::vector<LeafRange> subtrees;   // of this rank
  std::vector<AllReducePlan> plans;  // one per bucket
  StepReports reports;
};

// The progress of a bucket in a step.
struct GradientSync::Bucket {
  Bucket(std::span<float> total_floats, const TreeReduction::Size& size,
         std::unique_ptr<Exchange> exchange)
      : total(total_floats), reduction(size), all_reduce(std::move(exchange)) {}

  std::span<float> total;
  TreeReduction reduction;
  TreeAllReduce all_reduce;
  std::vector<std::span<const float>> subtrees;
  std::atomic<Index> unfinished = 0;  // micro-batches of this rank
  bool is_under_way = false;
};

GradientSync::GradientSync(Communicator& communicator, std::vector<GradientBucket> buckets,
                           const std::vector<Index>& leaf_counts, int threads)
    : communicator_(communicator),
      is_alone_(communicator.size() == 1),
      buckets_(std::move(buckets)) {
  assert(!is_alone_ || buckets_.size() == 1);
  std::size_t floats = 0;
  for (const GradientBucket& bucket : buckets_) floats += bucket.size;
  if (!is_alone_) total_ = AlignedBuffer<float>(floats);
  make_layouts(leaf_counts);
  for (const GradientBucket& bucket : buckets_) make_bucket(bucket, threads);
}

GradientSync::~GradientSync() = default;

void GradientSync::make_layouts(const std::vector<Index>& leaf_counts) {
  const int ranks = communicator_.size();
  for (const Index leaves : leaf_counts) {
    std::vector<LeafRange> owned;
    for (int r = 0; r < ranks; ++r) owned.push_back(owned_leaves(leaves, r, ranks));
    const LeafRange mine = owned[static_cast<std::size_t>(communicator_.rank())];
    layouts_.push_back({.leaves = leaves,
                        .owned = mine,
                        .subtrees = complete_subtrees(leaves, mine),
                        .plans = {},
                        .reports = StepReports(std::move(owned))});
    if (is_alone_) continue;
    for (const GradientBucket& bucket : buckets_) {
      const AllReduceShape shape{.leaves = leaves,
                                 .ranks = ranks,
                                 .floats = bucket.size,
                                 .with_reports = &bucket == &buckets_.back()};
      layouts_.back().plans.push_back(make_all_reduce_plan(
          shape, choose_all_reduce(shape, communicator_.link_cost()), communicator_.rank()));
    }
  }
}

void GradientSync::make_bucket(const GradientBucket& stretch, int threads) {
  TreeReduction::Size size{
      .floats = stretch.size, .most_leaves = 0, .most_owned = 0, .threads = threads};
  for (const Layout& layout : layouts_) {
    size.most_leaves = std::max(size.most_leaves, layout.leaves);
    size.most_owned = std::max(size.most_owned, layout.owned.size());
  }
  const int channel = static_cast<int>(states_.size());
  const std::span<float> total =
      is_alone_ ? std::span<float>() : total_.span().subspan(stretch.first, stretch.size);
  states_.push_back(std::make_unique<Bucket>(total, size, communicator_.make_exchange(channel)));
}

void GradientSync::start(Index leaves) {
  const auto found = std::find_if(layouts_.begin(), layouts_.end(),
                                  [&](const Layout& layout) { return layout.leaves == leaves; });
  assert(found != layouts_.end());
  layout_ = &*found;
  communicating_thread_ = std::this_thread::get_id();
  for (const auto& bucket : states_) {
    bucket->reduction.start(layout_->owned, layout_->subtrees);
    bucket->unfinished.store(layout_->owned.size(), std::memory_order_relaxed);
    bucket->is_under_way = false;
  }
}

const LeafRange& GradientSync::owned() const { return layout_->owned; }

int GradientSync::acquire(std::size_t bucket) { return states_[bucket]->reduction.acquire(); }

std::span<float> GradientSync::buffer(std::size_t bucket, int number) {
  return states_[bucket]->reduction.buffer(number).first(buckets_[bucket].size);
}

void GradientSync::finish_leaf(std::size_t bucket, Index leaf, int buffer) {
  states_[bucket]->reduction.finish_leaf(leaf, buffer);
  states_[bucket]->unfinished.fetch_sub(1, std::memory_order_acq_rel);
}

bool GradientSync::progress() {
  if (is_alone_ || std::this_thread::get_id() != communicating_thread_) return false;
  bool all_done = true;
  // The last bucket waits for this rank's report.
  for (std::size_t i = 0; i + 1 < states_.size(); ++i) all_done = advance(i) && all_done;
  return !all_done;
}

bool GradientSync::advance(std::size_t bucket) {
  Bucket& state = *states_[bucket];
  if (!state.is_under_way) {
    if (state.unfinished.load(std::memory_order_acquire) > 0) return false;
    begin(bucket);
  }
  return state.all_reduce.progress();
}

void GradientSync::begin(std::size_t bucket) {
  Bucket& state = *states_[bucket];
  const bool is_last = bucket + 1 == states_.size();
  state.is_under_way = true;
  state.subtrees.clear();
  for (std::size_t i = 0; i < layout_->subtrees.size(); ++i) {
    state.subtrees.push_back(state.reduction.subtree_sum(i).first(buckets_[bucket].size));
  }
  state.all_reduce.start(
      layout_->plans[bucket],
      {.subtrees = state.subtrees,
       .total = state.total,
       .reports = is_last ? layout_->reports.bytes() : std::span<std::byte>(),
       .report_parts = is_last ? layout_->reports.parts() : std::span<const MessagePart>()});
}

GradientSync::Outcome GradientSync::finish(const StepReport& mine,
                                           std::span<MicroBatchResult> results) {
  if (is_alone_) {
    return {states_.front()->reduction.subtree_sum(0).first(buckets_.front().size), mine.request};
  }
  layout_->reports.write(communicator_.rank(), mine, results);
  wait();
  return {total_.span(), layout_->reports.read(results)};
}

// Stays awake at first. Later the core is yielded to threads that have work, in case there are more
// ranks than cores.
void GradientSync::wait() {
  constexpr int kAwake = 200;
  for (int turn = 0;; ++turn) {
    bool all_done = true;
    for (std::size_t i = 0; i < states_.size(); ++i) all_done = advance(i) && all_done;
    if (all_done) return;
    if (turn >= kAwake) std::this_thread::yield();
  }
}

}  // namespace lockstep

#include "framework/training/gradient_sync.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "framework/kernels/reduce.hpp"

namespace lockstep {
namespace {

std::size_t index(int rank) { return static_cast<std::size_t>(rank); }

// Equal slices of the floats, in bytes.
std::vector<MessagePart> slice_floats(std::size_t floats, int ranks) {
  std::vector<MessagePart> slices;
  for (int r = 0; r < ranks; ++r) {
    const std::size_t first = floats * index(r) / index(ranks);
    const std::size_t last = floats * (index(r) + 1) / index(ranks);
    slices.push_back({first * sizeof(float), (last - first) * sizeof(float)});
  }
  return slices;
}

std::size_t end_of(const std::vector<MessagePart>& parts) {
  return parts.empty() ? 0 : parts.back().offset + parts.back().size;
}

}  // namespace

GradientSync::Layout GradientSync::make_layout(Index leaves) const {
  const int ranks = communicator_.size();
  Layout layout;
  layout.leaves = leaves;
  for (int r = 0; r < ranks; ++r) {
    layout.owned.push_back(owned_leaves(leaves, r, ranks));
    layout.subtrees.push_back(complete_subtrees(leaves, layout.owned.back()));
    layout.report_parts.push_back(
        {end_of(layout.report_parts),
         sizeof(TrainingRequest) +
             static_cast<std::size_t>(layout.owned.back().size()) * sizeof(MicroBatchResult)});
  }
  const std::size_t mine = layout.subtrees[index(rank())].size();
  for (int r = 0; r < ranks; ++r) {
    layout.send_parts.push_back({end_of(layout.send_parts), mine * slices_[index(r)].size});
    layout.receive_parts.push_back({end_of(layout.receive_parts), layout.subtrees[index(r)].size() *
                                                                      slices_[index(rank())].size});
  }
  return layout;
}

TreeReduction::Size GradientSync::reduction_size(const std::vector<Layout>& layouts,
                                                 std::size_t floats, int rank, int threads) {
  TreeReduction::Size size{.floats = floats, .most_leaves = 0, .most_owned = 0, .threads = threads};
  for (const Layout& layout : layouts) {
    size.most_leaves = std::max(size.most_leaves, layout.leaves);
    size.most_owned = std::max(size.most_owned, layout.owned[index(rank)].size());
  }
  return size;
}

GradientSync::GradientSync(Communicator& communicator, std::size_t floats,
                           std::vector<Index> leaf_counts, int threads)
    : communicator_(communicator),
      floats_(floats),
      slices_(slice_floats(floats, communicator.size())),
      layouts_([&] {
        std::vector<Layout> layouts;
        for (const Index leaves : leaf_counts) layouts.push_back(make_layout(leaves));
        return layouts;
      }()),
      reduction_(reduction_size(layouts_, floats, communicator.rank(), threads)) {
  if (communicator.size() == 1) return;
  std::size_t send_bytes = 0;
  std::size_t receive_bytes = 0;
  std::size_t report_bytes = 0;
  for (const Layout& layout : layouts_) {
    send_bytes = std::max(send_bytes, end_of(layout.send_parts));
    receive_bytes = std::max(receive_bytes, end_of(layout.receive_parts));
    report_bytes = std::max(report_bytes, end_of(layout.report_parts));
  }
  send_ = AlignedBuffer<float>(send_bytes / sizeof(float));
  receive_ = AlignedBuffer<float>(receive_bytes / sizeof(float));
  total_ = AlignedBuffer<float>(floats);
  reports_.resize(report_bytes);
}

void GradientSync::start(Index leaves) {
  const auto found = std::find_if(layouts_.begin(), layouts_.end(),
                                  [&](const Layout& layout) { return layout.leaves == leaves; });
  assert(found != layouts_.end());
  layout_ = &*found;
  reduction_.start(owned(), layout_->subtrees[index(rank())]);
}

std::span<const float> GradientSync::finish() {
  if (communicator_.size() == 1) return reduction_.subtree_sum(0).first(floats_);
  pack();
  communicator_.exchange(std::as_bytes(send_.span()), layout_->send_parts,
                         std::as_writable_bytes(receive_.span()), layout_->receive_parts);
  const std::span<const float> slice = combine({0, layout_->leaves});
  std::copy(slice.begin(), slice.end(),
            total_.span().begin() +
                static_cast<std::ptrdiff_t>(slices_[index(rank())].offset / sizeof(float)));
  communicator_.all_gather(std::as_writable_bytes(total_.span()), slices_);
  return total_.span();
}

// Lays this rank's subtree sums out slice by slice.
void GradientSync::pack() {
  float* next = send_.span().data();
  for (const MessagePart& slice : slices_) {
    for (std::size_t i = 0; i < layout_->subtrees[index(rank())].size(); ++i) {
      const auto part = reduction_.subtree_sum(i).subspan(slice.offset / sizeof(float),
                                                          slice.size / sizeof(float));
      next = std::copy(part.begin(), part.end(), next);
    }
  }
}

// My slice of a node's sum, left where its first leaf's subtree was received.
std::span<float> GradientSync::combine(const LeafRange& node) {
  for (std::size_t r = 0; r < layout_->owned.size(); ++r) {
    if (!layout_->owned[r].contains(node)) continue;
    const auto& subtrees = layout_->subtrees[r];
    const auto found = std::find(subtrees.begin(), subtrees.end(), node);
    const std::size_t slice = slices_[index(rank())].size / sizeof(float);
    return receive_.span().subspan(layout_->receive_parts[r].offset / sizeof(float) +
                                       static_cast<std::size_t>(found - subtrees.begin()) * slice,
                                   slice);
  }
  const Index middle = canonical_split(node);
  const std::span<float> left = combine({node.first, middle});
  const std::span<float> right = combine({middle, node.last});
  add_buffers(left, right, left);
  return left;
}

TrainingRequest GradientSync::share_results(std::span<MicroBatchResult> results,
                                            TrainingRequest request) {
  if (communicator_.size() == 1) return request;
  const std::span<std::byte> reports(reports_);
  const auto report_of = [&](std::size_t r) {
    return reports.subspan(layout_->report_parts[r].offset, layout_->report_parts[r].size);
  };
  const auto results_of = [&](std::size_t r) {
    const LeafRange& range = layout_->owned[r];
    return std::as_writable_bytes(results.subspan(static_cast<std::size_t>(range.first),
                                                  static_cast<std::size_t>(range.size())));
  };
  const std::span<std::byte> mine = report_of(index(rank()));
  std::memcpy(mine.data(), &request, sizeof(request));
  std::ranges::copy(results_of(index(rank())), mine.subspan(sizeof(request)).begin());
  communicator_.all_gather(reports, layout_->report_parts);
  for (std::size_t r = 0; r < layout_->owned.size(); ++r) {
    TrainingRequest theirs{};
    std::memcpy(&theirs, report_of(r).data(), sizeof(theirs));
    request = std::max(request, theirs);
    std::ranges::copy(report_of(r).subspan(sizeof(theirs)), results_of(r).begin());
  }
  return request;
}

}  // namespace lockstep

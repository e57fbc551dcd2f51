#pragma once

#include <cassert>

#include "framework/training/step/dataset.hpp"

namespace lockstep {

/// The first samples of a data set.
class FirstSamples final : public Dataset {
 public:
  FirstSamples(const Dataset& dataset, Index size) : dataset_(dataset), size_(size) {
    assert(size > 0 && size <= dataset.size());
  }

  Index size() const override { return size_; }
  Shape sample_shape() const override { return dataset_.sample_shape(); }
  Index classes() const override { return dataset_.classes(); }
  std::span<const Label> labels() const override {
    return dataset_.labels().first(static_cast<std::size_t>(size_));
  }
  void gather(const GatherRequest& request, LaneView block) const override {
    dataset_.gather(request, block);
  }

 private:
  const Dataset& dataset_;
  Index size_;
};

}  // namespace lockstep

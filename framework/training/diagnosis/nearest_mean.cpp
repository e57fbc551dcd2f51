#include "framework/training/diagnosis/nearest_mean.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "framework/core/aligned_buffer.hpp"

namespace lockstep {
namespace {

class ClassMeans {
 public:
  explicit ClassMeans(const Dataset& dataset)
      : dataset_(dataset),
        features_(static_cast<std::size_t>(dataset.sample_shape().size())),
        memory_(features_ * kLanes),
        means_(static_cast<std::size_t>(dataset.classes()) * features_),
        counts_(static_cast<std::size_t>(dataset.classes())) {}

  // A running mean, so that no sum has to be divided at the end.
  void add(Index sample) {
    gather(sample);
    const std::size_t label = label_of(sample);
    ++counts_[label];
    for (std::size_t f = 0; f < features_; ++f) {
      double& mean = means_[label * features_ + f];
      mean += (value(f) - mean) / counts_[label];
    }
  }

  bool is_nearest_to_its_own(Index sample) {
    gather(sample);
    std::size_t nearest = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < counts_.size(); ++k) {
      if (counts_[k] == 0) continue;
      const double distance = squared_distance(k);
      if (distance < least) nearest = k;
      least = std::min(least, distance);
    }
    return nearest == label_of(sample);
  }

 private:
  const Dataset& dataset_;
  std::size_t features_;
  AlignedBuffer<float> memory_;  // of one sample, in all lanes
  std::vector<double> means_;    // (classes, features)
  std::vector<double> counts_;

  std::size_t label_of(Index sample) const {
    return dataset_.labels()[static_cast<std::size_t>(sample)];
  }
  void gather(Index sample) {
    const std::vector<Index> lanes(kLanes, sample);
    dataset_.gather({.samples = lanes}, blocked_view(memory_.span().data(), features_, 1));
  }
  double value(std::size_t feature) const {
    return static_cast<double>(memory_.span()[feature * kLanes]);
  }
  double squared_distance(std::size_t label) const {
    double sum = 0;
    for (std::size_t f = 0; f < features_; ++f) {
      const double difference = value(f) - means_[label * features_ + f];
      sum += difference * difference;
    }
    return sum;
  }
};

}  // namespace

double nearest_mean_accuracy(const Dataset& dataset, std::span<const Index> fit,
                             std::span<const Index> test) {
  ClassMeans means(dataset);
  for (const Index sample : fit) means.add(sample);
  double correct = 0;
  for (const Index sample : test) correct += means.is_nearest_to_its_own(sample) ? 1 : 0;
  return correct / static_cast<double>(test.size());
}

}  // namespace lockstep

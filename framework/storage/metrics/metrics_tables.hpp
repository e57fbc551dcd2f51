#pragma once

// Metrics as groups of a file that is being written: in metrics.h5, as curves in index.h5, and as
// the runs of a bundle.

#include <cstddef>
#include <string>
#include <vector>

#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/storage/metrics/plot_group.hpp"

namespace lockstep {

/// Writes everything that metrics.h5 holds into an existing group: "" for the root,
/// "/runs/a/metrics".
/// @param earlier  steps before those of the tables
void write_metrics(Hdf5Writer& file, const std::string& group, const MetricsTables& tables,
                   const EarlierRows& earlier = {});

/// The same as the bytes of a file metrics.h5.
std::vector<std::byte> metrics_file(const MetricsTables& tables, const MetricsOrigin& origin,
                                    const EarlierRows& earlier = {});

/// Writes loss and learning rate over the steps as a group of its own, with the evaluations in its
/// group `epochs`.
void write_curve(Hdf5Writer& file, const std::string& group, const MetricsTables& tables);

/// The steps that suffice to draw the curve of the loss, at most 2,000: the first, the last, and
/// the steps with the smallest and the largest loss of each of equal stretches between them. A loss
/// that is no number counts as the largest.
std::vector<StepRecord> loss_curve(const std::vector<StepRecord>& steps);

}  // namespace lockstep

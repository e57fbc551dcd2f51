#pragma once

// Metrics as groups of a file that is being written: those of metrics.h5, of curves in index.h5, of
// runs in a bundle.

#include <cstddef>
#include <string>
#include <vector>

#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/metrics/metrics.hpp"
#include "framework/storage/metrics/plot_group.hpp"

namespace lockstep {

/// All that metrics.h5 has, below a group that is there: "" for the root, "/runs/a/metrics".
/// @param earlier  steps before those of the tables
void write_metrics(Hdf5Writer& file, const std::string& group, const MetricsTables& tables,
                   const EarlierRows& earlier = {});

/// The bytes of metrics.h5, likewise.
std::vector<std::byte> metrics_file(const MetricsTables& tables, const MetricsOrigin& origin,
                                    const EarlierRows& earlier = {});

/// Loss and learning rate over the steps, as a group of its own, with the evaluations in its group
/// `epochs`.
void write_curve(Hdf5Writer& file, const std::string& group, const MetricsTables& tables);

/// Of many steps, those that draw the curve of their loss: the first and the last, and of equal
/// stretches between them the steps with the smallest and the largest loss, at most 2,000 in all. A
/// loss that is no number counts as the largest.
std::vector<StepRecord> loss_curve(const std::vector<StepRecord>& steps);

}  // namespace lockstep

#pragma once

// Groups of columns that viewers can plot: NXdata of NeXus, with dimension scales.

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/training/diagnosis/record_columns.hpp"

namespace lockstep {

/// "/steps" and "loss" -> "/steps/loss"
std::string in_group(const std::string& group, const std::string& name);

/// What viewers plot of a group by default.
struct DefaultPlot {
  std::string long_name;
  std::string signal;
  std::vector<std::string> more_signals = {};
  std::vector<std::string> axes;
};

void add_plot_group(Hdf5Writer& file, const std::string& group, const DefaultPlot& plot);

/// The scale of the second axis of a group's column `digest`: which half a number is.
inline constexpr const char* kHalfScale = "half";
void label_digest_halves(Hdf5Writer& file, const std::string& group);

/// The first rows of a table, which are those of the same table in the file's previous version.
struct EarlierRows {
  const Hdf5Reader* file = nullptr;  ///< borrowed; null if there are none
  std::size_t rows = 0;
  std::int64_t last_step = 0;

  // A column's values, by its path. @throws Error (data) if the file has changed
  std::vector<std::int64_t> steps(const std::string& path) const;
  std::vector<double> reals(const std::string& path) const;
  std::vector<std::uint64_t> digests(const std::string& path) const;  ///< two per row
};

/// A table that is written column by column, with one row per record.
template <typename Record>
class TableGroup {
 public:
  /// Creates the group. Borrows file, records and earlier rows.
  TableGroup(Hdf5Writer& file, std::string group, std::span<const Record> records,
             const DefaultPlot& plot, const EarlierRows& earlier = {})
      : file_(file), group_(std::move(group)), records_(records), earlier_(earlier) {
    add_plot_group(file_, group_, plot);
  }

  /// The column `step`.
  void add_steps() {
    std::vector<std::int64_t> steps = earlier_.steps(in_group(group_, "step"));
    steps.reserve(steps.size() + records_.size());
    for (const Record& record : records_) steps.push_back(record.step);
    add({.path = "step",
         .extents = {},
         .values = std::span<const std::int64_t>(steps),
         .units = "1",
         .long_name = "training steps done"});
  }

  void add_columns(std::span<const Column<Record>> columns) {
    for (const Column<Record>& column : columns) {
      std::vector<double> values = earlier_.reals(in_group(group_, column.name));
      values.reserve(values.size() + records_.size());
      for (const Record& record : records_) values.push_back(record.*column.member);
      add({.path = column.name,
           .extents = {},
           .values = std::span<const double>(values),
           .units = column.units,
           .long_name = column.long_name});
    }
  }

  /// Any other column.
  /// @param path     its name
  /// @param extents  those of the value of one row
  void add(Hdf5Dataset column) {
    names_.push_back(column.path);
    column.path = in_group(group_, column.path);
    const std::size_t rows = earlier_.rows + records_.size();
    column.extents.insert(column.extents.begin(), static_cast<Index>(rows));
    file_.add_dataset(column);
  }

  /// Makes these columns the dimension scales of the rows of all others, once all are written.
  void label_rows_by(const std::vector<std::string>& scales) const {
    for (const std::string& scale : scales) {
      const std::string path = in_group(group_, scale);
      file_.make_scale(path, scale);
      for (const std::string& name : names_) {
        if (std::ranges::count(scales, name) > 0) continue;
        file_.attach_scale({.dataset = in_group(group_, name), .scale = path});
      }
    }
  }

 private:
  Hdf5Writer& file_;
  std::string group_;
  std::span<const Record> records_;
  EarlierRows earlier_;
  std::vector<std::string> names_;
};

}  // namespace lockstep

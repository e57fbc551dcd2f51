#include "framework/storage/metrics/metrics_writer.hpp"

#include <algorithm>
#include <utility>

#include "framework/core/error.hpp"
#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/metrics/metrics_tables.hpp"

namespace lockstep {
namespace {

/// Adds an evaluation. The file has only the last confusion matrix, so no other is kept.
void add_evaluation(EpochRecord record, std::vector<EpochRecord>& epochs) {
  if (!record.confusion.empty()) {
    const auto last = std::find_if(epochs.rbegin(), epochs.rend(), [](const EpochRecord& before) {
      return !before.confusion.empty();
    });
    if (last != epochs.rend()) last->confusion = {};
  }
  epochs.push_back(std::move(record));
}

}  // namespace

MetricsWriter::MetricsWriter(Setup setup)
    : setup_(std::move(setup)), journal_(setup_.files.journal), rhythm_(setup_.clock()) {}

void MetricsWriter::go_on(MetricsTables recorded) {
  tables_.steps = std::move(recorded.steps);
  for (EpochRecord& record : recorded.epochs) add_evaluation(std::move(record), tables_.epochs);
}

Index MetricsWriter::rows() const { return static_cast<Index>(published_ + tables_.steps.size()); }

void MetricsWriter::append(const StepRecord& record) {
  journal_.append(record);
  tables_.steps.push_back(record);
  has_news_ = true;
  if (rhythm_.is_due(setup_.clock(), rows())) publish();
}

void MetricsWriter::append(const EpochRecord& record) {
  journal_.append(record);
  add_evaluation(record, tables_.epochs);
  has_news_ = true;
  if (rhythm_.is_affordable(setup_.clock(), rows())) publish();
}

void MetricsWriter::publish() {
  if (!has_news_) return;
  const double began = setup_.clock();
  journal_.sync();
  publish_metrics_file(setup_.files.snapshot, contents());
  has_news_ = false;
  if (static_cast<std::size_t>(rows()) > setup_.most_steps_in_memory) leave_steps_to_file();
  rhythm_.on_published(began, setup_.clock(), rows());
}

void MetricsWriter::leave_steps_to_file() {
  if (tables_.steps.empty()) return;
  published_ += tables_.steps.size();
  last_published_ = tables_.steps.back().step;
  tables_.steps = {};
}

std::vector<std::byte> MetricsWriter::contents() {
  if (published_ > 0) {
    try {
      const Hdf5Reader before(setup_.files.snapshot);
      return metrics_file(tables_, setup_.origin,
                          {.file = &before, .rows = published_, .last_step = last_published_});
    } catch (const Error&) {
      take_published_from_journal();
    }
  }
  return metrics_file(tables_, setup_.origin);
}

void MetricsWriter::take_published_from_journal() {
  std::vector<StepRecord> steps = read_journal(setup_.files.journal, last_published_).tables.steps;
  steps.insert(steps.end(), tables_.steps.begin(), tables_.steps.end());
  tables_.steps = std::move(steps);
  published_ = 0;
}

}  // namespace lockstep

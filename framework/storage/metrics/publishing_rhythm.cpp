#include "framework/storage/metrics/publishing_rhythm.hpp"

namespace lockstep {
namespace {

constexpr double kShare = 0.01;
constexpr double kInterval = 10;  // seconds

// A version without rows takes about as long as this many rows, because of two syncs of the disk.
constexpr double kFixedRows = 50'000;

double effort(Index rows) { return kFixedRows + static_cast<double>(rows); }

}  // namespace

bool PublishingRhythm::is_affordable(double now, Index rows) const {
  const double expected = seconds_ * effort(rows) / effort(rows_);
  return spent_ + expected <= kShare * (now - begun_);
}

bool PublishingRhythm::is_due(double now, Index rows) const {
  return now - published_ >= kInterval && is_affordable(now, rows);
}

void PublishingRhythm::on_published(double began, double ended, Index rows) {
  published_ = ended;
  seconds_ = ended - began;
  spent_ += seconds_;
  rows_ = rows;
}

}  // namespace lockstep

#include "framework/storage/metrics/journal_recovery.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>

#include "framework/storage/metrics/metrics_journal.hpp"
#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

/// A run's two files of metrics: steps 1 to 9, epochs behind 3 and 5.
struct Run {
  Run() : folder("recovery") {
    put_bytes(files.journal, whole);
    publish_metrics(files.snapshot, sample_metrics(9));
  }

  /// The journal's lines with some of them changed.
  void change(const std::function<void(std::vector<std::string>&)>& change_lines) const {
    std::vector<std::string> lines;
    for (std::size_t start = 0; start < whole.size();) {
      const std::size_t end = whole.find('\n', start);
      lines.push_back(whole.substr(start, end - start));
      start = end + 1;
    }
    change_lines(lines);
    std::string text;
    for (const std::string& line : lines) text += line + '\n';
    put_bytes(files.journal, text);
  }

  std::string damaged() const { return bytes_of(folder / "metrics.jsonl.damaged"); }

  const std::string whole = journal_text(sample_metrics(9));
  const TemporaryFolder folder;
  const MetricsFiles files{folder / "metrics.jsonl", folder / "metrics.h5"};
};

BOOST_FIXTURE_TEST_SUITE(journal_recovery, Run)

BOOST_AUTO_TEST_CASE(what_is_past_the_step_is_cut_and_appending_goes_on_there) {
  for (Index last = 0; last <= 9; ++last) {
    put_bytes(files.journal, whole + "{\"type\":\"st");  // and a torn line
    const RecoveredJournal found = recover_journal(files, last);
    BOOST_TEST(found.warning.empty(), found.warning);
    BOOST_TEST(found.tables.steps.size() == static_cast<std::size_t>(last));
    BOOST_TEST(found.tables.epochs.size() == (last >= 5 ? 2U : last >= 3 ? 1U : 0U));
    BOOST_TEST(whole.starts_with(bytes_of(files.journal)));
    MetricsJournal journal(files.journal);
    const MetricsTables all = sample_metrics(9);
    for (std::size_t i = found.tables.steps.size(); i < all.steps.size(); ++i) {
      journal.append(all.steps[i]);
      for (const EpochRecord& epoch : all.epochs) {
        if (epoch.step == static_cast<Index>(i) + 1) journal.append(epoch);
      }
    }
    BOOST_TEST(bytes_of(files.journal) == whole);
  }
  BOOST_TEST(!std::filesystem::exists(folder / "metrics.jsonl.damaged"));
}

BOOST_AUTO_TEST_CASE(a_damaged_line_costs_nothing_when_the_snapshot_has_it) {
  change([](auto& lines) { lines[1].replace(0, 4, std::string(4, '\0')); });
  const std::string before = bytes_of(files.journal);
  const RecoveredJournal found = recover_journal(files, 9);
  BOOST_TEST(same(found.tables, sample_metrics(9)));
  BOOST_TEST(bytes_of(files.journal) == whole);
  BOOST_TEST(damaged() == before);
  for (const char* words : {"metrics.jsonl:2: this line is no record", "steps 2 were not in it",
                            "metrics.h5 has them", "kept as metrics.jsonl.damaged"}) {
    BOOST_TEST(contains(found.warning, words), found.warning);
  }
}

BOOST_AUTO_TEST_CASE(an_evaluation_is_taken_from_the_snapshot_too) {
  change([](auto& lines) { lines[3] = "{}"; });  // the evaluation behind step 3
  BOOST_TEST(same(recover_journal(files, 9).tables, sample_metrics(9)));
  BOOST_TEST(bytes_of(files.journal) == whole);
}

BOOST_AUTO_TEST_CASE(a_missing_journal_is_written_from_the_snapshot) {
  std::filesystem::remove(files.journal);
  const RecoveredJournal found = recover_journal(files, 7);
  BOOST_TEST(found.tables.steps.size() == 7U);
  BOOST_TEST(whole.starts_with(bytes_of(files.journal)));
  BOOST_TEST(contains(found.warning, "steps 1-7 were not in it, and metrics.h5 has them."),
             found.warning);
}

BOOST_AUTO_TEST_CASE(what_no_file_has_is_named_and_the_rest_is_kept) {
  publish_metrics(files.snapshot, sample_metrics(5));
  change([](auto& lines) {
    lines.erase(lines.begin() + 9);  // step 8
    lines.erase(lines.begin() + 7);  // step 6
    lines.erase(lines.begin() + 1);  // step 2
  });
  const RecoveredJournal found = recover_journal(files, 9);
  BOOST_TEST(found.tables.steps.size() == 7U);
  BOOST_TEST(contains(found.warning, "steps 2, 6, 8 were not in it, and metrics.h5 has them in"));
  BOOST_TEST(contains(found.warning, "the figures of steps 6, 8 are lost"), found.warning);
  const std::string kept = damaged();
  const RecoveredJournal again = recover_journal(files, 9);
  BOOST_TEST(same(again.tables, found.tables));
  BOOST_TEST(contains(again.warning, "the figures of steps 6, 8 are lost."), again.warning);
  BOOST_TEST(damaged() == kept);
}

BOOST_AUTO_TEST_CASE(repeated_and_misplaced_lines_are_put_right) {
  change([](auto& lines) {
    lines.push_back(lines[0]);
    std::swap(lines[1], lines[2]);
  });
  const RecoveredJournal found = recover_journal(files, 9);
  BOOST_TEST(same(found.tables, sample_metrics(9)));
  BOOST_TEST(bytes_of(files.journal) == whole);
}

BOOST_AUTO_TEST_CASE(a_damaged_snapshot_is_no_help_and_no_obstacle) {
  put_bytes(files.snapshot, "no HDF5");
  change([](auto& lines) { lines[8] = "{}"; });  // step 7
  const RecoveredJournal found = recover_journal(files, 9);
  BOOST_TEST(found.tables.steps.size() == 8U);
  BOOST_TEST(contains(found.warning, "the figures of steps 7 are lost"), found.warning);
}

BOOST_AUTO_TEST_CASE(damage_in_what_is_cut_off_anyway_is_not_told) {
  change([](auto& lines) { lines.back() = std::string(20, '\0'); });
  BOOST_TEST(recover_journal(files, 7).warning.empty());
  BOOST_TEST(whole.starts_with(bytes_of(files.journal)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing

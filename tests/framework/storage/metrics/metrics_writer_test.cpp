#include "framework/storage/metrics/metrics_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <functional>

#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

/// A run that is recorded; its clock stands still unless it is moved.
struct Recording {
  explicit Recording(const std::string& name) : folder(name) {}

  MetricsWriter writer(std::size_t most_steps_in_memory = 0) {
    return MetricsWriter({.files = files,
                          .origin = origin,
                          .clock = [this] { return now; },
                          .most_steps_in_memory = most_steps_in_memory});
  }

  /// The bytes of metrics.h5 when it is written at once.
  std::string at_once(const MetricsTables& tables) const {
    publish_metrics(folder / "at_once.h5", tables, origin);
    return bytes_of(folder / "at_once.h5");
  }

  const TemporaryFolder folder;
  const MetricsFiles files{folder / "metrics.jsonl", folder / "metrics.h5"};
  const MetricsOrigin origin{.experiment = "name: a\n", .provenance = {{{"version", "1"}}}};
  double now = 0;
};

MetricsTables first_steps(MetricsTables tables, Index last) {
  std::erase_if(tables.steps, [last](const auto& record) { return record.step > last; });
  std::erase_if(tables.epochs, [last](const auto& record) { return record.step > last; });
  return tables;
}

/// Appends the records of steps in their order.
void append(const MetricsTables& all, Index first, Index last, MetricsWriter& writer) {
  for (const StepRecord& record : all.steps) {
    if (record.step < first || record.step > last) continue;
    writer.append(record);
    for (const EpochRecord& epoch : all.epochs) {
      if (epoch.step == record.step) writer.append(epoch);
    }
  }
}

BOOST_AUTO_TEST_SUITE(metrics_writer)

BOOST_AUTO_TEST_CASE(the_file_has_the_same_bytes_however_often_it_is_published) {
  for (const std::size_t in_memory : {0U, 3U, 100U}) {
    Recording run("writer");
    const MetricsTables all = sample_metrics(9);
    MetricsWriter writer = run.writer(in_memory);
    writer.publish();
    BOOST_TEST(bytes_of(run.files.snapshot) == run.at_once({}));
    Index first = 1;
    for (const Index last : {1, 2, 4, 4, 9}) {
      append(all, first, last, writer);
      writer.publish();
      BOOST_TEST(bytes_of(run.files.snapshot) == run.at_once(first_steps(all, last)));
      first = last + 1;
    }
    BOOST_TEST(bytes_of(run.files.journal) == journal_text(all));
  }
}

BOOST_AUTO_TEST_CASE(a_long_run_takes_its_first_steps_from_the_file_and_not_from_the_journal) {
  const MetricsTables all = sample_metrics(9);
  for (const std::size_t in_memory : {0U, 2U, 5U}) {
    Recording run("long");
    MetricsWriter writer = run.writer(in_memory);
    Index first = 1;
    for (const Index last : {4, 6, 7, 9}) {
      append(all, first, last, writer);
      if (last > 6) put_bytes(run.files.journal, "");
      writer.publish();
      first = last + 1;
    }
    BOOST_TEST((bytes_of(run.files.snapshot) == run.at_once(all)), in_memory << " in memory");
  }
}

BOOST_AUTO_TEST_CASE(columns_of_several_chunks_go_on_in_the_midst_of_one) {
  constexpr Index kSteps = 300'000;  // a chunk has 131,072 rows
  Recording run("chunks");
  const MetricsTables all = sample_metrics(kSteps);
  MetricsWriter writer = run.writer();
  writer.go_on(first_steps(all, 100'000));
  writer.publish();
  append(all, 100'001, kSteps, writer);
  writer.publish();
  BOOST_TEST((bytes_of(run.files.snapshot) == run.at_once(all)));
}

BOOST_AUTO_TEST_CASE(steps_are_taken_from_the_journal_where_the_file_is_not_as_it_was) {
  const MetricsTables all = sample_metrics(9);
  const std::vector<std::function<void(const Recording&)>> changes = {
      [](const Recording& run) { std::filesystem::remove(run.files.snapshot); },
      [](const Recording& run) { put_bytes(run.files.snapshot, "no HDF5 file"); },
      [](const Recording& run) { publish_metrics(run.files.snapshot, sample_metrics(3)); },
      [](const Recording& run) {  // as many steps, of another run
        MetricsTables other = sample_metrics(4);
        other.steps.back().step = 5;
        publish_metrics(run.files.snapshot, other);
      },
      [](const Recording& run) {  // a byte of the fourth step's loss
        std::string bytes = bytes_of(run.files.snapshot);
        const double loss = sample_metrics(4).steps.back().loss;
        std::string number(sizeof(loss), '\0');
        std::memcpy(number.data(), &loss, sizeof(loss));
        const std::size_t at = bytes.find(number);
        BOOST_REQUIRE(at != std::string::npos);
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        put_bytes(run.files.snapshot, bytes);
      },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Recording run("changed");
    MetricsWriter writer = run.writer();
    append(all, 1, 4, writer);
    writer.publish();
    changes[i](run);
    append(all, 5, 9, writer);
    writer.publish();
    BOOST_TEST((bytes_of(run.files.snapshot) == run.at_once(all)), "change " << i);
  }
}

BOOST_AUTO_TEST_CASE(whoever_reads_at_any_moment_finds_all_records_so_far) {
  Recording run("moments");
  const MetricsTables all = sample_metrics(9);
  MetricsWriter writer = run.writer();
  for (Index step = 1; step <= 9; ++step) {
    run.now += 7;
    append(all, step, step, writer);
    const RecordedMetrics found = read_run_metrics(run.files);
    BOOST_TEST(found.problems.empty());
    BOOST_TEST(same(found.tables, first_steps(all, step)), "step " << step);
  }
  // It was published by ten seconds at 14, 35, 49 and 63 s, and after the evaluations at 21 and 35.
  BOOST_TEST(read_metrics(run.files.snapshot).steps.size() == 9U);
}

BOOST_AUTO_TEST_CASE(it_publishes_after_an_evaluation_and_after_ten_seconds_as_far_as_it_may) {
  Recording run("rhythm");
  const MetricsTables all = sample_metrics(9);
  MetricsWriter writer = run.writer();
  const auto published = [&] {
    const bool is_there = std::filesystem::exists(run.files.snapshot);
    return is_there ? static_cast<int>(read_metrics(run.files.snapshot).steps.size()) : -1;
  };
  append(all, 1, 3, writer);  // an evaluation at once: 1 % of nothing is nothing
  BOOST_TEST(published() == -1);
  run.now = 2;
  append(all, 4, 4, writer);
  BOOST_TEST(published() == -1);
  append(all, 5, 5, writer);
  BOOST_TEST(published() == 5);
  run.now = 11;
  append(all, 6, 6, writer);
  BOOST_TEST(published() == 5);
  run.now = 12;
  append(all, 7, 7, writer);
  BOOST_TEST(published() == 7);
}

BOOST_AUTO_TEST_CASE(a_run_that_goes_on_keeps_what_it_had_recorded) {
  Recording run("resumed");
  const MetricsTables all = sample_metrics(9);
  {
    MetricsWriter writer = run.writer();
    append(all, 1, 7, writer);
    writer.publish();
  }
  RecoveredJournal recovered = recover_journal(run.files, 4);
  MetricsWriter writer = run.writer();
  writer.go_on(std::move(recovered.tables));
  BOOST_TEST(writer.last_evaluation() == 3);
  append(all, 5, 9, writer);
  BOOST_TEST(writer.last_evaluation() == 5);
  writer.publish();
  BOOST_TEST((bytes_of(run.files.snapshot) == run.at_once(all)));
  BOOST_TEST(bytes_of(run.files.journal) == journal_text(all));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing

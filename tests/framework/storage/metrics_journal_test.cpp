#include "framework/storage/metrics_journal.hpp"

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <limits>
#include <new>

#include "tests/framework/storage/child_process.hpp"
#include "tests/framework/storage/samples.hpp"

namespace lockstep::testing {
namespace {

/// Steps 1..5 with the epochs' lines behind steps 3 and 5.
void write_sample(const std::filesystem::path& path) {
  const MetricsTables tables = sample_metrics();
  MetricsJournal journal(path);
  for (const StepRecord& step : tables.steps) {
    journal.append(step);
    for (const EpochRecord& epoch : tables.epochs) {
      if (epoch.step == step.step) journal.append(epoch);
    }
  }
  journal.sync();
}

BOOST_AUTO_TEST_SUITE(metrics_journal)

BOOST_AUTO_TEST_CASE(records_come_back_as_they_were) {
  const ScratchFolder folder("journal");
  write_sample(folder / "j.jsonl");
  BOOST_TEST(same(read_journal(folder / "j.jsonl"), sample_metrics()));
}

BOOST_AUTO_TEST_CASE(a_step_is_one_line_of_json_with_the_shortest_numbers) {
  const ScratchFolder folder("line");
  StepRecord record{.step = 7, .epoch = 0.1, .loss = 1e-5, .learning_rate = 0.016};
  record.gradient_norm = 0.1 + 0.2;
  record.images_per_second = std::numeric_limits<double>::infinity();
  record.has_digest = true;
  record.digest = {.high = 1, .low = 0xAB};
  MetricsJournal(folder / "j.jsonl").append(record);
  BOOST_TEST(bytes_of(folder / "j.jsonl") ==
             "{\"type\":\"step\",\"step\":7,\"epoch\":0.1,\"loss\":1e-05,\"learning_rate\":0.016,"
             "\"gradient_norm\":0.30000000000000004,\"images_per_second\":null,"
             "\"digest\":\"000000000000000100000000000000ab\"}\n");
}

BOOST_AUTO_TEST_CASE(a_missing_or_empty_journal_has_no_records) {
  const ScratchFolder folder("none");
  BOOST_TEST(same(read_journal(folder / "j.jsonl"), {}));
  BOOST_TEST(same(cut_journal(folder / "j.jsonl", 10), {}));
  put_bytes(folder / "j.jsonl", "");
  BOOST_TEST(same(read_journal(folder / "j.jsonl"), {}));
}

BOOST_AUTO_TEST_CASE(a_torn_last_line_is_left_out_at_every_length) {
  const ScratchFolder folder("torn");
  write_sample(folder / "j.jsonl");
  const std::string whole = bytes_of(folder / "j.jsonl");
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    put_bytes(folder / "j.jsonl", whole.substr(0, length));
    const auto lines = static_cast<std::size_t>(
        std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length), '\n'));
    const MetricsTables read = read_journal(folder / "j.jsonl");
    BOOST_REQUIRE(read.steps.size() + read.epochs.size() == lines);
  }
}

BOOST_AUTO_TEST_CASE(resuming_cuts_what_is_past_the_step_and_appending_goes_on_there) {
  const ScratchFolder folder("cut");
  write_sample(folder / "j.jsonl");
  const std::string whole = bytes_of(folder / "j.jsonl");
  for (Index last = 0; last <= 6; ++last) {
    put_bytes(folder / "j.jsonl", whole + "{\"type\":\"st");  // and a torn line
    const MetricsTables kept = cut_journal(folder / "j.jsonl", last);
    BOOST_TEST(kept.steps.size() == static_cast<std::size_t>(std::min<Index>(last, 5)));
    BOOST_TEST(kept.epochs.size() == (last >= 5 ? 2U : last >= 3 ? 1U : 0U));
    BOOST_TEST(whole.starts_with(bytes_of(folder / "j.jsonl")));
    MetricsJournal journal(folder / "j.jsonl");
    for (std::size_t i = kept.steps.size(); i < 5; ++i) {
      journal.append(sample_metrics().steps[i]);
      for (const EpochRecord& epoch : sample_metrics().epochs) {
        if (epoch.step == static_cast<Index>(i) + 1) journal.append(epoch);
      }
    }
    BOOST_TEST(bytes_of(folder / "j.jsonl") == whole);
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_line_is_refused_by_readers_and_cut_by_a_resuming_run) {
  const ScratchFolder folder("damaged");
  write_sample(folder / "j.jsonl");
  std::string bytes = bytes_of(folder / "j.jsonl");
  const std::size_t third = bytes.find('\n', bytes.find('\n') + 1) + 1;
  bytes.replace(third, 4, std::string(4, '\0'));  // as a power loss may leave it
  put_bytes(folder / "j.jsonl", bytes);
  const std::string error = error_of([&] { read_journal(folder / "j.jsonl"); });
  BOOST_TEST(contains(error, "3: "));
  BOOST_TEST(contains(error, "j.jsonl:3: this line is no record"));
  BOOST_TEST(cut_journal(folder / "j.jsonl", 5).steps.size() == 2U);
  BOOST_TEST(bytes_of(folder / "j.jsonl") == bytes.substr(0, third));
}

BOOST_AUTO_TEST_CASE(a_line_that_does_not_fit_the_disk_is_there_as_a_whole_or_not_at_all) {
  const ScratchFolder folder("full");
  const int code = in_child([&] {
    limit_file_size(1000);
    MetricsJournal journal(folder / "j.jsonl");
    for (Index step = 1; step <= 100; ++step) journal.append(sample_metrics(step).steps.back());
    return 0;
  });
  BOOST_TEST(code == 98);  // an exception
  const std::string bytes = bytes_of(folder / "j.jsonl");
  BOOST_TEST(bytes.size() > 500U);
  BOOST_TEST(bytes.back() == '\n');
  BOOST_TEST(!read_journal(folder / "j.jsonl").steps.empty());
}

BOOST_AUTO_TEST_CASE(a_kill_between_any_two_lines_loses_nothing) {
  const ScratchFolder folder("kill");
  const int code = in_child([&] {
    MetricsJournal journal(folder / "j.jsonl");
    for (Index step = 1; step <= 500; ++step) {
      journal.append(StepRecord{.step = step});
      if (step == 321) ::raise(SIGKILL);
    }
    return 0;
  });
  BOOST_TEST(code == -SIGKILL);
  BOOST_TEST(read_journal(folder / "j.jsonl").steps.size() == 321U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing

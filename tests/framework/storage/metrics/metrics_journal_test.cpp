#include "framework/storage/metrics/metrics_journal.hpp"

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <limits>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tests/framework/storage/samples.hpp"
#include "tests/support/child_process.hpp"

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
  const TemporaryFolder folder("journal");
  write_sample(folder / "j.jsonl");
  BOOST_TEST(same(read_journal(folder / "j.jsonl").tables, sample_metrics()));
  BOOST_TEST(bytes_of(folder / "j.jsonl") == journal_text(sample_metrics()));
}

BOOST_AUTO_TEST_CASE(a_step_is_one_line_of_json_with_the_shortest_numbers) {
  const TemporaryFolder folder("line");
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

BOOST_AUTO_TEST_CASE(layers_of_an_earlier_version_lack_the_newer_figures) {
  const TemporaryFolder folder("earlier");
  put_bytes(folder / "j.jsonl",
            "{\"type\":\"epoch\",\"epoch\":2,\"step\":5,\"train_loss\":1,\"train_accuracy\":1,"
            "\"validation_loss\":null,\"validation_accuracy\":null,\"test_loss\":null,"
            "\"test_accuracy\":null,\"seconds\":1,\"layers\":[{\"layer\":\"c1\","
            "\"activation_rms\":0.5,\"gradient_rms\":0.125}]}\n");
  const JournalContents found = read_journal(folder / "j.jsonl");
  BOOST_TEST(found.problems.empty());
  BOOST_REQUIRE(found.tables.epochs.size() == 1);
  BOOST_TEST(same(found.tables.epochs[0].layers.at(0),
                  {.layer = "c1", .activation_rms = 0.5, .gradient_rms = 0.125}));
}

BOOST_AUTO_TEST_CASE(a_missing_or_empty_journal_has_no_records) {
  const TemporaryFolder folder("none");
  BOOST_TEST(same(read_journal(folder / "j.jsonl").tables, {}));
  put_bytes(folder / "j.jsonl", "");
  BOOST_TEST(same(read_journal(folder / "j.jsonl").tables, {}));
}

BOOST_AUTO_TEST_CASE(a_torn_last_line_is_left_out_at_every_length) {
  const TemporaryFolder folder("torn");
  write_sample(folder / "j.jsonl");
  const std::string whole = bytes_of(folder / "j.jsonl");
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    put_bytes(folder / "j.jsonl", whole.substr(0, length));
    const auto lines = static_cast<std::size_t>(
        std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length), '\n'));
    const MetricsTables read = read_journal(folder / "j.jsonl").tables;
    BOOST_REQUIRE(read.steps.size() + read.epochs.size() == lines);
  }
}

BOOST_AUTO_TEST_CASE(lines_that_are_no_records_are_told_and_the_others_read) {
  const TemporaryFolder folder("lines");
  const std::string good = journal_text(sample_metrics());
  const std::string line = good.substr(0, good.find('\n') + 1);
  constexpr const char* kMember = "a member is missing or has another type";
  const std::vector<std::pair<std::string, std::string>> all = {
      {std::string(8, '\0'), "it is not JSON"},
      {"[]", kMember},
      {R"({"type":"step"})", kMember},
      {R"({"type":"step","step":"one"})", kMember},
      {R"({"type":"step","step":0})", "its step is 0"},
      {R"({"type":"lap","step":1})", "its type is 'lap'"},
      {R"({"type":"step","step":1,"epoch":1,"loss":1,"learning_rate":1,"gradient_norm":1,)"
       R"("images_per_second":1,"digest":"xyz"})",
       "its digest is 'xyz'"},
      {R"({"type":"epoch","epoch":1,"step":3,"confusion":[[1,2]]})", kMember}};
  for (const auto& [bad, reason] : all) {
    put_bytes(folder / "j.jsonl", line + bad + "\n" + good.substr(line.size()));
    const JournalContents found = read_journal(folder / "j.jsonl");
    BOOST_TEST(same(found.tables, sample_metrics()), bad);
    BOOST_REQUIRE(found.problems.size() == 1U);
    BOOST_TEST(found.problems[0].ends_with(fmt::format(
                   "j.jsonl:2: this line is no record of a step or an epoch ({})", reason)),
               found.problems[0]);
    BOOST_TEST(found.front_bytes == static_cast<std::int64_t>(line.size()));
    BOOST_TEST(!found.in_front);
  }
}

BOOST_AUTO_TEST_CASE(a_line_that_does_not_fit_the_disk_is_there_as_a_whole_or_not_at_all) {
  const TemporaryFolder folder("full");
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
  BOOST_TEST(!read_journal(folder / "j.jsonl").tables.steps.empty());
}

BOOST_AUTO_TEST_CASE(a_kill_between_any_two_lines_loses_nothing) {
  const TemporaryFolder folder("kill");
  const int code = in_child([&] {
    MetricsJournal journal(folder / "j.jsonl");
    for (Index step = 1; step <= 500; ++step) {
      journal.append(StepRecord{.step = step});
      if (step == 321) ::raise(SIGKILL);
    }
    return 0;
  });
  BOOST_TEST(code == -SIGKILL);
  BOOST_TEST(read_journal(folder / "j.jsonl").tables.steps.size() == 321U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep::testing

#include "experiments/doctor/report.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/experiments/doctor/made_up_facts.hpp"

namespace lockstep {
namespace {

using testing::healthy_job;

std::vector<std::string> texts(const JobFacts& job, const Findings& findings) {
  std::vector<std::string> texts;
  for (const ReportLine& line : doctor_lines(job, findings)) texts.push_back(line.text);
  return texts;
}

bool has(const std::vector<std::string>& lines, const std::string& text) {
  return std::ranges::find(lines, text) != lines.end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(doctor_report)

BOOST_AUTO_TEST_CASE(nothing_is_wider_than_80_columns) {
  JobFacts job = healthy_job(4);
  job.placement = testing::made_up_job(
      {.cpus = 1024}, std::vector<testing::MadeUpRank>(
                          4, {std::string(60, 'h'), {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 1000}}));
  Findings findings{{"limits", FindingLevel::change, ""}};
  for (std::size_t i = 0; i < 60; ++i)
    findings.front().message += "word" + std::string(i % 13, 'x') + ' ';
  for (const std::string& line : texts(job, findings)) BOOST_TEST(line.size() <= 80, line);
}

BOOST_AUTO_TEST_CASE(a_command_line_is_never_broken) {
  const std::string command = "`mpirun -n 2 --map-by slot:PE=4 --bind-to core lockstep train " +
                              std::string(40, 'x') + " --threads 4`,";
  const std::vector<std::string> lines =
      texts(healthy_job(1),
            {{"binding", FindingLevel::change, "Rank 0 is bound: start " + command + " or else."}});
  BOOST_TEST(has(lines, "        " + command));
  BOOST_TEST(has(lines, "change  Rank 0 is bound: start"));
}

BOOST_AUTO_TEST_CASE(a_quotation_mark_without_a_second_is_a_word_like_others) {
  const std::vector<std::string> lines =
      texts(healthy_job(1), {{"network", FindingLevel::note, "It is 'open and the host's own."}});
  BOOST_TEST(has(lines, "note    It is 'open and the host's own."));
}

BOOST_AUTO_TEST_CASE(the_last_line_counts) {
  const auto last = [](const Findings& findings) { return texts(healthy_job(1), findings).back(); };
  BOOST_TEST(last({}) == "nothing to change, 0 notes");
  BOOST_TEST(last({{"a", FindingLevel::change, "A."},
                   {"a", FindingLevel::note, "B."},
                   {"b", FindingLevel::change, "C."}}) == "2 things to change, 1 note");
}

BOOST_AUTO_TEST_CASE(json_has_findings_build_ranks_and_the_file_system) {
  const JobFacts job = healthy_job(2);
  const auto json =
      nlohmann::json::parse(doctor_json(job, {{"limits", FindingLevel::note, "Little."}}));
  BOOST_TEST(json["findings"][0]["section"] == "limits");
  BOOST_TEST(json["findings"][0]["level"] == "note");
  BOOST_TEST(json["findings"][0]["message"] == "Little.");
  BOOST_TEST(json["build"]["arithmetic_version"] == 1);
  BOOST_TEST(json["ranks"].size() == 2U);
  BOOST_TEST(json["ranks"][1]["host"] == "host1");
  BOOST_TEST(json["ranks"][1]["cpus"] == "0-1");
  BOOST_TEST(json["ranks"][1]["threads"] == 2);
  BOOST_TEST(json["ranks"][1]["interfaces"][1]["addresses"][0] == "10.0.0.2/24");
  BOOST_TEST(json["file_system"]["type"] == "ext4");
  BOOST_TEST(json["file_system"]["locks"] == true);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

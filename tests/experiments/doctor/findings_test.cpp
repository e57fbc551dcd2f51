#include "experiments/doctor/findings.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "tests/experiments/doctor/made_up_facts.hpp"

namespace lockstep {
namespace {

using testing::healthy_job;
using testing::made_up_job;

// The only finding of a section that is not ok.
Finding trouble(const Findings& findings) {
  const auto is_trouble = [](const Finding& f) { return f.level != FindingLevel::ok; };
  BOOST_REQUIRE(std::ranges::count_if(findings, is_trouble) == 1);
  return *std::ranges::find_if(findings, is_trouble);
}

void check_trouble(const Findings& findings, FindingLevel level,
                   const std::vector<std::string>& words) {
  const Finding found = trouble(findings);
  BOOST_TEST(to_string(found.level) == to_string(level), found.message);
  for (const std::string& word : words) {
    BOOST_TEST(found.message.find(word) != std::string::npos,
               word << " is missing: " << found.message);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(doctor_findings)

BOOST_AUTO_TEST_CASE(a_healthy_job_has_nothing_to_change) {
  for (const int ranks : {1, 3}) {
    for (const Finding& finding : examine(healthy_job(ranks))) {
      if (finding.where == "build") continue;  // this test may run in a debug build
      BOOST_TEST(to_string(finding.level) == "ok", finding.message);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_message_is_a_sentence) {
  JobFacts job = healthy_job(2);
  job.ranks[1].folder.problem = "cannot write to /runs: Permission denied.";
  job.ranks[1].data[0].digest = "other";
  for (const Finding& finding : examine(job)) {
    BOOST_TEST(finding.message.ends_with('.'), finding.message);
    BOOST_TEST(finding.message.find("..") == std::string::npos, finding.message);
    BOOST_TEST(finding.message.find("{}") == std::string::npos, finding.message);
  }
}

BOOST_AUTO_TEST_CASE(another_program_on_a_rank_is_to_be_changed) {
  JobFacts job = healthy_job(2);
  job.ranks[1].program = "lockstep 1.2.3 of commit abd, arithmetic version 2";
  const Findings findings = build_findings(job);
  BOOST_TEST(to_string(findings.back().level) == "change");
  BOOST_TEST(findings.back().message.find("Rank 1 on host1 is lockstep 1.2.3 of commit abd") == 0U);
}

BOOST_AUTO_TEST_CASE(a_forced_instruction_set_is_noted) {
  JobFacts job = healthy_job(1);
  job.ranks[0].isa = "avx2";
  check_trouble(processor_findings(job), FindingLevel::note,
                {"LOCKSTEP_ISA keeps host0 to avx2", "avx512"});
}

BOOST_AUTO_TEST_CASE(a_machine_without_vectors_is_noted) {
  JobFacts job = healthy_job(1);
  job.ranks[0].isa = "portable";
  job.ranks[0].isas = {"portable"};
  check_trouble(processor_findings(job), FindingLevel::note, {"neither AVX-512 nor AVX2"});
}

BOOST_AUTO_TEST_CASE(machines_of_different_speed_are_noted) {
  JobFacts job = healthy_job(2);
  job.ranks[1].isa = "avx2";
  job.ranks[1].isas = {"avx2", "portable"};
  check_trouble(processor_findings(job), FindingLevel::note,
                {"host1 runs avx2 and host0 runs avx512"});
}

BOOST_AUTO_TEST_CASE(a_starving_binding_is_to_be_changed) {
  JobFacts job = healthy_job(1);
  job.placement = made_up_job({.cpus = 2}, {{"host0", {0}}});
  check_trouble(binding_findings(job), FindingLevel::change,
                {"Rank 0 is bound to 1 core of host0",
                 "`mpirun -n 1 --map-by slot:PE=2 --bind-to core lockstep doctor`"});
}

BOOST_AUTO_TEST_CASE(more_ranks_than_cores_are_to_be_changed) {
  JobFacts job = healthy_job(3);
  job.placement =
      made_up_job({.cpus = 2}, {{"host0", {0, 1}}, {"host0", {0, 1}}, {"host0", {0, 1}}});
  check_trouble(binding_findings(job), FindingLevel::change,
                {"host0 has 3 ranks on 2 cores", "start 2 there at most"});
}

BOOST_AUTO_TEST_CASE(a_process_bound_by_hand_is_noted) {
  JobFacts job = healthy_job(1);
  job.placement = made_up_job({.cpus = 2, .launcher = Launcher::none}, {{"host0", {1}}});
  check_trouble(binding_findings(job), FindingLevel::note, {"may run on only 1 of 2 cores"});
}

BOOST_AUTO_TEST_CASE(a_quota_is_noted_and_to_be_changed_when_threads_exceed_it) {
  JobFacts job = healthy_job(1);
  job.placement = made_up_job({.cpus = 2, .cpu_quota = 1}, {{"host0", {0, 1}}});
  job.asked_threads = {1};
  check_trouble(binding_findings(job), FindingLevel::note, {"The cgroup of host0 allows 1 CPUs"});
  job.asked_threads = {2};
  const Findings findings = binding_findings(job);
  BOOST_TEST(to_string(findings.front().level) == "change");
  BOOST_TEST(findings.front().message.find("give --threads 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(hosts_without_a_common_network_are_noted) {
  JobFacts job = healthy_job(2);
  job.ranks[1].interfaces[1].addresses = {"10.0.1.2/24"};
  check_trouble(network_findings(job), FindingLevel::note,
                {"no IPv4 network in common", "btl_tcp_if_include"});
}

BOOST_AUTO_TEST_CASE(a_choice_of_networks_is_noted_with_the_options_that_decide) {
  JobFacts job = healthy_job(2);
  job.ranks[1].interfaces.push_back(
      {.name = "docker0", .is_up = true, .is_loopback = false, .addresses = {"172.17.0.1/16"}});
  check_trouble(network_findings(job), FindingLevel::note,
                {"'--mca btl_tcp_if_include 10.0.0.0/24 --mca oob_tcp_if_include 10.0.0.0/24'"});
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_written_is_to_be_changed) {
  JobFacts job = healthy_job(1);
  job.ranks[0].folder.problem = "cannot make /runs/x: Read-only file system.";
  check_trouble(
      file_system_findings(job), FindingLevel::change,
      {"Runs cannot be written into /runs (ext4)", "Read-only file system; name another"});
}

BOOST_AUTO_TEST_CASE(what_keeps_runs_from_being_written_decides_the_advice) {
  const auto advice = [](int number, const std::string& words) {
    JobFacts job = healthy_job(2);
    job.ranks[0].folder.problem = "cannot make /runs/x: The reason.";
    job.ranks[0].folder.problem_number = number;
    check_trouble(file_system_findings(job), FindingLevel::change, {"The reason; " + words});
    job = healthy_job(2);
    job.ranks[1].folder.problem = "cannot make /runs/x: The reason.";
    job.ranks[1].folder.problem_number = number;
    check_trouble(file_system_findings(job), FindingLevel::note, {"goes on as rank 0: " + words});
  };
  advice(ENOSPC, "make room there, or name another folder with --out.");
  advice(EDQUOT, "make room there, or name another folder with --out.");
  advice(EROFS, "mount it for writing, or name another folder with --out.");
  advice(EACCES, "check its permissions, or name another folder with --out.");
  advice(0, "name another folder with --out.");
}

BOOST_AUTO_TEST_CASE(a_file_system_that_is_not_known_is_left_out) {
  JobFacts job = healthy_job(1);
  job.ranks[0].folder.file_system = {};
  job.ranks[0].folder.problem = "cannot look into /runs: Permission denied.";
  check_trouble(file_system_findings(job), FindingLevel::change, {"written into /runs: cannot"});
}

BOOST_AUTO_TEST_CASE(a_full_file_system_is_to_be_changed) {
  JobFacts job = healthy_job(1);
  job.ranks[0].folder.file_system.free_bytes = 3 << 20;
  check_trouble(file_system_findings(job), FindingLevel::change, {"/runs has 3.0 MiB free"});
}

BOOST_AUTO_TEST_CASE(what_a_folder_cannot_do_is_noted) {
  const auto notes = [](const auto& change, const std::string& words) {
    JobFacts job = healthy_job(2);
    change(job);
    check_trouble(file_system_findings(job), FindingLevel::note, {words});
  };
  notes([](JobFacts& job) { job.ranks[0].folder.write_seconds = 0.5; }, "takes 0.5 s");
  notes([](JobFacts& job) { job.ranks[0].folder.file_system.is_memory = true; }, "is memory");
  notes([](JobFacts& job) { job.ranks[1].folder.sees_rank_0 = false; },
        "host1 has another /runs than host0");
  notes([](JobFacts& job) { job.ranks[1].folder.problem = "cannot make it: No."; },
        "Rank 1 on host1 could not write a run (cannot make it: No), which");
  notes([](JobFacts& job) { job.ranks[1].folder.is_kept_out = false; },
        "host1 does not notice the locks of host0");
  notes(
      [](JobFacts& job) {
        for (RankFacts& rank : job.ranks) rank.folder.is_kept_out = false;
      },
      "HDF5_USE_FILE_LOCKING=FALSE");
}

BOOST_AUTO_TEST_CASE(data_that_are_nowhere_are_noted_and_damaged_ones_to_be_changed) {
  JobFacts job = healthy_job(1);
  job.ranks[0].data[0] = {.name = "mnist",
                          .advice = "run `bash data/fetch.sh mnist`",
                          .place = "",
                          .digest = "",
                          .problem = "nowhere"};
  check_trouble(data_findings(job), FindingLevel::note,
                {"host0 does not have mnist: to train on it, run `bash data/fetch.sh mnist`, or "
                 "set LOCKSTEP_DATA to the folder"});
  job.ranks[0].data[0].is_damaged = true;
  job.ranks[0].data[0].problem = "t10k-images is truncated.";
  check_trouble(data_findings(job), FindingLevel::change, {"t10k-images is truncated."});
}

BOOST_AUTO_TEST_CASE(a_host_with_other_data_is_to_be_changed) {
  JobFacts job = healthy_job(2);
  job.ranks[1].data[0].digest = "d2";
  job.ranks[1].data[0].place = "/elsewhere";
  check_trouble(data_findings(job), FindingLevel::change,
                {"host1 has another mnist than host0 (/elsewhere and /data/mnist)"});
}

BOOST_AUTO_TEST_CASE(data_that_one_host_lacks_are_one_finding_of_where_they_are) {
  const DataFacts missing{.name = "mnist", .place = "", .digest = "", .problem = "nowhere"};
  JobFacts job = healthy_job(2);
  job.ranks[1].data[0] = missing;
  check_trouble(data_findings(job), FindingLevel::change,
                {"host1 does not have mnist, which host0 has in /data/mnist: give all ranks"});
  job = healthy_job(3);
  job.ranks[0].data[0] = missing;
  check_trouble(data_findings(job), FindingLevel::change,
                {"host0 does not have mnist, which host1 has in /data/mnist: give all ranks"});
}

BOOST_AUTO_TEST_CASE(data_are_not_compared_with_damaged_ones) {
  JobFacts job = healthy_job(2);
  job.ranks[0].data[0] = {.name = "mnist",
                          .place = "",
                          .digest = "",
                          .problem = "t10k-images is truncated.",
                          .is_damaged = true};
  check_trouble(data_findings(job), FindingLevel::change, {"host0 has mnist, but it cannot"});
}

BOOST_AUTO_TEST_CASE(a_rank_that_looks_elsewhere_than_its_host_is_named) {
  JobFacts job = healthy_job(2);
  job.placement = made_up_job({.cpus = 2}, {{"host0", {0}}, {"host0", {1}}});
  job.ranks[1].data[0].digest = "d2";
  job.ranks[1].data[0].place = "/elsewhere";
  check_trouble(
      data_findings(job), FindingLevel::change,
      {"Rank 1 on host0 has another mnist than rank 0 on host0 (/elsewhere and /data/mnist)"});
  job.ranks[1].data.clear();
  BOOST_TEST(data_findings(job).size() == 1U);
}

BOOST_AUTO_TEST_CASE(limits_that_end_runs_are_to_be_changed) {
  JobFacts job = healthy_job(1);
  job.ranks[0].resources.open_files = 64;
  check_trouble(limit_findings(job), FindingLevel::change, {"64 files only", "ulimit -n"});
  job = healthy_job(2);
  job.placement = made_up_job({.cpus = 2}, {{"host0", {0}}, {"host0", {1}}});
  job.ranks[0].resources.shared_memory_free = 1 << 20;
  check_trouble(limit_findings(job), FindingLevel::change, {"1.0 MiB of /dev/shm for 2 ranks"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

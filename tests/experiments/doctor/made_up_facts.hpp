#pragma once

#include <array>
#include <string>
#include <vector>

#include "experiments/doctor/facts.hpp"
#include "tests/cluster/made_up_placements.hpp"

namespace lockstep::testing {

/// A rank of a machine that is as it should be.
inline RankFacts healthy_rank(const std::string& address) {
  constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;
  return {.program = "lockstep 1.2.3 of commit abc, arithmetic version 1",
          .isa = "avx512",
          .isas = {"avx512", "avx2", "portable"},
          .interfaces =
              {{.name = "lo", .is_up = true, .is_loopback = true, .addresses = {"127.0.0.1/8"}},
               {.name = "eth0",
                .is_up = true,
                .is_loopback = false,
                .addresses = {address, "fd00::2/64"}}},
          .resources = {.processor = "Processor 9000",
                        .memory_available = 16 * kGibibyte,
                        .open_files = 1024,
                        .core_file_bytes = 0,
                        .shared_memory_free = kGibibyte},
          .reading = {.own_process = true, .limited_calls = true, .problem = ""},
          .data = {{.name = "mnist", .place = "/data/mnist", .digest = "d1", .problem = ""}},
          .folder = {.path = "/runs",
                     .problem = "",
                     .file_system = {.type = "ext4", .free_bytes = 16 * kGibibyte},
                     .sees_rank_0 = true,
                     .is_kept_out = true,
                     .write_seconds = 0.004}};
}

/// A job where nothing is to be changed: rank r runs on a host of its own.
inline JobFacts healthy_job(int ranks) {
  static constexpr std::array<const char*, 2> kWords = {"lockstep", "doctor"};
  std::vector<MadeUpRank> places;
  std::vector<RankFacts> facts;
  for (int rank = 0; rank < ranks; ++rank) {
    places.push_back({"host" + std::to_string(rank), {0, 1}});
    facts.push_back(healthy_rank("10.0.0." + std::to_string(rank + 1) + "/24"));
  }
  return {.placement = made_up_job({.cpus = 2}, places),
          .asked_threads = std::vector<int>(places.size(), 0),
          .words = kWords,
          .mpi_library = "Open MPI v4.1.4",
          .mpi_thread_level = "funneled",
          .hdf5_locking = "",
          .ranks = facts};
}

}  // namespace lockstep::testing

#include "experiments/doctor/facts.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/program/agreement.hpp"
#include "framework/core/error.hpp"
#include "framework/kernels/isa.hpp"
#include "framework/storage/hdf5/reading.hpp"

namespace lockstep {

// How facts travel between ranks.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NetworkInterface, name, is_up, is_loopback, addresses)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HostResources, processor, memory_available, open_files,
                                   core_file_bytes, shared_memory_free)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FileSystem, type, is_network, is_memory, free_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DataFacts, name, advice, place, digest, problem, is_damaged)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FolderFacts, path, problem, problem_number, file_system,
                                   sees_rank_0, is_kept_out, write_seconds)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReadingFacts, own_process, limited_calls, problem)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RankFacts, program, isa, isas, interfaces, resources, reading,
                                   data, folder)

namespace {

DataFacts find_data(const DataFormat& format, const DataPlaces& places) {
  DataFacts facts;
  facts.name = format.name;
  facts.advice = format.advice;
  try {
    const LoadedData data = open_dataset({.source = {.names = {facts.name}}, .places = places});
    facts.place = data.origin;
    facts.digest = data.train.digest().hex() + data.test.digest().hex();
  } catch (const SettingError& error) {
    facts.problem = error.what();  // it is nowhere
  } catch (const Error& error) {
    facts.problem = error.what();
    facts.is_damaged = true;
  }
  return facts;
}

// Whether this is the first of the ranks that would find the same. Collective.
bool looks_for_data(const CommandContext& context) {
  const std::vector<std::string> sharers = all_gather_text(
      context.communicator(), sharers_of(context, {.source = {}, .places = context.data_places}));
  const auto own = sharers.begin() + context.session.rank();
  return std::find(sharers.begin(), own, *own) == own;
}

bool is_first_of_host(const JobPlacement& placement, int rank) {
  for (int other = 0; other < rank; ++other) {
    if (placement.of(other).host == placement.of(rank).host) return false;
  }
  return true;
}

ReadingFacts reading_facts() {
  const ReadingProtection found = reading_protection();
  return {found.own_process, found.limited_calls, found.problem};
}

RankFacts facts_of_this_rank(const CommandContext& context, const std::string& out) {
  RankFacts facts{.program = own_program_line(),
                  .isa = current_isa(),
                  .isas = available_isas(),
                  .interfaces = network_interfaces(),
                  .resources = host_resources(),
                  .reading = reading_facts(),
                  .data = {},
                  .folder = examine_folder(context, out)};
  if (!looks_for_data(context)) return facts;
  for (const DataFormat& format : all_data_formats()) {
    if (format.home != DataHome::named) continue;
    context.session.heartbeat().enter("search for data sets", 0);
    facts.data.push_back(find_data(format, context.data_places));
  }
  return facts;
}

}  // namespace

std::vector<int> JobFacts::first_ranks() const {
  std::vector<int> first;
  for (int rank = 0; rank < placement.size(); ++rank) {
    if (is_first_of_host(placement, rank)) first.push_back(rank);
  }
  return first;
}

JobFacts gather_facts(const CommandContext& context, const std::string& out) {
  const nlohmann::json mine = facts_of_this_rank(context, out);
  const char* const locking = std::getenv("HDF5_USE_FILE_LOCKING");
  JobFacts facts{.placement = context.session.placement(),
                 .asked_threads = context.asked_threads,
                 .words = context.words,
                 .mpi_library = context.session.mpi_library(),
                 .mpi_thread_level = context.session.thread_level(),
                 .hdf5_locking = locking == nullptr ? "" : locking,
                 .ranks = {}};
  const std::string text = mine.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (const std::string& of_rank : all_gather_text(context.communicator(), text)) {
    facts.ranks.push_back(nlohmann::json::parse(of_rank).get<RankFacts>());
  }
  return facts;
}

}  // namespace lockstep

#include "experiments/program/agreement.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cluster/host_memory.hpp"
#include "experiments/text/value_json.hpp"
#include "framework/storage/checkpoint/checkpoint.hpp"

namespace lockstep {
namespace {

std::string describe_part(std::string_view part, const ImageSet& images) {
  return fmt::format("{}: {} samples with digest {}", part, images.size(), images.digest().hex());
}

}  // namespace

std::string program_line(const BuildInfo& build, int arithmetic_version) {
  return fmt::format("lockstep {} of commit {}, arithmetic version {}", build.version, build.commit,
                     arithmetic_version);
}

std::string own_program_line() { return program_line(build_info(), kArithmeticVersion); }

void check_same_program(const CommandContext& context) {
  check_same_program(context.communicator(), own_program_line());
}

void check_same_program(Communicator& communicator, const std::string& mine) {
  require_agreement(communicator, {.what = "version of the program",
                                   .mine = mine,
                                   .code = errors::kRanksDiffer,
                                   .advice = "install the same one on all hosts."});
}

std::string key_of(const DataRequest& request) {
  const auto absolute = [](const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::absolute(path, ignored).string();
  };
  // Names all members, so that a new member does not compile until it counts here.
  const auto& [source, places, parts] = request;
  const auto& [names, path, settings] = source;
  const auto& [chosen, sources, installed, packages] = places;
  const nlohmann::ordered_json key = {names,
                                      absolute(path),
                                      to_json(settings),
                                      absolute(chosen),
                                      absolute(sources),
                                      absolute(installed),
                                      absolute(packages),
                                      parts};
  return key.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string sharers_of(const CommandContext& context, const DataRequest& request) {
  return fmt::format("{}\n{}\n{}", context.session.host_name(), HostMemory::reach(),
                     key_of(request));
}

void check_same_data(const CommandContext& context, const LoadedData& data) {
  require_agreement(
      context.communicator(),
      {.what = "data set",
       .mine = fmt::format("{}, {}, {}", data.name, describe_part("training", data.train),
                           describe_part("test", data.test)),
       .code = errors::kRanksHaveOtherData,
       .advice = "give all hosts the same files, and LOCKSTEP_DATA if it is used (mpirun -x "
                 "LOCKSTEP_DATA)."});
}

void check_same_start(Communicator& communicator, const Digest& weights) {
  require_agreement(
      communicator,
      {.what = "set of weights to start from",
       .mine = "digest " + weights.hex(),
       .code = errors::kReplicasApart,
       .advice = "they were sent from rank 0, so memory or network of that rank's host is faulty: "
                 "start without it."});
}

}  // namespace lockstep

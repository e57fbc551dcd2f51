#include "experiments/workbench/agreement.hpp"

#include <fmt/format.h>

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
                                   .kind = ErrorKind::usage,
                                   .advice = "install the same one on all hosts."});
}

void check_same_data(const CommandContext& context, const LoadedData& data) {
  require_agreement(
      context.communicator(),
      {.what = "data set",
       .mine = fmt::format("{}, {}, {}", data.name, describe_part("training", data.train),
                           describe_part("test", data.test)),
       .kind = ErrorKind::data,
       .advice = "give all hosts the same files, and LOCKSTEP_DATA if it is used (mpirun -x "
                 "LOCKSTEP_DATA)."});
}

void check_same_start(Communicator& communicator, const Digest& weights) {
  require_agreement(
      communicator,
      {.what = "set of weights to start from",
       .mine = "digest " + weights.hex(),
       .kind = ErrorKind::numeric,
       .advice = "they were sent from rank 0, so memory or network of that rank's host is faulty: "
                 "start without it."});
}

}  // namespace lockstep

#include "experiments/agreement.hpp"

#include <fmt/format.h>

#include "framework/core/build_info.hpp"
#include "framework/storage/checkpoint.hpp"
#include "framework/training/communicator.hpp"

namespace lockstep {
namespace {

std::string describe_part(std::string_view part, const ImageSet& images) {
  return fmt::format("{}: {} samples with digest {}", part, images.size(), images.digest().hex());
}

}  // namespace

void check_same_program(const CommandContext& context) {
  const BuildInfo build = build_info();
  require_agreement(context.communicator(),
                    {.what = "version of the program",
                     .mine = fmt::format("lockstep {} of commit {}, arithmetic version {}",
                                         build.version, build.commit, kArithmeticVersion),
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

}  // namespace lockstep

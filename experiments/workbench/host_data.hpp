#pragma once

// A data set that is read once a host, and lies in its memory once.

#include <functional>
#include <memory>
#include <string>

#include "cluster/host_memory.hpp"
#include "data/catalogue.hpp"
#include "framework/training/exchange/communicator.hpp"

namespace lockstep {

/// How a rank would load its data alone.
struct HostDataRequest {
  /// Equal for ranks that would load the same and can reach one another's memory.
  std::string sharers;
  std::function<LoadedData()> open;
};

/// What a rank has then.
struct HostData {
  std::unique_ptr<const HostMemory> memory;  ///< of the samples; none: they are the data's own
  std::unique_ptr<const LoadedData> data;
  std::string warning;  ///< the same on all ranks: why some have copies of their own; mostly empty
};

/// The lowest of the ranks that share reads, the others see its memory; while it copies there, it
/// has the samples twice. Where memory cannot be shared, each rank reads. Collective.
/// @throws CollectiveError as `open`
HostData load_once_a_host(Communicator& communicator, const HostDataRequest& request);

}  // namespace lockstep

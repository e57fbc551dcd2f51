#pragma once

// A data set that is read once per host and lies in the host's memory once.

#include <functional>
#include <memory>
#include <string>

#include "cluster/host_memory.hpp"
#include "data/catalogue.hpp"
#include "framework/training/exchange/communicator.hpp"

namespace lockstep {

/// How a rank would load its data alone.
struct HostDataRequest {
  /// Equal for ranks that would load the same data and can reach one another's memory.
  std::string sharers;
  std::function<LoadedData()> open;
};

/// What a rank has afterwards.
struct HostData {
  std::unique_ptr<const HostMemory> memory;  ///< of the samples; null: the data own them
  std::unique_ptr<const LoadedData> data;
  std::string warning;  ///< the same on all ranks: why some have copies of their own; mostly empty
};

/// The lowest of the ranks that share data reads them, and the others see its memory. While it
/// copies the samples into that memory it has them twice. If memory cannot be shared, each rank
/// reads. Collective.
/// @throws CollectiveError as `open`
HostData load_once_a_host(Communicator& communicator, const HostDataRequest& request);

}  // namespace lockstep

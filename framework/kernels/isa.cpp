#include "framework/kernels/isa.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

struct Isa {
  std::string_view name;
  std::int64_t targets;
};

// Targets above AVX3 have lower bits. Later versions of Highway compile them.
constexpr std::array<Isa, 3> kIsas{{{"avx512", HWY_TARGETS&(2 * HWY_AVX3 - 1)},
                                    {"avx2", HWY_AVX2},
                                    {"portable", HWY_TARGETS&(HWY_SCALAR | HWY_EMU128)}}};

bool is_available(const Isa& isa) {
  return (isa.targets & HWY_TARGETS & hwy::SupportedTargets()) != 0;
}

void choose(std::int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

std::vector<std::string> names_of_available() {
  std::vector<std::string> names;
  for (const Isa& isa : kIsas) {
    if (is_available(isa)) names.emplace_back(isa.name);
  }
  return names;
}

}  // namespace

std::string current_isa() { return names_of_available().front(); }

std::vector<std::string> available_isas() {
  const std::int64_t forced = hwy::SupportedTargets();
  hwy::SetSupportedTargetsForTest(0);  // what the machine itself can run
  std::vector<std::string> names = names_of_available();
  choose(forced);
  return names;
}

void force_isa(std::string_view name) {
  const std::vector<std::string> available = available_isas();
  const auto* isa = std::find_if(kIsas.begin(), kIsas.end(),
                                 [name](const Isa& candidate) { return candidate.name == name; });
  if (isa == kIsas.end() ||
      std::find(available.begin(), available.end(), name) == available.end()) {
    throw Error(errors::kInstructionSet,
                fmt::format("The instruction set '{}' {}; expected one that this machine runs: {}.",
                            name, isa == kIsas.end() ? "is unknown" : "is not available here",
                            fmt::join(available, ", ")));
  }
  choose(isa->targets);
}

void apply_isa_setting(std::optional<std::string_view> lockstep_isa) {
  if (!lockstep_isa || lockstep_isa->empty()) return;
  try {
    force_isa(*lockstep_isa);
  } catch (const Error& error) {
    throw Error(errors::kInstructionSet,
                fmt::format("In the environment variable LOCKSTEP_ISA: {}", error.what()));
  }
}

}  // namespace lockstep

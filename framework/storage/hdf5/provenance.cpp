#include "framework/storage/hdf5/provenance.hpp"

#include <fmt/format.h>

#include "framework/storage/hdf5/hdf5_file.hpp"
#include "framework/storage/hdf5/layout.hpp"

namespace lockstep {

namespace layout = checkpoint_layout;

std::string to_text(const ProvenanceValue& value) {
  return std::visit([](const auto& fact) { return fmt::format("{}", fact); }, value);
}

void write_provenance(Hdf5Writer& file, const Provenance& provenance) {
  if (provenance.entries.empty()) return;
  file.add_group(layout::kProvenance);
  file.add_attribute(layout::kProvenance, layout::kLongName,
                     "what wrote this file, where, and from which data");
  for (const auto& entry : provenance.entries) {
    const auto write = [&](const auto& fact) {
      file.add_attribute(layout::kProvenance, entry.first, fact);
    };
    std::visit(write, entry.second);
  }
}

}  // namespace lockstep

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lockstep {

class Hdf5Writer;

/// A fact about the origin of a file: a text or a count.
using ProvenanceValue = std::variant<std::string, std::int64_t>;

std::string to_text(const ProvenanceValue& value);

struct Provenance {
  std::vector<std::pair<std::string, ProvenanceValue>>
      entries;  ///< version, commit, compiler, ranks, ...
};

/// Writes the group /provenance with one attribute per fact. Writes nothing if there are none.
void write_provenance(Hdf5Writer& file, const Provenance& provenance);

}  // namespace lockstep

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lockstep {

class Hdf5Writer;

/// A fact about how a file came to be: a text or a count.
using ProvenanceValue = std::variant<std::string, std::int64_t>;

std::string to_text(const ProvenanceValue& value);

struct Provenance {
  std::vector<std::pair<std::string, ProvenanceValue>>
      entries;  ///< version, commit, compiler, ranks, ...
};

/// Writes the group /provenance with an attribute a fact; nothing without any.
void write_provenance(Hdf5Writer& file, const Provenance& provenance);

}  // namespace lockstep

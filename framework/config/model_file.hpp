#pragma once

#include <filesystem>
#include <string_view>

#include "framework/core/settings.hpp"

namespace lockstep {

enum class DocumentKind { model, experiment, sweep, unknown };

/// What a document is by its top-level keys: a model has `layers`, a sweep `base` or `parameters`,
/// an experiment `model`, `data` or `train`.
DocumentKind document_kind(const Value& document);
/// "a model file", "an experiment file", ...
std::string_view kind_name(DocumentKind kind);

/// Reads a model file; parse_graph_spec checks what is inside.
/// @throws Error (usage) when it cannot be read, or is of another kind
Value load_model(const std::filesystem::path& file);

/// Replaces the `model` of an experiment document by the mapping of the file that it names,
/// relative to `folder`; a model in place stays. A document without `model` is left alone.
/// @throws Error (usage) at the place of `model` when the file cannot be read, and at the place in
///         the model file for what is wrong inside it
void put_model_in_place(Value& document, const std::filesystem::path& folder);

}  // namespace lockstep

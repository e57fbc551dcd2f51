#pragma once

#include <filesystem>
#include <string_view>

#include "framework/core/settings.hpp"

namespace lockstep {

enum class DocumentKind { model, experiment, sweep, unknown };

/// The kind of a document, by its top-level keys: a model has `layers`, a sweep `base` or
/// `parameters`, an experiment `model`, `data` or `train`.
DocumentKind document_kind(const Value& document);
/// "a model file", "an experiment file", ...
std::string_view kind_name(DocumentKind kind);

/// Reads a model file. parse_graph_spec checks its contents.
/// @throws Error (usage) if it cannot be read or is of another kind
Value load_model(const std::filesystem::path& file);

/// Replaces the `model` of an experiment document by the mapping in the file that it names,
/// relative to `folder`. A model written in place stays. A document without `model` is left alone.
/// @throws Error (usage) at the place of `model` if the file cannot be read, and at the place in
///         the model file for mistakes inside it
void put_model_in_place(Value& document, const std::filesystem::path& folder);

}  // namespace lockstep

#include "framework/config/model_file.hpp"

#include <string>

#include <fmt/format.h>

#include "framework/config/yaml_reader.hpp"
#include "framework/config/yaml_text.hpp"
#include "framework/core/error.hpp"

namespace lockstep {
namespace {

Value checked_model(Value document, const std::string& file) {
  const DocumentKind kind = document_kind(document);
  if (kind == DocumentKind::model) return document;
  const std::string what = kind == DocumentKind::unknown
                               ? "this is no model: it has no 'layers'"
                               : fmt::format(
                                     "this is {}, where a model file is expected (one with "
                                     "'input' and 'layers')",
                                     kind_name(kind));
  throw Error(errors::kOtherDocument, fmt::format("{}:1:1: {}.", file, what));
}

Value read_model(const std::filesystem::path& file, const Location& named_at) {
  std::string text;
  try {
    text = read_small_file(file);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}model: {}", named_at.prefix(), error.what()));
  }
  return checked_model(read_yaml_text(text, file.string()), file.string());
}

}  // namespace

DocumentKind document_kind(const Value& document) {
  const auto has = [&](std::string_view key) { return document.find(key) != nullptr; };
  if (has("layers")) return DocumentKind::model;
  if (has("base") || has("parameters")) return DocumentKind::sweep;
  if (has("model") || has("train") || has("data")) return DocumentKind::experiment;
  return DocumentKind::unknown;
}

std::string_view kind_name(DocumentKind kind) {
  switch (kind) {
    case DocumentKind::model:
      return "a model file";
    case DocumentKind::experiment:
      return "an experiment file";
    case DocumentKind::sweep:
      return "a sweep file";
    case DocumentKind::unknown:
      break;
  }
  return "an unknown file";
}

Value load_model(const std::filesystem::path& file) {
  return checked_model(read_yaml_file(file), file.string());
}

void put_model_in_place(Value& document, const std::filesystem::path& folder) {
  Value* model = document.find("model");
  if (model == nullptr || model->kind == Value::Kind::mapping) return;
  if (!model->is_text() || model->text.empty()) {
    throw Error(errors::kWrongValue,
                fmt::format("{}model must be the path of a model file, relative to the experiment "
                            "file, or the model itself, but is {}.",
                            model->location.prefix(), model->describe()));
  }
  *model = read_model((folder / model->text).lexically_normal(), model->location);
}

}  // namespace lockstep

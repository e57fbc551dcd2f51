#pragma once

#include <CLI/CLI.hpp>

namespace lockstep {

/// Lets an app and the verbs added to it later print their help within 80 columns: options with
/// the name of their value alone, long descriptions wrapped.
void use_short_help(CLI::App& app);

/// The app's help text as use_short_help() arranges it.
std::string help_text(const CLI::App& app);

}  // namespace lockstep

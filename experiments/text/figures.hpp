#pragma once

#include <string>
#include <string_view>

#include "framework/core/shape.hpp"

namespace lockstep {

// How figures are written for people.

/// "2.3026"; four significant digits from 10,000 on ("4.125e+05"); "-" for NaN, which means not
/// measured.
std::string figure(double value);
/// 0.9906 as "99.06 %"; "-" for NaN.
std::string percent(double share);
/// "1 step", "2 steps".
std::string count_of(Index number, std::string_view noun);
/// "44,426"
std::string thousands(Index number);
/// "512 B", "8.0 MiB", "72.4 GiB"
std::string bytes_in_words(Index bytes);
/// "1:05", "2:00:07": minutes and seconds, from one hour on with hours.
std::string clock_text(double seconds);
/// The name of a figure, "dead_share", as "dead share".
std::string spelled_out(std::string_view name);

/// The name of an evaluation's figure in two parts: "train_loss" is the "loss" of "training".
struct FigureName {
  std::string set;
  std::string measure;
};
FigureName figure_name(std::string_view name);

/// At most `most` bytes of a text. The end of a longer text is replaced by "...".
std::string shortened(std::string_view text, std::size_t most);

}  // namespace lockstep

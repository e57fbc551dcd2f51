#pragma once

#include <cstdint>

namespace lockstep {

/// The class of a sample, counted from 0. Wherever labels are stored or passed on, they have this
/// type: it alone decides how many classes there can be.
using Label = std::uint8_t;

}  // namespace lockstep

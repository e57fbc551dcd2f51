#include "framework/core/race_annotations.hpp"

namespace lockstep::race_annotations {

void release(void* /*address*/) noexcept {}

void acquire(void* /*address*/) noexcept {}

}  // namespace lockstep::race_annotations

#pragma once

#include <cstddef>

namespace lockstep {

/// Elements [first, last) of a numbered list.
struct IndexRange {
  std::size_t first = 0;
  std::size_t last = 0;

  std::size_t size() const { return last - first; }
  bool empty() const { return first == last; }
  bool contains(std::size_t i) const { return first <= i && i < last; }
};

/// One of `count` nearly equal parts of work that several threads do together.
struct Share {
  std::size_t index = 0;
  std::size_t count = 1;

  IndexRange of(std::size_t things) const {
    return {things * index / count, things * (index + 1) / count};
  }
  bool is_all() const { return count == 1; }
};

}  // namespace lockstep

#pragma once

// Files and errors of the tests of data/.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/core/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lockstep {

using Bytes = std::vector<std::uint8_t>;

/// The bytes as one gzip stream.
Bytes gzipped(std::span<const std::uint8_t> bytes);

Bytes joined(std::initializer_list<Bytes> pieces);

/// The number as four bytes, the highest first.
Bytes big_endian(std::uint32_t number);

/// 0, 1, 2, ... modulo 256
Bytes counting(std::size_t count);

/// IDX files: magic, sizes, content as given, whether it fits or not.
Bytes idx_images(std::initializer_list<std::uint32_t> sizes, const Bytes& pixels);
Bytes idx_labels(std::uint32_t count, const Bytes& labels);

/// Runs something that must fail with an Error of this kind; returns its message. Fails the test
/// (and returns "") if it does not, or if the message is not one line.
std::string error_of(ErrorKind kind, const std::function<void()>& action);

bool contains(std::string_view text, std::string_view part);

}  // namespace lockstep

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "framework/storage/hdf5/contents.hpp"

namespace lockstep::hdf5 {

/// Receives all numbers of a data set, a stretch of whole rows at a time, in order.
using Stretch = std::function<void(std::span<const std::byte>)>;

/// The contents of a file in memory, parsed by libhdf5 in this process.
class LibraryContents final : public Contents {
 public:
  /// @param image  the whole file; must outlive this object
  /// @param name   of the file, for messages
  LibraryContents(std::span<const std::byte> image, std::string name);
  ~LibraryContents() override;

  Hdf5Node node(const std::string& path) override;
  std::vector<std::string> children(const std::string& group) override;
  std::vector<std::string> attributes(const std::string& object) override;
  bool has_attribute(const std::string& object, const std::string& name) override;
  Description describe(const Place& place) override;
  void read_numbers(const Place& place, Hdf5Element element, std::span<std::byte> values) override;
  std::vector<std::string> read_texts(const Place& place) override;

  /// As `read_numbers`, but without room for all of them at once.
  void read_stretches(const Place& place, Hdf5Element element, const Stretch& take);

 private:
  std::string name_;
  std::int64_t file_ = -1;
};

}  // namespace lockstep::hdf5

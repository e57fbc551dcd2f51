#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "framework/storage/hdf5/contents.hpp"
#include "framework/storage/sandbox/sandboxed_process.hpp"

namespace lockstep::hdf5 {

/// The contents of a file, parsed by libhdf5 in a process of its own. What crashes, hangs or fills
/// memory there is an Error (data) here. What comes from there is not believed, either.
class IsolatedContents final : public Contents {
 public:
  /// @param file  an open file, of `size` bytes
  /// @param name  of the file, for messages
  IsolatedContents(int file, std::size_t size, std::string name);
  /// A file in memory, which is copied.
  IsolatedContents(std::span<const std::byte> image, std::string name);

  Hdf5Node node(const std::string& path) override;
  std::vector<std::string> children(const std::string& group) override;
  std::vector<std::string> attributes(const std::string& object) override;
  bool has_attribute(const std::string& object, const std::string& name) override;
  Description describe(const Place& place) override;
  void read_numbers(const Place& place, Hdf5Element element, std::span<std::byte> values) override;
  std::vector<std::string> read_texts(const Place& place) override;

  /// Whether the other process may make only the calls of the system that it needs.
  bool calls_are_limited() const { return calls_are_limited_; }

 private:
  using Starting = std::function<std::unique_ptr<SandboxedProcess>()>;
  void start(const Starting& starting);
  MessageReader ask(const MessageWriter& question);
  MessageReader answer();
  void receive_numbers(std::span<std::byte> values);
  template <typename Asking>
  auto guarded(const Asking& asking) -> decltype(asking());

  std::string name_;
  std::size_t size_;
  std::unique_ptr<SandboxedProcess> process_;
  bool calls_are_limited_ = false;
};

}  // namespace lockstep::hdf5

#include "framework/storage/hdf5/isolated_contents.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

#include "framework/core/error.hpp"
#include "framework/storage/hdf5/questions.hpp"

namespace lockstep::hdf5 {
namespace {

MessageWriter question(Question kind, const Place& place,
                       Hdf5Element element = Hdf5Element::other) {
  MessageWriter message;
  message.add_number(static_cast<std::uint64_t>(kind));
  message.add_text(place.object);
  message.add_text(place.attribute);
  message.add_number(static_cast<std::uint64_t>(element));
  return message;
}

template <typename Kind>
Kind kind_from(std::uint64_t number, Kind last) {
  if (number > static_cast<std::uint64_t>(last)) throw MalformedMessage();
  return static_cast<Kind>(number);
}

/// The most bytes of numbers that a file of a size can hold: compressed as well as can be, or a
/// little that was never written.
std::size_t most_bytes(std::size_t file_size) {
  constexpr std::size_t kLittle = std::size_t{1} << 26;
  constexpr std::size_t kBestDeflate = 1032;
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 2;
  return file_size > kMost / kBestDeflate ? kMost : std::max(kLittle, file_size * kBestDeflate);
}

/// A file in memory that another process can be given.
class MemoryFile {
 public:
  explicit MemoryFile(std::span<const std::byte> bytes)
      : descriptor_(::memfd_create("lockstep", MFD_CLOEXEC)) {
    while (descriptor_ >= 0 && !bytes.empty()) {
      const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno != EINTR) fail();
      if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    if (descriptor_ < 0) fail();
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  [[noreturn]] void fail() const {
    const int reason = errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    throw NoProcess(std::generic_category().message(reason));
  }

  int descriptor_;
};

std::string lost_sentence(const std::string& name, const std::string& reason) {
  return fmt::format(
      "{}: the process that read it for this one is lost: {}. The file is damaged, or made to do "
      "harm; take another copy, or make it anew.",
      name, reason);
}

}  // namespace

// Every exchange with the other process: whatever goes wrong with it is an error of the file.
template <typename Asking>
auto IsolatedContents::guarded(const Asking& asking) -> decltype(asking()) {
  try {
    return asking();
  } catch (const ProcessLost& lost) {
    throw Error(errors::kHarmfulFile, lost_sentence(name_, lost.what()));
  } catch (const MalformedMessage& malformed) {
    throw Error(errors::kHarmfulFile, lost_sentence(name_, malformed.what()));
  }
}

IsolatedContents::IsolatedContents(int file, std::size_t size, std::string name)
    : name_(std::move(name)), size_(size) {
  start([file] { return std::make_unique<SandboxedProcess>(kReadingService, file); });
}

IsolatedContents::IsolatedContents(std::span<const std::byte> image, std::string name)
    : name_(std::move(name)), size_(image.size()) {
  start([image] {
    const MemoryFile file(image);  // the process has it for itself, once it runs
    return std::make_unique<SandboxedProcess>(kReadingService, file.descriptor());
  });
}

void IsolatedContents::start(const Starting& starting) {
  try {
    process_ = starting();
  } catch (const NoProcess& problem) {
    throw Error(errors::kSystem,
                fmt::format("{}: no process can be started to read it in safety: {}; allow more "
                            "processes and memory, or give --trust if the file can be trusted.",
                            name_, problem.what()));
  }
  MessageWriter hello;
  hello.add_text(name_);
  calls_are_limited_ = guarded([&] { return ask(hello).number() != 0; });
}

MessageReader IsolatedContents::ask(const MessageWriter& question) {
  process_->send(question.message());
  return answer();
}

MessageReader IsolatedContents::answer() {
  MessageReader message(process_->receive(size_));
  const auto kind = kind_from(message.number(), Answer::refused);
  if (kind == Answer::refused) throw Error(errors::kDamagedFile, message.text());
  return message;
}

Hdf5Node IsolatedContents::node(const std::string& path) {
  return guarded(
      [&] { return kind_from(ask(question(Question::node, {path})).number(), Hdf5Node::other); });
}

std::vector<std::string> IsolatedContents::children(const std::string& group) {
  return guarded([&] { return ask(question(Question::children, {group})).texts(); });
}

std::vector<std::string> IsolatedContents::attributes(const std::string& object) {
  return guarded([&] { return ask(question(Question::attributes, {object})).texts(); });
}

bool IsolatedContents::has_attribute(const std::string& object, const std::string& name) {
  return guarded([&] {
    return ask(question(Question::has_attribute, {object, name})).number() != 0;
  });
}

Description IsolatedContents::describe(const Place& place) {
  return guarded([&] {
    MessageReader found = ask(question(Question::describe, place));
    Description description{.element = kind_from(found.number(), Hdf5Element::other),
                            .extents = {}};
    const std::uint64_t rank = found.number();
    std::size_t most = most_bytes(size_);
    if (description.element < Hdf5Element::text) most /= bytes_of(description.element);
    for (std::uint64_t axis = 0; axis < rank; ++axis) {
      const std::uint64_t extent = found.number();
      if (extent > most) throw MalformedMessage();
      if (extent > 0) most /= extent;
      description.extents.push_back(static_cast<Index>(extent));
    }
    return description;
  });
}

void IsolatedContents::read_numbers(const Place& place, Hdf5Element element,
                                    std::span<std::byte> values) {
  constexpr std::size_t kCopies = 3;  // a chunk as stored, as unpacked, and as handed over
  guarded([&] {
    process_->allow_memory(kReadingMemory + kCopies * values.size());
    ask(question(Question::numbers, place, element));
    receive_numbers(values);
  });
}

void IsolatedContents::receive_numbers(std::span<std::byte> values) {
  while (true) {
    std::uint64_t size = 0;
    process_->receive_bytes(std::as_writable_bytes(std::span(&size, 1)), size_ + values.size());
    if (size == kStretchFailed) answer();
    if (size > values.size()) throw MalformedMessage();
    if (size == 0) break;
    process_->receive_bytes(values.first(size), size);
    values = values.subspan(size);
  }
  if (!values.empty()) throw MalformedMessage();
}

std::vector<std::string> IsolatedContents::read_texts(const Place& place) {
  return guarded([&] { return ask(question(Question::texts, place)).texts(); });
}

}  // namespace lockstep::hdf5

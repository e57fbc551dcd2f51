#include "framework/storage/hdf5/reading.hpp"

#include <hdf5.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <memory>
#include <new>
#include <vector>

#include <fmt/format.h>

#include "framework/core/error.hpp"
#include "framework/storage/hdf5/hdf5_library.hpp"
#include "framework/storage/hdf5/isolated_contents.hpp"
#include "framework/storage/hdf5/library_contents.hpp"
#include "framework/storage/hdf5/questions.hpp"
#include "framework/storage/sandbox/limits.hpp"
#include "framework/storage/sandbox/sandboxed_process.hpp"

namespace lockstep {
namespace {

using namespace hdf5;

bool g_trusts_files = false;

MessageWriter refusal(const std::string& sentence) {
  MessageWriter answer;
  answer.add_number(static_cast<std::uint64_t>(Answer::refused));
  answer.add_text(sentence);
  return answer;
}

/// What a function answers, or the error that it throws.
template <typename Answering>
MessageWriter answer_of(const std::string& name, const Answering& answering) {
  try {
    MessageWriter answer;
    answer.add_number(static_cast<std::uint64_t>(Answer::values));
    answering(answer);
    return answer;
  } catch (const Error& error) {
    return refusal(error.what());
  } catch (const std::bad_alloc&) {
    return refusal(fmt::format(
        "{}: reading it takes more memory than what it declares needs; it is damaged.", name));
  }
}

/// Answers the questions of one reader.
class Service {
 public:
  Service(const Channel& channel, LibraryContents& contents, const std::string& name)
      : channel_(channel), contents_(contents), name_(name) {}

  /// @return whether the reader is still there
  bool answer(MessageReader question) {
    const auto kind = static_cast<Question>(question.number());
    const std::string object = question.text();
    const Place place{.object = object, .attribute = question.text()};
    const auto element = static_cast<Hdf5Element>(question.number());
    const MessageWriter answer =
        answer_of(name_, [&](MessageWriter& values) { add_values(kind, place, values); });
    if (!channel_.send(answer.message())) return false;
    return kind != Question::numbers || send_numbers(place, element);
  }

 private:
  void add_values(Question kind, const Place& place, MessageWriter& values) {
    switch (kind) {
      case Question::node:
        values.add_number(static_cast<std::uint64_t>(contents_.node(place.object)));
        break;
      case Question::children:
        values.add_texts(contents_.children(place.object));
        break;
      case Question::attributes:
        values.add_texts(contents_.attributes(place.object));
        break;
      case Question::has_attribute:
        values.add_number(contents_.has_attribute(place.object, place.attribute) ? 1 : 0);
        break;
      case Question::describe:
        add_description(contents_.describe(place), values);
        break;
      case Question::numbers:
        break;  // they follow
      case Question::texts:
        values.add_texts(contents_.read_texts(place));
        break;
    }
  }

  static void add_description(const Description& found, MessageWriter& values) {
    values.add_number(static_cast<std::uint64_t>(found.element));
    values.add_number(found.extents.size());
    for (const Index extent : found.extents) values.add_number(static_cast<std::uint64_t>(extent));
  }

  bool send_size(std::uint64_t size) const {
    return channel_.send_bytes(std::as_bytes(std::span(&size, 1)));
  }

  bool send_numbers(const Place& place, Hdf5Element element) {
    bool there = true;
    bool complete = false;
    const MessageWriter failure = answer_of(name_, [&](MessageWriter&) {
      contents_.read_stretches(place, element, [&](std::span<const std::byte> stretch) {
        there = there && send_size(stretch.size()) && channel_.send_bytes(stretch);
      });
      complete = true;
    });
    if (complete) return there && send_size(0);
    return there && send_size(kStretchFailed) && channel_.send(failure.message());
  }

  const Channel& channel_;
  LibraryContents& contents_;
  const std::string& name_;
};

/// The file as memory. Nothing of it is read before it is needed.
std::span<const std::byte> map_file(int file) {
  struct stat status {};
  if (::fstat(file, &status) != 0) return {};
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const begin = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  if (begin == MAP_FAILED) return {};
  return {static_cast<const std::byte*>(begin), size};
}

/// What a process does that was started to parse a file.
void serve(const Channel& channel, int file) {
  constexpr std::size_t kLongestQuestion = std::size_t{1} << 20;
  H5open();  // reads the library's settings, which is forbidden below
  const std::span<const std::byte> image = map_file(file);
  const bool calls_are_limited = give_up_rights(kReadingMemory);
  Message message;
  if (!channel.receive(message, kLongestQuestion)) return;
  const std::string name = MessageReader(std::move(message)).text();
  std::unique_ptr<LibraryContents> contents;
  const MessageWriter hello = answer_of(name, [&](MessageWriter& values) {
    contents = std::make_unique<LibraryContents>(image, name);
    values.add_number(calls_are_limited ? 1 : 0);
  });
  if (!channel.send(hello.message()) || !contents) return;
  Service service(channel, *contents, name);
  while (channel.receive(message, kLongestQuestion)) {
    if (!service.answer(MessageReader(std::move(message)))) return;
  }
}

}  // namespace

std::optional<int> serve_hdf5_reading(int argc, const char* const* argv) {
  const std::array<SandboxService, 1> services = {{{kReadingService, serve}}};
  return serve_if_sandboxed(services, argc, argv);
}

void trust_hdf5_files() { g_trusts_files = true; }

bool trusts_hdf5_files() { return g_trusts_files; }

ReadingProtection reading_protection() {
  if (g_trusts_files) return {.problem = "files are trusted, by --trust"};
  try {
    Hdf5Writer file("probe");
    const std::vector<std::byte> bytes = file.finish();
    const IsolatedContents contents(bytes, "probe");
    return {.own_process = true, .limited_calls = contents.calls_are_limited(), .problem = {}};
  } catch (const std::exception& problem) {
    return {.problem = problem.what()};
  }
}

}  // namespace lockstep

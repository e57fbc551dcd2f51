#include "framework/storage/sandbox/sandboxed_process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "framework/storage/sandbox/limits.hpp"
#include "tests/support/sandbox_services.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kMemory = std::size_t{64} << 20;

// ---- What the processes of these tests do -------------------------------------------------------

/// Says whether its calls are limited, and then returns what it is told.
void echo(const Channel& channel, int /*file*/) {
  MessageWriter hello;
  hello.add_number(give_up_rights(kMemory) ? 1 : 0);
  if (!channel.send(hello.message())) return;
  Message message;
  while (channel.receive(message, std::size_t{1} << 20) && channel.send(message)) {
  }
}

/// The error number of each forbidden call; 0 where it went through.
void try_forbidden_calls(const Channel& channel, int file) {
  if (!give_up_rights(kMemory)) return;
  const auto error_of = [](const std::function<long()>& call) {
    errno = 0;
    return call() < 0 ? errno : 0;
  };
  const std::array<std::function<long()>, 8> calls = {
      [] { return ::open("/etc/hostname", O_RDONLY); },
      [] { return ::open("/tmp", O_RDWR | O_TMPFILE, 0600); },
      [] { return ::socket(AF_INET, SOCK_STREAM, 0); },
      [] { return static_cast<long>(::fork()); },
      [] { return ::execl("/bin/true", "true", nullptr); },
      [] { return ::kill(::getppid(), 0); },
      [file] { return ::write(file, "x", 1); },
      [] {
        return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                   ? -1
                   : 0;
      }};
  MessageWriter answer;
  for (const auto& call : calls) answer.add_number(static_cast<std::uint64_t>(error_of(call)));
  channel.send(answer.message());
}

/// Counts its open descriptors, and reads the first bytes of its file.
void show_what_it_has(const Channel& channel, int file) {
  std::uint64_t descriptors = 0;
  for (int number = 0; number < 256; ++number) {
    descriptors += ::fcntl(number, F_GETFD) >= 0 ? 1U : 0U;
  }
  give_up_rights(kMemory);
  std::string text(5, ' ');
  text.resize(static_cast<std::size_t>(::pread(file, text.data(), text.size(), 0)));
  MessageWriter answer;
  answer.add_number(descriptors);
  answer.add_text(text);
  channel.send(answer.message());
}

void crash(const Channel& /*channel*/, int /*file*/) {
  give_up_rights(kMemory);
  std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would report it
  ::kill(::getpid(), SIGSEGV);
  volatile int* const nothing = nullptr;
  *nothing = 1;
}

void hang(const Channel& /*channel*/, int /*file*/) {
  give_up_rights(kMemory);
  volatile bool forever = true;
  while (forever) {
  }
}

/// Says how many MiB it gets of 1,024.
void fill_memory(const Channel& channel, int /*file*/) {
  give_up_rights(kMemory);
  constexpr std::size_t kMebibyte = std::size_t{1} << 20;
  std::uint64_t got = 0;
  while (got < 1024 && ::mmap(nullptr, kMebibyte, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
    ++got;
  }
  MessageWriter answer;
  answer.add_number(got);
  channel.send(answer.message());
}

/// Sends a byte now and then, of a message that never ends.
void drip(const Channel& channel, int /*file*/) {
  give_up_rights(kMemory);
  const std::uint64_t size = std::uint64_t{1} << 20;
  channel.send_bytes(std::as_bytes(std::span(&size, 1)));
  volatile std::uint64_t turns = 0;
  while (channel.send_bytes(std::as_bytes(std::span("x", 1)))) {
    for (int i = 0; i < 1'000'000; ++i) turns = turns + 1;
  }
}

/// Announces a message of almost 2^64 bytes.
void lie(const Channel& channel, int /*file*/) {
  const std::uint64_t size = ~std::uint64_t{0} - 7;
  channel.send_bytes(std::as_bytes(std::span(&size, 1)));
}

const bool kRegistered = [] {
  auto& services = testing::sandbox_services();
  services.push_back({"echo", echo});
  services.push_back({"forbidden", try_forbidden_calls});
  services.push_back({"has", show_what_it_has});
  services.push_back({"crash", crash});
  services.push_back({"hang", hang});
  services.push_back({"drip", drip});
  services.push_back({"memory", fill_memory});
  services.push_back({"lie", lie});
  return true;
}();

// ---- The tests ----------------------------------------------------------------------------------

struct Fixture {
  Fixture() {
    std::ofstream(folder / "file") << "contents";
    file = ::open((folder / "file").c_str(), O_RDWR | O_CLOEXEC);
    BOOST_REQUIRE(kRegistered);
    BOOST_REQUIRE_GE(file, 0);
  }
  ~Fixture() { ::close(file); }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  /// The reason why a service that does not answer is lost.
  std::string reason_of_loss(std::string_view service) const {
    SandboxedProcess process(service, file);
    try {
      process.receive();
    } catch (const ProcessLost& lost) {
      return lost.what();
    }
    return "";
  }

  TemporaryFolder folder{"sandbox"};
  int file = -1;
};

BOOST_FIXTURE_TEST_SUITE(sandboxed_process, Fixture)

BOOST_AUTO_TEST_CASE(it_answers_each_message) {
  SandboxedProcess process("echo", file);
  MessageReader(process.receive()).number();
  for (const std::string text : {"one", "two", ""}) {
    MessageWriter message;
    message.add_text(text);
    process.send(message.message());
    BOOST_TEST(MessageReader(process.receive()).text() == text);
  }
}

BOOST_AUTO_TEST_CASE(it_may_not_open_files_or_start_anything) {
  SandboxedProcess echoing("echo", file);
  const bool limited = MessageReader(echoing.receive()).number() == 1;
  BOOST_TEST_MESSAGE("seccomp " << (limited ? "limits" : "does not limit") << " calls here");
  if (!limited) {
    BOOST_WARN_MESSAGE(has_sanitizers(), "this machine refuses seccomp");
    return;
  }
  SandboxedProcess process("forbidden", file);
  MessageReader answer(process.receive());
  for (int call = 0; call < 8; ++call) {
    const std::uint64_t error = answer.number();
    BOOST_TEST(error == static_cast<std::uint64_t>(EPERM), "call " << call);
  }
  BOOST_TEST(std::filesystem::file_size(folder / "file") == 8U);
}

BOOST_AUTO_TEST_CASE(it_has_its_file_and_no_other_descriptor) {
  const int other = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY);  // not closed on exec
  SandboxedProcess process("has", file);
  ::close(other);
  MessageReader answer(process.receive());
  BOOST_TEST(answer.number() == 5U);  // three standard streams, the channel, the file
  BOOST_TEST(answer.text() == "conte");
}

BOOST_AUTO_TEST_CASE(a_crash_is_told) {
  BOOST_TEST(reason_of_loss("crash") == "it crashed (Segmentation fault)");
}

BOOST_AUTO_TEST_CASE(once_lost_it_is_lost_for_every_question_and_harms_nobody) {
  SandboxedProcess process("crash", file);
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto is_the_crash = [](const ProcessLost& lost) {
      return std::string_view(lost.what()) == "it crashed (Segmentation fault)";
    };
    BOOST_CHECK_EXCEPTION(process.receive(), ProcessLost, is_the_crash);
    BOOST_CHECK_EXCEPTION(process.send({}), ProcessLost, is_the_crash);
    process.allow_memory(1);
  }
}

BOOST_AUTO_TEST_CASE(a_loop_without_end_is_ended) {
  BOOST_TEST(reason_of_loss("hang") == "it did not come to an end within 2 s of computing");
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_drop_by_drop_is_ended) {
  BOOST_TEST(reason_of_loss("drip") == "it did not come to an end within 2 s of computing");
}

BOOST_AUTO_TEST_CASE(a_service_that_nobody_knows_is_lost) {
  BOOST_TEST(reason_of_loss("unknown").starts_with("it ended with code "));
}

BOOST_AUTO_TEST_CASE(it_gets_no_more_memory_than_it_allows_itself) {
  SandboxedProcess process("memory", file);
  const std::uint64_t mebibytes = MessageReader(process.receive()).number();
  if (has_sanitizers()) {  // it keeps terabytes of addresses for itself
    BOOST_TEST(mebibytes == 1024U);
  } else {
    BOOST_TEST(mebibytes >= 60U);
    BOOST_TEST(mebibytes <= 64U);
  }
}

BOOST_AUTO_TEST_CASE(a_message_longer_than_any_is_malformed) {
  SandboxedProcess process("lie", file);
  BOOST_CHECK_THROW(process.receive(), MalformedMessage);
}

BOOST_AUTO_TEST_CASE(a_question_to_a_process_that_is_gone_is_told) {
  SandboxedProcess process("lie", file);
  const Message message(std::size_t{1} << 22);
  BOOST_CHECK_THROW(
      {
        for (int i = 0; i < 100; ++i) process.send(message);
      },
      ProcessLost);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace lockstep

#include "cluster/host_memory.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <sstream>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

#include "cluster/mpi_session.hpp"
#include "framework/training/exchange/communicator.hpp"

namespace lockstep {
namespace {

namespace utf = boost::unit_test;

std::vector<std::byte> counting(std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i % 251);
  return bytes;
}

std::unique_ptr<const HostMemory> memory_with(std::span<const std::byte> bytes) {
  const std::array<HostMemory::Piece, 1> pieces{{{0, bytes}}};
  return std::make_unique<const HostMemory>(pieces);
}

bool same(std::span<const std::byte> left, std::span<const std::byte> right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

// The writer's entry in /proc.
std::string entry_of(const std::string& ticket) {
  std::string process;
  std::string file;
  std::istringstream(ticket) >> process >> file;
  return fmt::format("/proc/{}/fd/{}", process, file);
}

/// Files of this process may not grow beyond it for a while.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::size_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(host_memory)

BOOST_AUTO_TEST_CASE(pieces_lie_where_they_were_asked_to) {
  const std::vector<std::byte> bytes = counting(100000);
  const std::span<const std::byte> all(bytes);
  const std::array<HostMemory::Piece, 2> pieces{{{64, all.first(10)}, {128, all}}};
  const HostMemory memory(pieces);
  BOOST_TEST(memory.bytes().size() == 128 + bytes.size());
  BOOST_TEST(same(memory.bytes().subspan(64, 10), all.first(10)));
  BOOST_TEST(same(memory.bytes().subspan(128), all));
}

BOOST_AUTO_TEST_CASE(another_process_reads_it_also_after_its_writer_has_left_it,
                     *utf::label("ranks2")) {
  MpiSession session;
  Communicator& communicator = session.communicator();
  BOOST_REQUIRE(communicator.size() == 2);
  const std::vector<std::byte> bytes = counting(1 << 20);
  std::unique_ptr<const HostMemory> memory;
  if (communicator.rank() == 0) memory = memory_with(bytes);
  const std::string ticket = broadcast_text(communicator, memory ? memory->ticket() : "", 0);
  if (communicator.rank() == 1) memory = std::make_unique<const HostMemory>(ticket);
  communicator.barrier();
  if (communicator.rank() == 0) memory.reset();
  communicator.barrier();
  if (communicator.rank() == 1) BOOST_TEST(same(memory->bytes(), bytes));
}

BOOST_AUTO_TEST_CASE(nobody_can_change_or_cut_it) {
  const auto memory = memory_with(counting(5000));
  const int file = open(entry_of(memory->ticket()).c_str(), O_RDWR | O_CLOEXEC);
  BOOST_REQUIRE(file >= 0);
  BOOST_TEST(pwrite(file, "x", 1, 0) == -1);
  BOOST_TEST(ftruncate(file, 0) == -1);
  BOOST_TEST(ftruncate(file, 10000) == -1);
  close(file);
  BOOST_TEST(same(memory->bytes(), counting(5000)));
}

BOOST_AUTO_TEST_CASE(what_the_limits_do_not_allow_is_an_error_and_not_a_death) {
  const FileSizeLimit limit(1 << 16);
  BOOST_TEST(memory_with(counting(1 << 16))->bytes().size() == 1 << 16);
  BOOST_CHECK_EXCEPTION(
      memory_with(counting((1 << 16) + 1)), std::system_error, [](const std::system_error& error) {
        return std::string(error.what()) == "writing shared memory: File too large";
      });
}

BOOST_AUTO_TEST_CASE(a_ticket_of_what_is_gone_or_something_else_by_now_is_refused) {
  auto memory = memory_with(counting(10));
  const std::string ticket = memory->ticket();
  BOOST_CHECK_NO_THROW(HostMemory{ticket});
  BOOST_CHECK_THROW(HostMemory{ticket + "1"}, std::system_error);  // another number of the file
  memory.reset();
  BOOST_CHECK_THROW(HostMemory{ticket}, std::system_error);
  const auto next = memory_with(counting(10));  // takes the same descriptor
  BOOST_TEST(entry_of(next->ticket()) == entry_of(ticket));
  BOOST_CHECK_THROW(HostMemory{ticket}, std::system_error);
  BOOST_CHECK_THROW(HostMemory{"nonsense"}, std::system_error);
}

BOOST_AUTO_TEST_CASE(reach_is_of_the_running_kernel) {
  BOOST_TEST(HostMemory::reach().size() > 36);  // a UUID and more
  BOOST_TEST(HostMemory::reach() == HostMemory::reach());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

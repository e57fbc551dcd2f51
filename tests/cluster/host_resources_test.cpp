#include "cluster/host_resources.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include "framework/core/error.hpp"

namespace lockstep {

BOOST_AUTO_TEST_SUITE(host_resources_of_this_host)

BOOST_AUTO_TEST_CASE(limits_are_those_of_the_process) {
  rlimit files{};
  BOOST_REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
  const rlimit changed{.rlim_cur = 200, .rlim_max = files.rlim_max};
  BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &changed) == 0);
  const HostResources found = host_resources();
  BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
  BOOST_TEST(found.open_files == 200);
  BOOST_TEST(found.memory_available > 0);
}

BOOST_AUTO_TEST_CASE(file_systems_have_names) {
  const FileSystem proc = file_system_of("/proc");
  BOOST_TEST(proc.type == "proc");
  BOOST_TEST(proc.free_bytes == 0);
  BOOST_TEST(!proc.is_network);
  BOOST_TEST(!file_system_of("/").type.empty());
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_an_error) {
  BOOST_CHECK_EXCEPTION(file_system_of("/nowhere/at/all"), Error, [](const Error& error) {
    return error.kind() == ErrorKind::data &&
           std::string(error.what()).find("/nowhere/at/all") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

// The main function of the test programs that read HDF5 files, as every program's that does.

#include <optional>

#define BOOST_TEST_MODULE lockstep
#define BOOST_TEST_NO_MAIN
#include <boost/test/unit_test.hpp>

#include "framework/storage/hdf5/reading.hpp"
#include "tests/support/sandbox_services.hpp"

int main(int argc, char** argv) {
  if (const auto ended = lockstep::serve_hdf5_reading(argc, argv)) return *ended;
  const auto& services = lockstep::testing::sandbox_services();
  if (const auto ended = lockstep::serve_if_sandboxed(services, argc, argv)) return *ended;
  return boost::unit_test::unit_test_main(init_unit_test, argc, argv);
}

#include "cluster/cpu_quota.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "tests/support/temporary_folder.hpp"

namespace lockstep {
namespace {

// A folder like /sys/fs/cgroup.
class Cgroups {
 public:
  void write(const std::string& file, const std::string& text) const { root_.write(file, text); }
  double quota(const std::string& cgroups) const { return cpu_quota_of(cgroups, root_.path()); }

 private:
  TemporaryFolder root_{"cgroups"};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cpu_quota)

BOOST_AUTO_TEST_CASE(without_limits_there_is_none) {
  const Cgroups cgroups;
  BOOST_TEST(cgroups.quota("") == 0);
  BOOST_TEST(cgroups.quota("0::/\n") == 0);
  cgroups.write("cpu.max", "max 100000\n");
  cgroups.write("cpu/cpu.cfs_quota_us", "-1\n");
  cgroups.write("cpu/cpu.cfs_period_us", "100000\n");
  BOOST_TEST(cgroups.quota("0::/\n1:cpu:/\n") == 0);
}

BOOST_AUTO_TEST_CASE(version_2_is_read_from_the_own_group) {
  const Cgroups cgroups;
  cgroups.write("job/step/cpu.max", "150000 100000\n");
  BOOST_TEST(cgroups.quota("0::/job/step\n") == 1.5);
  BOOST_TEST(cgroups.quota("0::/other\n") == 0);
}

BOOST_AUTO_TEST_CASE(a_group_above_limits_too) {
  const Cgroups cgroups;
  cgroups.write("job/step/cpu.max", "400000 100000\n");
  cgroups.write("job/cpu.max", "200000 100000\n");
  BOOST_TEST(cgroups.quota("0::/job/step\n") == 2);
  cgroups.write("cpu.max", "50000 100000\n");  // as a container sees its own
  BOOST_TEST(cgroups.quota("0::/job/step\n") == 0.5);
}

BOOST_AUTO_TEST_CASE(version_1_has_two_files_and_either_name) {
  const Cgroups cgroups;
  cgroups.write("cpu,cpuacct/job/cpu.cfs_quota_us", "300000\n");
  cgroups.write("cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  BOOST_TEST(cgroups.quota("9:name=systemd:/\n4:cpu,cpuacct:/job\n3:cpuset:/\n") == 3);
  cgroups.write("cpu/cpu.cfs_quota_us", "100000\n");
  cgroups.write("cpu/cpu.cfs_period_us", "100000\n");
  BOOST_TEST(cgroups.quota("4:cpu,cpuacct:/seen/from/outside\n") == 1);
  BOOST_TEST(cgroups.quota("3:cpuset:/job\n") == 0);
}

BOOST_AUTO_TEST_CASE(what_is_no_number_limits_nothing) {
  const Cgroups cgroups;
  cgroups.write("cpu.max", "lots\n");
  BOOST_TEST(cgroups.quota("0::/\nnonsense\n") == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

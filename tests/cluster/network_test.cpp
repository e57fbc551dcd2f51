#include "cluster/network.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace lockstep {
namespace {

using Host = std::vector<NetworkInterface>;
using Names = std::vector<std::string>;

NetworkInterface up(const std::string& name, const std::string& address) {
  return {.name = name, .is_up = true, .is_loopback = false, .addresses = {address}};
}

const NetworkInterface kLoopback{
    .name = "lo", .is_up = true, .is_loopback = true, .addresses = {"127.0.0.1/8"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(network)

BOOST_AUTO_TEST_CASE(subnets_are_cut_at_the_prefix) {
  BOOST_TEST(subnet_of("192.0.2.77/24") == "192.0.2.0/24");
  BOOST_TEST(subnet_of("10.77.9.1/20") == "10.77.0.0/20");
  BOOST_TEST(subnet_of("10.1.2.3/32") == "10.1.2.3/32");
  BOOST_TEST(subnet_of("10.1.2.3/0") == "0.0.0.0/0");
  for (const char* const address :
       {"fd00::2/64", "10.1.2.3", "10.1.2/24", "10.1.2.3/33", "10.1.2.3/x", ""}) {
    BOOST_TEST(subnet_of(address) == "");
  }
}

BOOST_AUTO_TEST_CASE(the_subnets_of_all_hosts_are_found) {
  const std::vector<Host> hosts{{kLoopback, up("eth0", "10.0.0.1/24"), up("ib0", "10.9.0.1/16")},
                                {kLoopback, up("ens3", "10.0.0.2/24"), up("ib0", "10.9.0.2/16")},
                                {kLoopback, up("eth0", "10.0.1.3/24"), up("ib0", "10.9.7.3/16")}};
  BOOST_TEST(common_subnets(hosts) == Names{"10.9.0.0/16"});
  BOOST_TEST(common_subnets(std::span(hosts).first(2)) == (Names{"10.0.0.0/24", "10.9.0.0/16"}));
}

BOOST_AUTO_TEST_CASE(a_network_of_each_hosts_own_connects_nobody) {
  const std::vector<Host> hosts{{up("docker0", "172.17.0.1/16"), up("eth0", "10.0.0.1/24")},
                                {up("docker0", "172.17.0.1/16"), up("eth0", "10.0.0.2/24")}};
  BOOST_TEST(common_subnets(hosts) == Names{"10.0.0.0/24"});
}

BOOST_AUTO_TEST_CASE(an_interface_that_is_down_and_the_loopback_do_not_count) {
  NetworkInterface down = up("eth0", "10.0.0.1/24");
  down.is_up = false;
  const std::vector<Host> hosts{{kLoopback, down}, {kLoopback, up("eth0", "10.0.0.2/24")}};
  BOOST_TEST(common_subnets(hosts) == Names{});
}

BOOST_AUTO_TEST_CASE(this_host_has_a_loopback) {
  const Host here = network_interfaces();
  const auto loopback = std::ranges::find_if(here, &NetworkInterface::is_loopback);
  BOOST_REQUIRE((loopback != here.end()));
  BOOST_TEST(std::ranges::count(loopback->addresses, "127.0.0.1/8") == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep

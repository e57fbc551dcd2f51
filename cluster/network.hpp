#pragma once

// The networks through which hosts can reach each other.

#include <span>
#include <string>
#include <vector>

namespace lockstep {

struct NetworkInterface {
  std::string name;
  bool is_up = false;
  bool is_loopback = false;
  std::vector<std::string> addresses;  ///< IPv4 and IPv6 with their prefix, "192.0.2.7/24"
};

/// The interfaces of this host. @throws Error (peer) if the system does not list them
std::vector<NetworkInterface> network_interfaces();

/// "192.0.2.0/24" for "192.0.2.7/24"; empty for anything but IPv4 with a prefix.
std::string subnet_of(const std::string& address);

/// IPv4 subnets in which every host has an address of its own, on an interface that is up and is
/// not the loopback. If two hosts have the same address in a subnet, that subnet is local to each
/// host (mostly for its containers) and connects nobody.
std::vector<std::string> common_subnets(std::span<const std::vector<NetworkInterface>> hosts);

}  // namespace lockstep

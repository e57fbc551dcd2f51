#pragma once

// The networks that hosts can talk over.

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

/// Those of this host. @throws Error (peer) when the system does not tell
std::vector<NetworkInterface> network_interfaces();

/// "192.0.2.0/24" of "192.0.2.7/24"; empty for anything but IPv4 with a prefix.
std::string subnet_of(const std::string& address);

/// IPv4 subnets in which every host has an address of its own, by an interface that is up and not
/// the loopback. A subnet where two hosts have the same address is each host's own (that of its
/// containers, mostly) and connects nobody.
std::vector<std::string> common_subnets(std::span<const std::vector<NetworkInterface>> hosts);

}  // namespace lockstep

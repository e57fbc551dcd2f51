#include "cluster/network.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <system_error>

#include <fmt/format.h>

#include "framework/core/error.hpp"

namespace lockstep {
namespace {

// The bytes of an IPv4 or IPv6 address; none of another family.
std::span<const unsigned char> bytes_of(const sockaddr& address) {
  const auto* const start = reinterpret_cast<const unsigned char*>(&address);
  if (address.sa_family == AF_INET) return {start + offsetof(sockaddr_in, sin_addr), 4};
  if (address.sa_family == AF_INET6) return {start + offsetof(sockaddr_in6, sin6_addr), 16};
  return {};
}

int prefix_of(const sockaddr* mask) {
  int bits = 0;
  if (mask == nullptr) return bits;
  for (const unsigned char byte : bytes_of(*mask)) bits += std::popcount(byte);
  return bits;
}

std::string text_of(const ifaddrs& entry) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(entry.ifa_addr->sa_family, bytes_of(*entry.ifa_addr).data(), text.data(), text.size());
  return fmt::format("{}/{}", text.data(), prefix_of(entry.ifa_netmask));
}

NetworkInterface& find_or_add(std::vector<NetworkInterface>& interfaces, const ifaddrs& entry) {
  const auto found = std::ranges::find(interfaces, entry.ifa_name, &NetworkInterface::name);
  if (found != interfaces.end()) return *found;
  return interfaces.emplace_back(
      NetworkInterface{.name = entry.ifa_name,
                       .is_up = (entry.ifa_flags & IFF_UP) != 0,
                       .is_loopback = (entry.ifa_flags & IFF_LOOPBACK) != 0,
                       .addresses = {}});
}

using Subnets = std::map<std::string, std::set<std::string>>;  // addresses by subnet

Subnets subnets_of(std::span<const NetworkInterface> interfaces) {
  Subnets subnets;
  for (const NetworkInterface& interface : interfaces) {
    if (!interface.is_up || interface.is_loopback) continue;
    for (const std::string& address : interface.addresses) {
      const std::string subnet = subnet_of(address);
      if (!subnet.empty()) subnets[subnet].insert(address);
    }
  }
  return subnets;
}

// Subnets of both, with all addresses, unless the two have an address in common.
Subnets shared_subnets(const Subnets& some, const Subnets& others) {
  Subnets shared;
  for (const auto& [name, addresses] : some) {
    const auto found = others.find(name);
    if (found == others.end()) continue;
    std::set<std::string> both = addresses;
    both.insert(found->second.begin(), found->second.end());
    if (both.size() == addresses.size() + found->second.size()) shared[name] = std::move(both);
  }
  return shared;
}

}  // namespace

std::vector<NetworkInterface> network_interfaces() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) {
    throw Error(errors::kHost, fmt::format("The system does not list its network interfaces "
                                           "(getifaddrs: {}); check them with 'ip address'.",
                                           std::generic_category().message(errno)));
  }
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(first, freeifaddrs);
  std::vector<NetworkInterface> interfaces;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    NetworkInterface& interface = find_or_add(interfaces, *entry);
    if (entry->ifa_addr != nullptr && !bytes_of(*entry->ifa_addr).empty()) {
      interface.addresses.push_back(text_of(*entry));
    }
  }
  return interfaces;
}

std::string subnet_of(const std::string& address) {
  const std::size_t slash = address.find('/');
  in_addr ip{};
  if (slash == std::string::npos) return "";
  if (inet_pton(AF_INET, address.substr(0, slash).c_str(), &ip) != 1) return "";
  unsigned prefix = 0;
  const char* const end = address.data() + address.size();
  if (std::from_chars(address.data() + slash + 1, end, prefix).ptr != end || prefix > 32) return "";
  ip.s_addr &= htonl(prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix));
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &ip, text.data(), text.size());
  return fmt::format("{}/{}", text.data(), prefix);
}

std::vector<std::string> common_subnets(std::span<const std::vector<NetworkInterface>> hosts) {
  Subnets common = subnets_of(hosts.front());
  for (const auto& host : hosts.subspan(1)) common = shared_subnets(common, subnets_of(host));
  std::vector<std::string> names;
  for (const auto& [name, addresses] : common) names.push_back(name);
  return names;
}

}  // namespace lockstep

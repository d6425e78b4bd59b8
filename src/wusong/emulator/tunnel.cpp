// SPDX-License-Identifier: Apache-2.0
#include "wusong/emulator/tunnel.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "wusong/emulator/errors.hpp"

namespace wusong::emulator {
namespace {

constexpr std::uint32_t kFirstAddress = 10u << 24 | 77u << 16 | 1u;  // 10.77.0.1
constexpr std::uint32_t kNetmask = 0xffff0000;
constexpr int kSendQueue = 4'096;  // packets between the kernel and us
constexpr const char* kInterface = "wan0";

bool write_once(const char* path, const std::string& text) {
  const Descriptor file{::open(path, O_WRONLY | O_CLOEXEC)};
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// Root has a network namespace for the asking; anybody else within a user namespace.
Result<void> leave_network() {
  if (::unshare(CLONE_NEWNET) == 0) return {};
  const auto uid = std::to_string(::geteuid());
  const auto gid = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return fail(err::no_namespaces);
  if (!write_once("/proc/self/setgroups", "deny") ||
      !write_once("/proc/self/uid_map", uid + " " + uid + " 1") ||
      !write_once("/proc/self/gid_map", gid + " " + gid + " 1"))
    return fail(err::no_namespaces);
  return {};
}

ifreq request_for(const char* interface) {
  ifreq out{};
  std::strncpy(out.ifr_name, interface, IFNAMSIZ - 1);
  return out;
}

void set_ipv4(sockaddr& at, std::uint32_t address) {
  sockaddr_in value{};
  value.sin_family = AF_INET;
  value.sin_addr.s_addr = htonl(address);
  std::memcpy(&at, &value, sizeof(value));
}

bool bring_up(int socket, const char* interface) {
  ifreq request = request_for(interface);
  if (::ioctl(socket, SIOCGIFFLAGS, &request) != 0) return false;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
  return ::ioctl(socket, SIOCSIFFLAGS, &request) == 0;
}

bool configure(std::size_t node) {
  const Descriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) return false;
  ifreq address = request_for(kInterface);
  set_ipv4(address.ifr_addr, kFirstAddress + static_cast<std::uint32_t>(node));
  ifreq mask = request_for(kInterface);
  set_ipv4(mask.ifr_netmask, kNetmask);
  ifreq mtu = request_for(kInterface);
  mtu.ifr_mtu = static_cast<int>(kPacketMax);
  ifreq queue = request_for(kInterface);
  queue.ifr_qlen = kSendQueue;
  // Only the machine's root may; the 500 packets of everybody else are enough for most.
  static_cast<void>(::ioctl(socket.get(), SIOCSIFTXQLEN, &queue));
  return ::ioctl(socket.get(), SIOCSIFADDR, &address) == 0 &&
         ::ioctl(socket.get(), SIOCSIFNETMASK, &mask) == 0 &&
         ::ioctl(socket.get(), SIOCSIFMTU, &mtu) == 0 && bring_up(socket.get(), "lo") &&
         bring_up(socket.get(), kInterface);
}

}  // namespace

std::string address_of(std::size_t node) {
  const std::uint32_t address = kFirstAddress + static_cast<std::uint32_t>(node);
  return std::to_string(address >> 24) + "." + std::to_string(address >> 16 & 0xff) + "." +
         std::to_string(address >> 8 & 0xff) + "." + std::to_string(address & 0xff);
}

Ends ends_of(const std::uint8_t* packet, std::size_t size) noexcept {
  constexpr std::size_t kHeader = 20;
  if (size < kHeader || packet[0] >> 4 != 4) return {};
  const auto node_at = [&](std::size_t offset) {
    std::uint32_t address = 0;
    std::memcpy(&address, packet + offset, sizeof(address));
    const std::uint32_t node = ntohl(address) - kFirstAddress;  // huge for one below the first
    return node < kNodesMax ? std::size_t{node} : kNodesMax;
  };
  return {.from = node_at(12), .to = node_at(16)};
}

Result<Descriptor> enter_network(std::size_t node) {
  if (node >= kNodesMax) return fail(err::too_many_nodes);
  WUSONG_CHECK(leave_network());
  Descriptor tun{::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)};
  if (!tun) {
    const bool denied = errno == EACCES || errno == EPERM;
    return fail(denied ? err::tun_denied : err::no_tun);
  }
  ifreq request = request_for(kInterface);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(tun.get(), TUNSETIFF, &request) != 0 || !configure(node))
    return fail(err::interface_failed);
  WUSONG_CHECK(drop_powers(false));
  return tun;
}

Result<void> drop_powers(bool files) {
  constexpr std::uint32_t kOverFiles = 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail(err::powers_kept);
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> powers{};
  if (::syscall(SYS_capget, &header, powers.data()) != 0) return fail(err::powers_kept);
  const std::uint32_t kept = files ? 0 : powers[0].permitted & kOverFiles;
  for (int power = 0; power <= CAP_LAST_CAP; ++power) {
    if (power < 32 && (kept >> power & 1) != 0) continue;
    // Refused where this process could not pass it on either.
    static_cast<void>(::prctl(PR_CAPBSET_DROP, power, 0, 0, 0));
  }
  powers = {};
  powers[0].effective = powers[0].permitted = kept;
  if (::syscall(SYS_capset, &header, powers.data()) != 0) return fail(err::powers_kept);
  return {};
}

}  // namespace wusong::emulator

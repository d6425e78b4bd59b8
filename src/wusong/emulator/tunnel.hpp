// SPDX-License-Identifier: Apache-2.0
// A network of a process's own, with one interface whose packets somebody else carries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "wusong/base/error.hpp"
#include "wusong/emulator/descriptor.hpp"

namespace wusong::emulator {

inline constexpr std::size_t kNodesMax = 256;
inline constexpr std::size_t kPacketMax = 1'500;  // the interface's MTU

/// 10.77.0.1 for the first node.
std::string address_of(std::size_t node);
/// The node that an IPv4 packet is from or for; kNodesMax or above where there is none.
struct Ends {
  std::size_t from{kNodesMax};
  std::size_t to{kNodesMax};
};
Ends ends_of(const std::uint8_t* packet, std::size_t size) noexcept;

/// Leaves the network this process is in for an empty one with the interface `wan0`, which has the
/// node's address. As root in a network namespace; as anybody else in a user namespace of its own
/// as well. Sockets that are open stay where they are. Then gives up every power of root but that
/// over its files. Call it while there is one thread.
/// @return the other end of the interface: IPv4 packets, one a read or write; not blocking
/// @errors err::no_tun            there is no /dev/net/tun
///         err::tun_denied        it may not be opened
///         err::no_namespaces     the kernel or a container forbids namespaces
///         err::interface_failed  err::powers_kept
[[nodiscard]] Result<Descriptor> enter_network(std::size_t node);

/// Gives up every power of root that is not over files, for this process and what it starts.
/// `files`: also that. @errors err::powers_kept
[[nodiscard]] Result<void> drop_powers(bool files);

}  // namespace wusong::emulator

// SPDX-License-Identifier: Apache-2.0
// The process that carries packets between the networks of nodes, as a wide network would.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/wan/regions.hpp"

namespace wusong::emulator {

struct EmulatorOptions {
  wan::Regions regions;
  std::vector<std::string> nodes;  // names, in the order of their addresses
  std::uint64_t placement{0};      // Regions::place()
  std::string socket;              // where it is spoken to; gone when it ends
};

/// Runs until told to, until its nodes have ended for some seconds, or, where none has come, for a
/// minute. Gives up all powers of root first.
/// @errors err::already_running, err::socket_failed, err::too_many_nodes, err::powers_kept
[[nodiscard]] Result<void> run_emulator(const EmulatorOptions& options,
                                        const std::atomic<bool>& interrupted);

/// What a node learns when it joins: its own address and everybody's, by name.
struct Membership {
  std::string address;
  std::vector<std::pair<std::string, std::string>> addresses;
};
/// For a process that is about to become the node of that name: enter_network(), and the other end
/// goes to the emulator, which lets go of it when this process ends.
/// @errors err::not_running, err::unknown_node, and as enter_network()
[[nodiscard]] Result<Membership> join(const std::string& socket, const std::string& node);

}  // namespace wusong::emulator

// SPDX-License-Identifier: Apache-2.0
// `wusong network create`: keys, genesis and configurations of a network, one folder a node.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "wusong/apps/config.hpp"
#include "wusong/base/bytes.hpp"
#include "wusong/node/genesis.hpp"

namespace wusong::apps {

struct NetworkPlan {
  std::filesystem::path folder{"data"};
  std::uint64_t validators{4};
  std::uint64_t observers{0};
  std::uint16_t port_base{
      8545};  // node i: JSON-RPC at port_base + i, peers at port_base + 1000 + i
  std::uint64_t chain_id{5918};
  std::string fork{"Osaka"};
  std::string profile{"standard"};
  std::string scheme;  // of votes; empty: as the profile has it
  bool dev{false};     // fund the well-known development accounts
  std::uint64_t gas_limit{1'000'000'000};
  std::uint64_t gas_price{0};
  std::uint64_t block_interval_ms{50};
  std::uint64_t block_bytes_max{std::uint64_t{4} << 20};
  bool registry{true};                   // validators and parameters can change
  std::uint64_t epoch_blocks{32};        // an epoch lasts at least so many
  std::vector<std::string> funded;       // further accounts with 10,000 ether each
  std::vector<std::string> transactors;  // empty: everybody may transact
  std::vector<std::string> deployers;    // empty: everybody may deploy
};

/// An account of the mnemonic "test test … junk" that Hardhat and Foundry use. Everybody knows its
/// key.
struct DevAccount {
  const char* address;
  const char* secret_key;
};
extern const std::array<DevAccount, 10> kDevAccounts;

/// Writes everything anew. @errors err::already_exists, err::bad_argument, platform's file rows
[[nodiscard]] Outcome<void> create_network(const NetworkPlan& plan);

/// A node of a chain that exists: its keys and its configuration, in a folder of its own.
struct NodePlan {
  std::filesystem::path folder;
  std::filesystem::path genesis;
  std::filesystem::path like;  // node.toml of a member: whom to connect to
  std::string name;
  std::string scheme;  // empty: as the chain's profile has it
  std::string network_listen{"127.0.0.1:30300"};
  std::string rpc_listen{"127.0.0.1:8545"};
  bool observer{false};
};
/// @errors those of create_network(), err::bad_config of `like`
[[nodiscard]] Outcome<void> create_node(const NodePlan& plan);

/// The rules of a chain. @errors platform's file rows, node's rows with the member that is wrong
[[nodiscard]] Outcome<node::Genesis> load_genesis(const std::filesystem::path& file);

/// The nodes of a network in order: folders node0, node1, … that should hold node.toml.
/// @errors err::not_found
[[nodiscard]] Outcome<std::vector<std::filesystem::path>> node_folders(
    const std::filesystem::path& network);
/// The configuration that a command names, or those of all nodes of the network in a folder.
/// @errors err::not_found
[[nodiscard]] Outcome<std::vector<std::filesystem::path>> node_files(
    const std::filesystem::path& config, const std::filesystem::path& network);

}  // namespace wusong::apps

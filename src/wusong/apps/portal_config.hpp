// SPDX-License-Identifier: Apache-2.0
// One file says where the portal listens, which node it follows and where it keeps its things.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "wusong/apps/errors.hpp"
#include "wusong/portal/act.hpp"
#include "wusong/portal/text.hpp"

namespace wusong::apps {

struct PortalConfig {
  std::filesystem::path folder;  // keys, databases, chain.json
  std::string listen_host{"127.0.0.1"};
  std::uint16_t listen_port{8080};
  std::size_t workers{8};
  std::string base;  // public address; empty: http://listen
  std::vector<std::string> hosts;
  bool secure{false};
  bool registration{true};
  std::string node{"http://127.0.0.1:8545"};
  std::string websocket;
  std::string postgres;  // a connection string; empty: SQLite in the folder
  std::filesystem::path blobs;
  std::filesystem::path web;
  std::filesystem::path rules;
  std::filesystem::path contracts;
  std::filesystem::path genesis;  // the chain's genesis.json, handed out with proofs; may be empty
  portal::Text title{"城市公共数据开放平台", "City open data"};
  portal::Text description{"", ""};
  portal::Text publisher{"", ""};
  std::string contact;
  double rate_factor{1};
  bool quick_passwords{false};  // least Argon2id cost: for tests only
};

/// Relative paths count from the file's folder. Unknown keys are refused.
/// @errors err::bad_config, err::unknown_key, platform's file rows
[[nodiscard]] Outcome<PortalConfig> load_portal_config(const std::filesystem::path& file);
/// A file with every key and what it means.
std::string portal_config_example();

/// What init has put on the chain: folder/chain.json.
struct PortalChain {
  std::uint64_t chain_id{0};
  std::string genesis;
  std::uint64_t from_block{0};
  portal::Contracts contracts;
  std::vector<std::string> done;  // names of steps that need not be taken again
  bool has(const std::string& step) const;
};
[[nodiscard]] Outcome<std::optional<PortalChain>> load_portal_chain(
    const std::filesystem::path& folder);
[[nodiscard]] Outcome<void> save_portal_chain(const std::filesystem::path& folder,
                                              const PortalChain& chain);

}  // namespace wusong::apps

// SPDX-License-Identifier: Apache-2.0
// One file says where the portal listens, which node it follows and where it keeps its things.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wusong/harvest/record.hpp"
#include "wusong/openid/provider.hpp"
#include "wusong/portal/act.hpp"
#include "wusong/portal/text.hpp"
#include "wusong/portal_app/errors.hpp"

namespace wusong::portal_app {

/// Where files are kept when it is not a folder.
struct RadosConfig {
  std::string pool;
  std::filesystem::path configuration{"/etc/ceph/ceph.conf"};
  std::string user{"admin"};  // client.USER
};

struct PortalConfig {
  std::filesystem::path file;    // where these settings stand
  std::filesystem::path folder;  // keys, databases, chain.json
  std::string listen_host{"127.0.0.1"};
  std::uint16_t listen_port{8080};
  std::size_t workers{8};
  std::string base;  // public address; empty: http://listen
  std::vector<std::string> hosts;
  std::vector<std::string> proxies;  // canonical addresses whose X-Forwarded-For counts
  std::string metrics_host;          // empty: no metrics
  std::uint16_t metrics_port{0};
  bool secure{false};
  bool registration{true};
  bool conditional_metadata_public{true};
  std::string node{"http://127.0.0.1:8545"};
  std::string websocket;
  std::string postgres;              // a connection string; empty: SQLite in the folder
  std::filesystem::path server_key;  // empty: folder/server.key
  std::filesystem::path blobs;
  std::optional<RadosConfig> rados;  // instead of blobs
  std::filesystem::path web;
  std::filesystem::path rules;
  std::filesystem::path contracts;
  std::filesystem::path genesis;  // the chain's genesis.json, handed out with proofs; may be empty
  portal::Text title{"城市公共数据开放平台", "City open data"};
  portal::Text description{"", ""};
  portal::Text publisher{"", ""};
  std::string contact;
  std::vector<harvest::HarvestSource> harvests;
  double rate_factor{1};
  std::size_t tables_at_once{2};                    // children that look into files
  double tables_memory_gib{1};                      // of each of them
  std::size_t calls_per_day{10'000};                // of rows and aggregates, by one account
  bool quick_passwords{false};                      // least Argon2id cost: for tests only
  std::vector<openid::IdentityProvider> providers;  // other sites that sign people in
  std::filesystem::path ca_file;  // authorities for them besides the system's; may be empty
};

/// Relative paths count from the file's folder. Unknown keys are refused, and so is a file with a
/// secret that others may read.
/// @errors err::bad_config, err::unknown_key, platform's file rows
[[nodiscard]] Outcome<PortalConfig> load_portal_config(const std::filesystem::path& file);
/// The same of a text that would stand in `file`.
[[nodiscard]] Outcome<PortalConfig> parse_portal_config(const std::string& text,
                                                        const std::filesystem::path& file);
/// A file with every key and what it means.
std::string portal_config_example();

// Who asks when a proxy stands between: what X-Forwarded-For says counts only from a proxy that the
// settings name, because anybody can write that header.

/// An IPv4 or IPv6 address as it is always written ("::ffff:1.2.3.4" is "1.2.3.4"); empty where
/// `text` is none.
std::string canonical_address(std::string_view text);

/// `connection`, or where that is one of `proxies`: the last of the forwarded addresses that is
/// not. Several header lines count in their order. A name instead of an address ends the walk.
/// @shape `proxies` are canonical
std::string client_address(std::string_view connection,
                           std::span<const std::pair<std::string, std::string>> headers,
                           std::span<const std::string> proxies);

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

}  // namespace wusong::portal_app

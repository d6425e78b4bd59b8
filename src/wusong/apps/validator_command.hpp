// SPDX-License-Identifier: Apache-2.0
// `wusong validator …`: what governors propose and approve in the chain's registry, and what
// operators of nodes prepare for them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "wusong/apps/config.hpp"
#include "wusong/apps/contract_command.hpp"
#include "wusong/crypto/signature.hpp"

namespace wusong::apps {

/// What a node's operator hands to the governors: its public keys, and signatures that show that it
/// holds the secret ones.
struct JoinRequest {
  std::uint64_t chain_id{0};
  std::string name;
  Bytes node_key;
  Bytes node_proof;
  crypto::Scheme scheme{crypto::Scheme::ed25519};
  Bytes vote_key;    // empty: of an observer
  Bytes vote_proof;  // over node::possession_message()
  Address beneficiary;
  Address governor;
  Bytes next_node_key;  // empty: the node key stays
  Bytes next_node_proof;
};

/// Of the node with this configuration; with `next`, of those of its keys that are to follow.
/// @errors those of reading configuration, genesis and keys
[[nodiscard]] Outcome<JoinRequest> make_request(const std::filesystem::path& config_file,
                                                const Address& governor, bool next);
std::string to_json(const JoinRequest& request);
/// @errors err::bad_request with the member that is wrong, also where a signature does not verify
[[nodiscard]] Outcome<JoinRequest> read_request(const std::filesystem::path& file);

/// Makes the key that is to follow, beside the present one, of its scheme where none is named.
/// @return its file
/// @errors err::already_exists, those of reading configuration and writing keys
[[nodiscard]] Outcome<std::filesystem::path> make_next_vote_key(
    const std::filesystem::path& config_file, const std::string& scheme);
[[nodiscard]] Outcome<std::filesystem::path> make_next_node_key(const NodeConfig& config);

struct RequestOptions {
  std::filesystem::path config;
  std::string governor;  // empty: for an observer, or a key
  bool next{false};
};
struct NextKeyOptions {
  std::filesystem::path config;
  std::string scheme;  // of a vote key; empty: as the present one
  bool json{false};
};
struct AdmitOptions {  // add, observe, replace-key
  std::vector<std::filesystem::path> requests;
  SendOptions send;
};
struct RemoveOptions {
  std::vector<std::string> members;  // names, or node keys
  SendOptions send;
};
struct ParameterOptions {  // empty: as it is
  std::string gas_limit;
  std::string base_fee;
  std::string heartbeat_ms;
  std::string block_interval_ms;
  std::string block_bytes_max;
  std::string epoch_blocks;
  SendOptions send;
};
struct DecideOptions {
  std::uint64_t proposal{0};
  SendOptions send;
};

/// Each @return 0; 1 where it failed or was refused on the chain; 2 for arguments that make no
/// sense
int validator_request(const RequestOptions& options);
int validator_next_key(const NextKeyOptions& options);
int node_next_key(const NextKeyOptions& options);
int validator_registry(const std::string& url, bool json);
int validator_add(const AdmitOptions& options);
int validator_observe(const AdmitOptions& options);
int validator_replace_key(const AdmitOptions& options);
int validator_remove(const RemoveOptions& options);
int validator_parameters(const ParameterOptions& options);
int validator_approve(const DecideOptions& options);
int validator_withdraw(const DecideOptions& options);

}  // namespace wusong::apps

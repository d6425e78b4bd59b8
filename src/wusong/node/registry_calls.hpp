// SPDX-License-Identifier: Apache-2.0
// Calls of the registry contract, encoded: what governors sign.
#pragma once

#include <span>

#include "wusong/types/epoch.hpp"

namespace wusong::node {

/// What a key signs to show that somebody holds it; a node key does so for itself.
/// @shape "wusong/possession/v1" || chain id u256 || node key || scheme u8 || key, filled to 64
///        bytes; of a longer key keccak256, filled likewise
Bytes possession_message(std::uint64_t chain_id, BytesView node_key, crypto::Scheme scheme,
                         BytesView key);

// For governors.
Bytes call_propose(std::span<const Bytes> changes);
Bytes call_approve(std::uint64_t proposal);
Bytes call_withdraw(std::uint64_t proposal);

// What call_propose() takes.
struct NewValidator {
  types::Validator validator;
  Address governor;
  Bytes vote_proof;  // over possession_message() of the vote key
  Bytes node_proof;  // and of the node key
};
/// A vote key of more than 64 bytes is brought by a change before the one that names it.
bool is_laid_down(BytesView vote_key) noexcept;
Bytes change_lay_down_key(BytesView vote_key);
Bytes change_add_validator(const NewValidator& who);
Bytes change_remove_validator(BytesView node_key);
struct NewVoteKey {
  Bytes node_key;  // whose
  crypto::Scheme scheme{crypto::Scheme::ed25519};
  Bytes vote_key;
  Bytes proof;
};
Bytes change_replace_vote_key(const NewVoteKey& next);
struct NewNodeKey {
  Bytes node_key;  // whose
  Bytes next_key;
  Bytes proof;
};
Bytes change_replace_node_key(const NewNodeKey& next);
Bytes change_add_observer(const types::Observer& who, BytesView node_proof);
Bytes change_remove_observer(BytesView node_key);
Bytes change_set_parameters(const types::ChainParameters& parameters, std::uint64_t epoch_blocks);

}  // namespace wusong::node

// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/registry_calls.hpp"

#include <algorithm>
#include <string_view>

#include "wusong/hash/hash.hpp"
#include "wusong/node/internal/contract_call.hpp"

namespace wusong::node {
namespace {

using internal::Call;
constexpr std::size_t kWord = internal::kAbiWord;

/// A vote key as the contract's two words: its bytes, or what stands for a longer one.
Bytes two_words(BytesView key) {
  Bytes out = is_laid_down(key) ? to_bytes(hash::keccak256(key)) : to_bytes(key);
  out.resize(2 * kWord);
  return out;
}

U256 number_of(crypto::Scheme scheme) {
  return U256{static_cast<std::uint64_t>(scheme)};
}

}  // namespace

Bytes possession_message(std::uint64_t chain_id, BytesView node_key, crypto::Scheme scheme,
                         BytesView key) {
  Bytes out = to_bytes(as_bytes(std::string_view{"wusong/possession/v1"}));
  append(out, to_hash(U256{chain_id}));
  append(out, node_key);
  out.push_back(static_cast<std::uint8_t>(scheme));
  append(out, two_words(key));
  return out;
}

bool is_laid_down(BytesView vote_key) noexcept {
  return vote_key.size() > 2 * kWord;
}

Bytes call_propose(std::span<const Bytes> changes) {
  return Call{"propose(bytes[])", 1}.list(changes).take();
}
Bytes call_approve(std::uint64_t proposal) {
  return Call{"approve(uint64)", 1}.number(U256{proposal}).take();
}
Bytes call_withdraw(std::uint64_t proposal) {
  return Call{"withdraw(uint64)", 1}.number(U256{proposal}).take();
}

Bytes change_add_validator(const NewValidator& who) {
  const types::Validator& validator = who.validator;
  return Call{"addValidator((bytes32,bytes32,address,uint8,address,bytes32[2]),bytes,bytes)", 9}
      .left(as_bytes(validator.name))
      .left(validator.node_key)
      .address(validator.beneficiary)
      .number(number_of(validator.scheme))
      .address(who.governor)
      .words(two_words(validator.vote_key))
      .bytes(who.vote_proof)
      .bytes(who.node_proof)
      .take();
}

Bytes change_lay_down_key(BytesView vote_key) {
  return Call{"layDownKey(bytes)", 1}.bytes(vote_key).take();
}

Bytes change_remove_validator(BytesView node_key) {
  return Call{"removeValidator(bytes32)", 1}.left(node_key).take();
}

Bytes change_replace_vote_key(const NewVoteKey& next) {
  return Call{"replaceVoteKey(bytes32,uint8,bytes32[2],bytes)", 5}
      .left(next.node_key)
      .number(number_of(next.scheme))
      .words(two_words(next.vote_key))
      .bytes(next.proof)
      .take();
}

Bytes change_replace_node_key(const NewNodeKey& next) {
  return Call{"replaceNodeKey(bytes32,bytes32,bytes)", 3}
      .left(next.node_key)
      .left(next.next_key)
      .bytes(next.proof)
      .take();
}

Bytes change_add_observer(const types::Observer& who, BytesView node_proof) {
  return Call{"addObserver((bytes32,bytes32),bytes)", 3}
      .left(as_bytes(who.name))
      .left(who.node_key)
      .bytes(node_proof)
      .take();
}

Bytes change_remove_observer(BytesView node_key) {
  return Call{"removeObserver(bytes32)", 1}.left(node_key).take();
}

Bytes change_set_parameters(const types::ChainParameters& parameters, std::uint64_t epoch_blocks) {
  return Call{"setParameters((uint64,uint64,uint64,uint64),uint256,uint64)", 6}
      .number(U256{parameters.gas_limit})
      .number(U256{parameters.heartbeat_ms})
      .number(U256{parameters.block_interval_ms})
      .number(U256{parameters.block_bytes_max})
      .number(parameters.base_fee)
      .number(U256{epoch_blocks})
      .take();
}

}  // namespace wusong::node

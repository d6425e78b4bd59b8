// SPDX-License-Identifier: Apache-2.0
// wusong_: epochs, what proves them, and the registry that makes them.
#include <array>

#include "wusong/node/registry.hpp"
#include "wusong/rpc/internal/methods.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonWriter;

// Of one answer; a client asks again from where it is.
constexpr std::size_t kEpochProofsMax = 64;

void write_members(JsonWriter& out, const std::vector<types::Validator>& validators,
                   const std::vector<Address>& governors,
                   const std::vector<types::Observer>& observers) {
  out.key("validators").open_array();
  for (std::size_t i = 0; i < validators.size(); ++i) {
    const types::Validator& validator = validators[i];
    const auto* scheme = crypto::find_scheme(static_cast<std::uint8_t>(validator.scheme));
    out.open_object().key("name").string(validator.name);
    out.key("scheme").string(scheme == nullptr ? std::string_view{} : scheme->name);
    out.key("publicKey").data(validator.vote_key).key("nodeKey").data(validator.node_key);
    out.key("beneficiary").data(validator.beneficiary);
    if (i < governors.size()) out.key("governor").data(governors[i]);
    out.close_object();
  }
  out.close_array().key("observers").open_array();
  for (const types::Observer& observer : observers) {
    out.open_object().key("name").string(observer.name);
    out.key("nodeKey").data(observer.node_key).close_object();
  }
  out.close_array();
}

void write_parameters(JsonWriter& out, const types::ChainParameters& parameters) {
  out.key("parameters").open_object().key("gasLimit").quantity(parameters.gas_limit);
  out.key("baseFee").quantity(to_hash(parameters.base_fee));
  out.key("heartbeatMs").quantity(parameters.heartbeat_ms);
  out.key("blockIntervalMs").quantity(parameters.block_interval_ms);
  out.key("blockBytesMax").quantity(parameters.block_bytes_max).close_object();
}

Answer<void> epoch(const Call& call, JsonWriter& out) {
  node::EpochPtr epoch = call.context.node.epoch();
  if (call.params.find(0)) {
    WUSONG_ANSWER(const BlockRef ref, call.params.block({0, "block"}));
    WUSONG_ANSWER(const Height height, height_of(call.context, ref));
    const auto found = call.context.node.epoch_of(height);
    if (!found) return refuse(found.error());
    epoch = *found;
  }
  out.open_object().key("epoch").quantity(epoch->number);
  out.key("first").quantity(epoch->first.value).key("version").quantity(epoch->version);
  write_members(out, epoch->validators, {}, epoch->observers);
  write_parameters(out, epoch->parameters);
  out.key("encoded").data(types::encode(*epoch)).close_object();
  return {};
}

Answer<void> epoch_proofs(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const std::uint64_t from, call.params.u64({0, "epoch"}));
  const auto proofs = call.context.node.epoch_proofs(from, kEpochProofsMax);
  if (!proofs) return refuse(proofs.error());
  out.open_array();
  for (const node::EpochProof& proof : *proofs) {
    out.open_object().key("epoch").quantity(proof.epoch);
    out.key("header").data(proof.header).key("proof").data(proof.proof).close_object();
  }
  out.close_array();
  return {};
}

void write_proposal(JsonWriter& out, const node::OpenProposal& proposal) {
  out.open_object().key("id").quantity(proposal.id).key("by").data(proposal.by);
  out.key("changes").open_array();
  for (const Bytes& change : proposal.changes) out.data(change);
  out.close_array().key("approvals").open_array();
  for (const Address& governor : proposal.approvals) out.data(governor);
  out.close_array().close_object();
}

/// Null on a chain without one.
Answer<void> registry(const Call& call, JsonWriter& out) {
  const Height latest = call.context.node.heads().executed;
  WUSONG_ANSWER(const auto state, state_at(call.context, latest));
  if (!state->account(node::kRegistryAddress)) {
    out.null();
    return {};
  }
  const auto found = node::read_registry(*state);
  if (!found) return refuse(found.error());
  const auto proposals = node::open_proposals(*state);
  if (!proposals) return refuse(proposals.error());
  out.open_object().key("address").data(node::kRegistryAddress);
  out.key("height").quantity(latest.value).key("version").quantity(found->version);
  out.key("epochBlocks").quantity(found->epoch_blocks);
  out.key("threshold").quantity(found->threshold);
  write_members(out, found->validators, found->governors, found->observers);
  write_parameters(out, found->parameters);
  out.key("proposals").open_array();
  for (const node::OpenProposal& proposal : *proposals) write_proposal(out, proposal);
  out.close_array().close_object();
  return {};
}

constexpr auto kMethods = std::to_array<Method>({
    {"wusong_epoch", epoch},
    {"wusong_epochProofs", epoch_proofs},
    {"wusong_registry", registry},
});

}  // namespace

std::span<const Method> epoch_methods() noexcept {
  return kMethods;
}

}  // namespace wusong::rpc

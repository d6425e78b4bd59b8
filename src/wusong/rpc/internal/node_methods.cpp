// SPDX-License-Identifier: Apache-2.0
// wusong_, net_, web3_ and rpc_: the node itself.
#include <array>
#include <string>

#include "wusong/hash/chain_hash.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/rpc/internal/health.hpp"
#include "wusong/rpc/internal/methods.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonWriter;

Answer<void> net_version(const Call& call, JsonWriter& out) {
  out.string(std::to_string(call.context.node.chain_id()));
  return {};
}
Answer<void> net_listening(const Call& /*call*/, JsonWriter& out) {
  out.boolean(true);
  return {};
}
Answer<void> net_peer_count(const Call& call, JsonWriter& out) {
  out.quantity(std::uint64_t{call.context.node.peers().size()});
  return {};
}
Answer<void> client_version(const Call& call, JsonWriter& out) {
  out.string(call.context.node.client_version());
  return {};
}
Answer<void> sha3(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Bytes data, call.params.data({0, "data"}));
  out.data(hash::keccak256(data));
  return {};
}
Answer<void> modules(const Call& /*call*/, JsonWriter& out) {
  out.open_object();
  for (const std::string_view name : {"debug", "eth", "net", "rpc", "txpool", "web3", "wusong"})
    out.key(name).string("1.0");
  out.close_object();
  return {};
}

Answer<void> validators(const Call& call, JsonWriter& out) {
  out.open_array();
  for (const auto& validator : call.context.node.validators()) {
    out.open_object().key("index").quantity(std::uint64_t{validator.index});
    out.key("name").string(validator.name).key("scheme").string(validator.scheme);
    out.key("publicKey").data(validator.public_key).key("nodeKey").data(validator.node_key);
    out.key("beneficiary").data(validator.beneficiary);
    out.key("isSelf").boolean(validator.is_self).key("connected").boolean(validator.connected);
    out.key("lastKnownFinal").quantity(validator.last_known_final.value).close_object();
  }
  out.close_array();
  return {};
}

Answer<void> peers(const Call& call, JsonWriter& out) {
  out.open_array();
  for (const auto& peer : call.context.node.peers()) {
    out.open_object().key("nodeKey").data(peer.node_key).key("name").string(peer.name);
    out.key("address").string(peer.address).key("version").string(peer.version);
    out.key("role").string(peer.role).key("final").quantity(peer.final.value);
    out.key("rttMicros").quantity(peer.rtt_us).key("inbound").boolean(peer.inbound);
    out.close_object();
  }
  out.close_array();
  return {};
}

void write_counts(JsonWriter& out, std::string_view key, const node::RefusalCounts& counts) {
  out.key(key).open_object();
  for (const auto& [reason, count] : counts) out.key(reason).number(count);
  out.close_object();
}

void write_tls(JsonWriter& out, const node::TlsStatus& tls) {
  out.key("tls").open_object().key("mode").string(tls.ca_mode ? "ca" : "pinned");
  if (tls.ca_mode) {
    out.key("subject").string(tls.subject).key("issuer").string(tls.issuer);
    out.key("serial").string(tls.serial).key("expiresMs").number(tls.expires.value);
    out.key("caExpiresMs").number(tls.ca_expires.value);
    if (tls.crl_due.value != 0) out.key("crlDueMs").number(tls.crl_due.value);
  }
  out.close_object();
}

Answer<void> network_status(const Call& call, JsonWriter& out) {
  const node::NetworkInfo network = call.context.node.network();
  out.open_object();
  write_tls(out, network.tls);
  out.key("warnings").open_array();
  for (const std::string& warning : network.warnings) out.string(warning);
  out.close_array().key("reloads").number(network.reloads);
  out.key("reloadFault").string(network.reload_fault);
  write_counts(out, "connectionsRefused", network.connections_refused);
  write_counts(out, "framesRefused", network.frames_refused);
  write_counts(out, "messagesRefused", network.messages_refused);
  write_counts(out, "proposalsRefused", network.proposals_refused);
  out.key("bans").number(network.bans).key("circuits").number(network.circuits_passing);
  out.key("peers").open_array();
  for (const node::AdmittedPeer& peer : network.peers) {
    out.open_object().key("nodeKey").data(peer.node_key).key("name").string(peer.name);
    out.key("connected").boolean(peer.connected).key("relayed").boolean(peer.relayed);
    out.key("exchange").string(peer.exchange);
    out.key("address").string(peer.address).key("lastError").string(peer.last_error);
    out.key("penalty").number(static_cast<std::uint64_t>(peer.penalty));
    out.key("bannedMs").number(peer.banned_ms).key("pauses").number(peer.pauses);
    write_counts(out, "refused", peer.refused);
    out.close_object();
  }
  out.close_array().close_object();
  return {};
}

Answer<void> node_health(const Call& call, JsonWriter& out) {
  write_health(out, call.context.node);
  return {};
}

Answer<void> chain_info(const Call& call, JsonWriter& out) {
  const node::Service& node = call.context.node;
  const node::Heads heads = node.heads();
  out.open_object().key("chainId").quantity(node.chain_id());
  out.key("genesisHash").data(node.genesis_hash());
  out.key("profile").string(hash::name_of(hash::chain_profile()));
  out.key("fork").string(vm::name_of(node.fork()));
  out.key("rootDelay").quantity(std::uint64_t{node.root_delay()});
  out.key("gasLimit").quantity(node.gas_limit()).key("gasPrice");
  quantity(out, node.gas_price());
  out.key("validatorCount").quantity(std::uint64_t{node.validators().size()});
  out.key("executed").quantity(heads.executed.value).key("final").quantity(heads.final.value);
  out.key("oldestState").quantity(heads.oldest_state.value);
  out.key("oldestBlock").quantity(heads.oldest_block.value);
  out.key("oldestReceipts").quantity(heads.oldest_receipts.value);
  out.key("clientVersion").string(node.client_version()).close_object();
  return {};
}

Answer<void> finality_proof(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const BlockRef ref, call.params.block({0, "block"}));
  WUSONG_ANSWER(const Height height, height_of(call.context, ref));
  const auto proof = call.context.node.finality_proof(height);
  if (!proof) {
    if (proof.error() == Error{node::err::unknown_block})
      return std::unexpected{state_fault(call.context, proof.error(), height)};
    return refuse(proof.error());
  }
  out.open_object().key("height").quantity(proof->height.value);
  out.key("blockHash").data(proof->block_hash).key("header").data(proof->header);
  out.key("chain").open_array();
  for (const Bytes& header : proof->chain) out.data(header);
  out.close_array().key("attestedHeight").quantity(proof->attested_height.value);
  out.key("attestations").data(proof->attestations).close_object();
  return {};
}

Answer<void> transaction_status(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const Hash hash, call.params.hash({0, "hash"}));
  WUSONG_ANSWER(const FoundTransaction found, find_transaction(call.context, hash));
  out.open_object().key("hash").data(hash).key("status");
  if (found.block) {
    const std::uint16_t skipped = found.block->skipped[found.index];
    out.string(skipped == 0 ? "final" : "skipped");
    if (skipped != 0) out.key("reason").string(skip_reason(skipped));
    if (!found.block->receipts_pruned())
      out.key("succeeded").boolean(found.block->receipts[found.index].success);
    out.key("blockNumber").quantity(found.block->block.header.number.value);
    out.key("blockHash").data(found.block->hash);
    out.key("transactionIndex").quantity(std::uint64_t{found.index});
    out.key("rootsCovered").boolean(found.block->covered_at().has_value());
  } else if (const auto pooled = call.context.node.pooled(hash)) {
    out.string(pooled->pending ? "pending" : "queued");
  } else {
    out.string("unknown");
  }
  out.close_object();
  return {};
}

constexpr auto kMethods = std::to_array<Method>({
    {"net_version", net_version},
    {"net_listening", net_listening},
    {"net_peerCount", net_peer_count},
    {"web3_clientVersion", client_version},
    {"web3_sha3", sha3},
    {"rpc_modules", modules},
    {"wusong_validators", validators},
    {"wusong_peers", peers},
    {"wusong_networkStatus", network_status},
    {"wusong_nodeHealth", node_health},
    {"wusong_chainInfo", chain_info},
    {"wusong_finalityProof", finality_proof},
    {"wusong_transactionStatus", transaction_status},
});

}  // namespace

std::span<const Method> node_methods() noexcept {
  return kMethods;
}

void write_health(JsonWriter& out, const node::Service& node) {
  const node::Health health = node.health();
  const node::Heads heads = node.heads();
  out.open_object().key("healthy").boolean(health.healthy).key("reason").string(health.reason);
  out.key("role").string(health.role).key("version").string(node.client_version());
  out.key("uptimeMs").number(health.uptime_ms).key("view").number(health.view.value);
  out.key("height").number(heads.executed.value).key("final").number(heads.final.value);
  out.key("finalityMsP50").number(health.finality_ms_p50);
  out.key("finalityMsP99").number(health.finality_ms_p99);
  out.key("syncing").boolean(health.syncing);
  out.key("syncTarget").number(health.sync_target.value);
  if (health.snapshot) {
    out.key("snapshot").open_object().key("permille").number(health.snapshot->permille);
    out.key("accounts").number(health.snapshot->accounts);
    out.key("bytes").number(health.snapshot->bytes).close_object();
  }
  out.key("peers").number(std::uint64_t{node.peers().size()}).close_object();
}

}  // namespace wusong::rpc

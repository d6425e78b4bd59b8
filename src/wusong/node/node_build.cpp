// SPDX-License-Identifier: Apache-2.0
// Proposing: what this node puts into a block of its own.
#include <algorithm>

#include "wusong/node/internal/accounts.hpp"
#include "wusong/node/node.hpp"
#include "wusong/node/validation.hpp"

namespace wusong::node {
namespace {

// Beyond this many final blocks without agreed roots, blocks carry no transactions: execution
// catches up.
constexpr std::uint64_t kUnexecutedMax = 12;

}  // namespace

/// Blocks from the child of the final tip to `from`, oldest first.
std::vector<PreparedPtr> Node::ancestors_to_final(const Hash& from) const {
  std::vector<PreparedPtr> out;
  for (Hash at = from; at != final_.hash;) {
    const auto found = candidates_.find(at);
    WUSONG_ASSERT(found != candidates_.end());
    out.push_back(found->second.block);
    at = found->second.block->block.header.parent_hash;
  }
  std::ranges::reverse(out);
  return out;
}

std::vector<types::ExecutionRoots> Node::roots_between(Height after, Height up_to) const {
  std::vector<types::ExecutionRoots> out;
  for (Height h = after.next(); h <= up_to; h = h.next()) {
    const auto found = roots_.find(h);
    WUSONG_ASSERT(found != roots_.end());
    out.push_back(found->second);
  }
  return out;
}

/// The pool's best transactions that no ancestor of the new block holds already.
std::vector<txpool::PooledPtr> Node::choose_transactions(const Hash& parent) {
  HashSet<Hash> excluded;
  std::map<Address, std::uint64_t> next;
  // Whose key may be another one soon waits until it is known: execution would skip, and nobody pay
  // for, whatever the key of today signed for after that.
  std::vector<Address> waiting;
  for (const auto& [address, height] : accounts_->replacing()) waiting.push_back(address);
  for (const PreparedPtr& ancestor : ancestors_to_final(parent)) {
    excluded.insert(ancestor->transaction_hashes.begin(), ancestor->transaction_hashes.end());
    note_nonces(*ancestor, next);
    std::ranges::copy(replacing(*ancestor), std::back_inserter(waiting));
  }
  for (const Address& address : waiting) next[address] = txpool::kNoNonce;
  std::vector<txpool::NonceUpdate> next_nonces;
  next_nonces.reserve(next.size());
  for (const auto& [address, nonce] : next) next_nonces.push_back({address, nonce});
  return pool_->build({.gas = epoch().parameters.gas_limit,
                       .bytes = epoch().parameters.block_bytes_max,
                       .count = kTransactionsPerBlockMax,
                       .excluded = &excluded,
                       .next_nonces = next_nonces,
                       .last_to = exec::kKeysAddress});
}

types::Header Node::header_on(const Tip& parent, View view) const {
  const auto proposer = static_cast<std::uint32_t>(voting_.signer->index());
  types::Header header;
  header.parent_hash = parent.hash;
  header.number = parent.header.number.next();
  header.view = view;
  header.proposer = proposer;
  header.beneficiary = epoch().validators[proposer].beneficiary;
  header.timestamp = std::max(parent.header.timestamp, wall_);
  header.gas_limit = epoch().parameters.gas_limit;
  header.base_fee = epoch().parameters.base_fee;
  header.executed = roots_target(parent.header, executed_, options_.genesis.root_delay);
  header.roots = roots_between(parent.header.executed, header.executed);
  if (const auto next = epoch_after(header)) header.next_epoch = types::encode(*next);
  return header;
}

void Node::build(const consensus::BuildPayload& request) {
  if (build_closing(request)) return;
  const auto parent = tip_of(request.parent.id);
  if (!parent) {
    feed(consensus::PayloadDeclined{.view = request.view});
    return;
  }
  std::vector<txpool::PooledPtr> chosen;
  if (parent->header.number.next().value - executed_.value <= kUnexecutedMax) {
    chosen = choose_transactions(parent->hash);
  }
  if (chosen.empty() && !request.for_finality && !roots_need_block(*parent) && !heartbeat_due() &&
      !change_pending()) {
    declined_ = true;
    feed(consensus::PayloadDeclined{.view = request.view});
    return;
  }

  auto prepared = std::make_shared<PreparedBlock>();
  std::vector<Bytes> encodings;
  encodings.reserve(chosen.size());
  for (const txpool::PooledPtr& pooled : chosen) {
    encodings.push_back(types::encode(pooled->transaction));
    prepared->block.transactions.push_back(pooled->transaction);
    prepared->transaction_hashes.push_back(pooled->hash);
    prepared->senders.push_back(pooled->sender);
  }
  prepared->block.header = header_on(*parent, request.view);
  prepared->block.header.transactions_root = types::ordered_trie_root(encodings);
  prepared->hash = types::hash_of(prepared->block.header);
  prepared->encoded = types::encode_block(prepared->block.header, encodings);
  ++counters_.blocks_proposed;

  const Hash id = prepared->hash;
  Bytes payload = prepared->encoded;
  adopt(std::move(prepared), *parent);
  feed(
      consensus::PayloadBuilt{.view = request.view, .block_id = id, .payload = std::move(payload)});
}

void Node::adopt(PreparedPtr block, const Tip& parent) {
  const types::Header& header = block->block.header;
  const Height last_nonempty =
      block->block.transactions.empty() ? parent.last_nonempty : header.number;
  const Hash hash = block->hash;
  note_included(*block);
  candidates_.insert_or_assign(
      hash, Candidate{.block = std::move(block), .last_nonempty = last_nonempty});
}

}  // namespace wusong::node

// SPDX-License-Identifier: Apache-2.0
// Finality: blocks are stored, executed, and leave the pool.
#include <algorithm>

#include "wusong/base/defect.hpp"
#include "wusong/consensus/finality_proof.hpp"
#include "wusong/node/epoch_frame.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/internal/accounts.hpp"
#include "wusong/node/node.hpp"
#include "wusong/node/validation.hpp"

namespace wusong::node {

std::vector<PreparedPtr> Node::prepared_chain(
    const std::vector<consensus::BlockPtr>& blocks) const {
  std::vector<PreparedPtr> out;
  for (const consensus::BlockPtr& block : blocks) {
    if (closing_.contains(block->ref.id)) break;  // not of the chain: see closing.hpp
    const auto found = candidates_.find(block->ref.id);
    WUSONG_ASSERT(found != candidates_.end());  // consensus finalises only what was verified here
    out.push_back(found->second.block);
  }
  return out;
}

/// `certificate` proves the last block; those before it are its ancestors.
void Node::finalise(std::span<const PreparedPtr> blocks, const Bytes& certificate) {
  for (const PreparedPtr& block : blocks) {
    store_final(block, block == blocks.back() ? BytesView{certificate} : BytesView{});
    out_.execute.push_back(block);
  }
  out_.sync = out_.sync || !has_defect(Defect::final_not_synced);
  out_.final = final_.header.number;
  stored_ = final_.header.number;
  last_final_at_ = now_;
  changed_ = true;
  const Height height = final_.header.number;
  boost::unordered::erase_if(candidates_, [&](const auto& entry) {
    return entry.second.block->block.header.number <= height;
  });
  forget_registries();
  if (!final_.header.next_epoch.empty()) {
    auto next = types::decode_epoch(final_.header.next_epoch);
    if (!next || next->number != epoch().number + 1 || next->first != height.next()) {
      out_.halt = err::bad_registry;  // a quorum has agreed on what is no epoch
      return;
    }
    enter_epoch(*std::move(next));
  }
  announce_final();
}

void Node::store_final(const PreparedPtr& block, BytesView certificate) {
  const types::Header& header = block->block.header;
  WUSONG_ASSERT(header.parent_hash == final_.hash);
  if (const auto staged =
          ledger_.stage_block(out_.batch, header.number, block->hash, block->encoded, certificate);
      !staged) {
    out_.halt = staged.error();
  }
  Height height = final_.header.executed;
  for (const types::ExecutionRoots& roots : header.roots) {
    height = height.next();
    if (height > executed_) {
      claimed_[height] = roots;  // synced ahead of execution: compared when it gets there
    } else if (const auto own = roots_.find(height); own != roots_.end() && own->second != roots) {
      out_.halt = err::state_diverged;
    }
  }
  roots_.erase(roots_.begin(), roots_.upper_bound(header.executed));

  std::map<Address, std::uint64_t> next;
  note_nonces(*block, next);
  std::vector<txpool::NonceUpdate> nonces;
  nonces.reserve(next.size());
  for (const auto& [address, nonce] : next) {
    accounts_->advance(address, nonce, header.number);
    nonces.push_back({address, accounts_->nonce(address)});
  }
  for (const Address& address : replacing(*block))
    accounts_->expect_replacement(address, header.number);
  if (!nonces.empty()) {
    apply_changes(pool_->on_block({.included = block->transaction_hashes,
                                   .nonces = nonces,
                                   .gas_limit = epoch().parameters.gas_limit,
                                   .base_fee = epoch().parameters.base_fee},
                                  now_),
                  std::nullopt);
  }
  counters_.transactions_finalised += block->senders.size();
  const Height last_nonempty = block->senders.empty() ? final_.last_nonempty : header.number;
  final_ = {.header = header, .hash = block->hash, .last_nonempty = last_nonempty};
}

void Node::note_nonces(const PreparedBlock& block, std::map<Address, std::uint64_t>& next) const {
  for (std::size_t i = 0; i < block.senders.size(); ++i) {
    const types::Transaction& transaction = block.block.transactions[i];
    // Whoever names another's account uses none of its nonces: execution will skip it.
    if (transaction.account && !accounts_->check(transaction, block.senders[i])) continue;
    next[block.senders[i]] = transaction.nonce + 1;
  }
}

/// Who may have another key once this is executed.
std::vector<Address> Node::replacing(const PreparedBlock& block) {
  std::vector<Address> out;
  for (std::size_t i = 0; i < block.senders.size(); ++i)
    if (block.block.transactions[i].to == exec::kKeysAddress) out.push_back(block.senders[i]);
  return out;
}

void Node::on_executed(const BlockPtr& block) {
  const Height height = block->block.header.number;
  WUSONG_ASSERT(height == executed_.next());
  executed_ = height;
  changed_ = true;
  if (const auto claim = claimed_.find(height); claim != claimed_.end()) {
    if (claim->second != block->roots) out_.halt = err::state_diverged;
    claimed_.erase(claim);
  }
  if (height > final_.header.executed) roots_[height] = block->roots;

  auto view = open_state_(height);
  if (!view) {
    out_.halt = view.error();
    return;
  }
  if (const auto noted = note_registry(**view, height); !noted) {
    out_.halt = noted.error();
    return;
  }
  accounts_->replace(*std::move(view), height);
  forget_old_keys(*block);
  // A transaction that was skipped used no nonce; one by a key that was new to this node used one;
  // and EIP-7702 moves nonces of accounts that sent none.
  refresh_nonces(*block);

  release_delivery();

  std::vector<Hash> waiting;
  for (const auto& [id, check] : checks_) {
    if (check.prepared != nullptr && check.prepared->block.header.executed <= executed_) {
      waiting.push_back(id);
    }
  }
  std::ranges::sort(waiting);
  for (const Hash& id : waiting) decide(id);
}

/// What the pool holds of an account whose key this block replaced, by the old key, is dropped.
void Node::forget_old_keys(const ExecutedBlock& block) {
  std::vector<Address> replaced;
  for (const types::Receipt& receipt : block.receipts) {
    for (const types::Log& log : receipt.logs) {
      if (log.address == exec::kKeysAddress && log.topics.size() > 1)
        replaced.push_back(Address::from(log.topics[1].view().last(Address::kSize)));
    }
  }
  std::ranges::sort(replaced);
  replaced.erase(std::ranges::unique(replaced).begin(), replaced.end());
  if (!replaced.empty()) apply_changes(pool_->recheck(replaced), std::nullopt);
}

void Node::refresh_nonces(const ExecutedBlock& block) {
  std::vector<Address> touched;
  for (std::size_t i = 0; i < block.senders.size(); ++i) {
    const types::Transaction& transaction = block.block.transactions[i];
    if (block.skipped[i] != 0 || transaction.account) touched.push_back(block.senders[i]);
    for (const types::Authorization& authorization : transaction.authorizations) {
      if (const auto authority = types::recover_authority(authorization)) {
        touched.push_back(*authority);
      }
    }
  }
  if (touched.empty()) return;
  std::ranges::sort(touched);
  touched.erase(std::ranges::unique(touched).begin(), touched.end());
  std::vector<txpool::NonceUpdate> nonces;
  for (const Address& address : touched) nonces.push_back({address, accounts_->nonce(address)});
  apply_changes(pool_->on_block({.included = {},
                                 .nonces = nonces,
                                 .gas_limit = epoch().parameters.gas_limit,
                                 .base_fee = epoch().parameters.base_fee},
                                now_),
                std::nullopt);
}

void Node::store_attestation(const consensus::Attested& attested) {
  // The last block of an epoch is attested by its own validators, not by those who begin on it.
  if (attested.height < epoch().first || attested.height > final_.header.number) return;
  const auto proof =
      consensus::make_finality_proof(attested.height, attested.block_id, attested.signatures);
  ledger_.stage_certificate(out_.batch, storage::CertificateKind::attestation, attested.height,
                            consensus::encode(proof));
}

void Node::serve_block(const consensus::ServeBlock& request) {
  if (served_block_ == nullptr || served_block_->ref.id != request.block_id)
    served_block_ = stored_block(request.block_id);
  if (served_block_ == nullptr) return;
  served_at_ = now_;
  std::uint32_t offset = request.offset;
  for (std::uint32_t i = 0; i < consensus::kPartsPerRequest; ++i) {
    if (offset != 0 && offset >= served_block_->payload.size()) return;
    const Bytes part = consensus::encode(consensus::part_of(*served_block_, offset));
    out_.frames.push_back(
        {.to = voting_.to_driver(request.peer),
         .channel = net::Channel::block,
         .payload = std::make_shared<const Bytes>(tag_frame(epoch().number, part))});
    offset += consensus::kPartBytes;
  }
}

/// The final block as consensus had it; nothing where the ledger lacks it.
consensus::BlockPtr Node::stored_block(const Hash& id) const {
  const auto height = ledger_.height_of(id);
  if (!height || !*height || **height < ledger_.kept().blocks) return nullptr;
  auto stored = ledger_.block(**height);
  if (!stored || !*stored) return nullptr;
  const auto parts = types::split_block((*stored)->bytes);
  if (!parts) return nullptr;
  auto block = std::make_shared<consensus::Block>();
  block->ref = {.view = parts->header.view, .height = parts->header.number, .id = id};
  block->parent_id = parts->header.parent_hash;
  block->parent_view = parent_view_of(parts->header);
  block->payload = std::move((*stored)->bytes);
  return block;
}

View Node::parent_view_of(const types::Header& header) const {
  if (header.number.value <= 1) return View{0};
  const auto parent = ledger_.block(header.number.minus(1));
  if (!parent || !*parent) return View{0};
  const auto parts = types::split_block((*parent)->bytes);
  return parts ? parts->header.view : View{0};
}

}  // namespace wusong::node

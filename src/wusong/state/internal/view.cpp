// SPDX-License-Identifier: Apache-2.0
#include "wusong/codec/rlp.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/state/errors.hpp"
#include "wusong/state/internal/engine.hpp"

namespace wusong::state {
namespace {

Result<U256> decode_slot(BytesView value) {
  codec::RlpReader reader{value};
  const auto word = reader.word();
  if (!word || !reader.empty()) return fail(err::corrupt);
  return to_u256(*word);
}

Result<types::Account> decode_stored_account(BytesView value) {
  auto account = types::decode_account(value);
  if (!account) return fail(err::corrupt);
  return *account;
}

}  // namespace

Result<std::unique_ptr<DbView>> open_view(StateDb::Impl& db, Height height) {
  WUSONG_TRY(const std::size_t pin, db.history().pin(height));
  const auto snapshot = db.history().find(height);
  if (!snapshot) {
    db.history().unpin(pin);
    return fail(snapshot.error());
  }
  return std::make_unique<DbView>(db, pin, *snapshot);
}

Result<CachedAccount> DbView::load_account(const Address& address) {
  HeadCache::Ticket ticket;
  const auto cached = db_.cache().account(address, snapshot_.height, ticket);
  if (cached && cached->storage_known) return *cached;
  WUSONG_TRY(const auto leaf, find_leaf(db_.log(), snapshot_.accounts, hash::chain_hash(address)));
  CachedAccount found;
  if (leaf) {
    WUSONG_TRY(found.account, decode_stored_account(leaf->value));
    found.storage = leaf->storage;
  }
  db_.cache().fill_account(address, found, snapshot_.height, ticket);
  return found;
}

Result<U256> DbView::load_slot(const Address& address, const Hash& slot) {
  HeadCache::Ticket ticket;
  if (const auto cached = db_.cache().slot(address, slot, snapshot_.height, ticket)) return *cached;
  if (last_address_ != address) {
    WUSONG_TRY(const CachedAccount account, load_account(address));
    last_address_ = address;
    last_storage_ = account.storage;
  }
  WUSONG_TRY(const auto leaf, find_leaf(db_.log(), last_storage_, hash::chain_hash(slot)));
  U256 value;
  if (leaf) {
    WUSONG_TRY(value, decode_slot(leaf->value));
  }
  db_.cache().fill_slot(address, slot, value, snapshot_.height, ticket);
  return value;
}

std::optional<types::Account> DbView::account(const Address& address) {
  // Without the storage position a cached account still answers this.
  HeadCache::Ticket ticket;
  if (const auto cached = db_.cache().account(address, snapshot_.height, ticket))
    return cached->account;
  return take(load_account(address)).account;
}

U256 DbView::storage(const Address& address, const Hash& slot) {
  return take(load_slot(address, slot));
}

Bytes DbView::code(const Hash& code_hash) {
  if (code_hash == hash::kKeccakEmpty) return {};
  const auto leaf = take(find_leaf(db_.log(), snapshot_.code, code_hash));
  return leaf ? to_bytes(leaf->value) : Bytes{};
}

Result<AccountProof> DbView::prove_account(const Address& address, std::span<const Hash> slots) {
  AccountProof out;
  out.address = address;
  const Hash key = hash::chain_hash(address);
  WUSONG_TRY(out.nodes, prove(db_.log(), snapshot_.accounts, key));
  WUSONG_TRY(const auto leaf, find_leaf(db_.log(), snapshot_.accounts, key));
  if (leaf) {
    WUSONG_TRY(out.account, decode_stored_account(leaf->value));
  }
  const Position storage = leaf ? leaf->storage : 0;
  for (const Hash& slot : slots) {
    StorageProof& entry = out.storage.emplace_back();
    entry.slot = slot;
    const Hash slot_key = hash::chain_hash(slot);
    WUSONG_TRY(entry.nodes, prove(db_.log(), storage, slot_key));
    WUSONG_TRY(const auto found, find_leaf(db_.log(), storage, slot_key));
    if (found) {
      WUSONG_TRY(entry.value, decode_slot(found->value));
    }
  }
  return out;
}

}  // namespace wusong::state

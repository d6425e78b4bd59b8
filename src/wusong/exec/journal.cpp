// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/journal.hpp"

#include "wusong/hash/hash.hpp"

namespace wusong::exec {
namespace {

const Code kNoCode{};

// A call that ran out of gas once left this precompile touched, and the main chain kept the
// deletion of its empty account (yellow paper, appendix K). Published tests hold us to it.
bool keeps_touch(const Address& address) noexcept {
  Address ripemd;
  ripemd.bytes[19] = 3;
  return address == ripemd;
}

/// EIP-7702's designator: 0xef0100 || address.
std::optional<Address> delegate_in(BytesView code) noexcept {
  if (code.size() != 23 || code[0] != 0xef || code[1] != 0x01 || code[2] != 0x00) return {};
  return Address::from(code.subspan(3));
}

}  // namespace

Journal::Journal(types::StateView& view) : view_{&view} {}

void Journal::begin_transaction() {
  ++transaction_;
  undo_.clear();
  touched_.clear();
  destroyed_.clear();
  logs_.clear();
  if (!transient_.empty()) transient_.clear();
}

void Journal::finish_transaction() {
  for (Entry* entry : destroyed_) {
    if (entry->destroyed == transaction_) remove(*entry);
  }
  for (Entry* entry : touched_) {
    if (entry->touched == transaction_ && entry->exists && entry->is_empty()) remove(*entry);
  }
  undo_.clear();
  touched_.clear();
  destroyed_.clear();
}

void Journal::remove(Entry& entry) {
  entry.exists = false;
  entry.nonce = 0;
  entry.balance = {};
  entry.code = &kNoCode;
  entry.code_hash = hash::kKeccakEmpty;
  entry.storage_cleared = true;
  entry.slots.clear();
}

void Journal::rollback(const Checkpoint& to) {
  while (undo_.size() > to.undo) {
    undo(undo_.back());
    undo_.pop_back();
  }
  logs_.resize(to.logs);
}

void Journal::undo(const Undo& record) {
  Entry& entry = *record.entry;
  switch (record.kind) {
    case Kind::balance:
      entry.balance = record.value;
      break;
    case Kind::nonce:
      entry.nonce = record.value.low();
      break;
    case Kind::code:
      entry.code = record.code;
      entry.code_hash = record.code_hash;
      break;
    case Kind::exists:
      entry.exists = false;
      break;
    case Kind::created:
      entry.created = record.stamp;
      break;
    case Kind::destroyed:
      entry.destroyed = record.stamp;
      break;
    case Kind::touched:
      if (!keeps_touch(entry.address)) entry.touched = record.stamp;
      break;
    case Kind::warm_account:
      entry.warm = record.stamp;
      break;
    case Kind::warm_slot:
      entry.slots.find(record.key)->second.warm = record.stamp;
      break;
    case Kind::storage:
      entry.slots.find(record.key)->second.current = record.value;
      break;
    case Kind::transient:
      transient_[{&entry, record.key}] = record.value;
      break;
  }
}

Journal::Entry& Journal::find(const Address& address) {
  if (const auto found = index_.find(address); found != index_.end()) {
    last_ = found->second;
    return *last_;
  }
  Entry& entry = entries_.emplace_back();
  entry.address = address;
  if (const auto account = view_->account(address)) {
    entry.exists = true;
    entry.existed_before_block = true;
    entry.storage_before_block = account->storage_root != types::kEmptyTrieRoot;
    entry.nonce = account->nonce;
    entry.balance = account->balance;
    entry.code_hash = account->code_hash;
  }
  entry.nonce_before_block = entry.nonce;
  entry.balance_before_block = entry.balance;
  entry.code_hash_before_block = entry.code_hash;
  index_.emplace(address, &entry);
  last_ = &entry;
  return entry;
}

const Code& Journal::code_of(Entry& entry) {
  if (entry.code != nullptr) return *entry.code;
  if (entry.code_hash == hash::kKeccakEmpty) {
    entry.code = &kNoCode;
  } else if (const auto found = codes_.find(entry.code_hash); found != codes_.end()) {
    entry.code = found->second.get();
  } else {
    entry.code = intern(entry.code_hash, view_->code(entry.code_hash));
  }
  return *entry.code;
}

const Code* Journal::intern(const Hash& hash, Bytes bytes) {
  auto& place = codes_[hash];
  if (place == nullptr) {
    place = std::make_unique<Code>();
    place->hash = hash;
    place->bytes = std::move(bytes);
    place->delegate = delegate_in(place->bytes);
  }
  return place.get();
}

void Journal::make_exist(Entry& entry) {
  touch(entry);
  if (entry.exists) return;
  undo_.push_back({.kind = Kind::exists, .stamp = 0, .entry = &entry, .key = {}, .value = {}});
  entry.exists = true;
}

void Journal::touch(Entry& entry) {
  if (entry.touched == transaction_) return;
  undo_.push_back(
      {.kind = Kind::touched, .stamp = entry.touched, .entry = &entry, .key = {}, .value = {}});
  entry.touched = transaction_;
  touched_.push_back(&entry);
}

void Journal::set_balance(Entry& entry, const U256& balance) {
  if (entry.balance == balance) return touch(entry);
  make_exist(entry);
  undo_.push_back(
      {.kind = Kind::balance, .stamp = 0, .entry = &entry, .key = {}, .value = entry.balance});
  entry.balance = balance;
}

void Journal::set_nonce(Entry& entry, std::uint64_t nonce) {
  if (entry.nonce == nonce) return touch(entry);
  make_exist(entry);
  undo_.push_back(
      {.kind = Kind::nonce, .stamp = 0, .entry = &entry, .key = {}, .value = entry.nonce});
  entry.nonce = nonce;
}

void Journal::set_code(Entry& entry, Bytes code) {
  make_exist(entry);
  undo_.push_back({.kind = Kind::code,
                   .stamp = 0,
                   .entry = &entry,
                   .key = {},
                   .value = {},
                   .code = entry.code,
                   .code_hash = entry.code_hash});
  entry.code_hash = types::code_hash_of(code);
  if (code.empty()) {
    entry.code = &kNoCode;
    return;
  }
  entry.code = intern(entry.code_hash, std::move(code));
}

bool Journal::collides(Entry& entry) {
  return entry.nonce != 0 || entry.code_hash != hash::kKeccakEmpty ||
         (entry.storage_before_block && !entry.storage_cleared);
}

void Journal::create(Entry& entry) {
  make_exist(entry);
  undo_.push_back(
      {.kind = Kind::created, .stamp = entry.created, .entry = &entry, .key = {}, .value = {}});
  entry.created = transaction_;
  set_nonce(entry, 1);
}

bool Journal::destroy(Entry& entry) {
  if (entry.destroyed == transaction_) return false;
  undo_.push_back(
      {.kind = Kind::destroyed, .stamp = entry.destroyed, .entry = &entry, .key = {}, .value = {}});
  entry.destroyed = transaction_;
  destroyed_.push_back(&entry);
  return true;
}

Journal::Slot& Journal::slot(Entry& entry, const U256& key) {
  Slot& out = entry.slots[key];
  if (!out.loaded) {
    if (entry.existed_before_block && !entry.storage_cleared) {
      out.current = view_->storage(entry.address, to_hash(key));
      out.before_block = out.current;
    }
    out.loaded = true;
  }
  if (out.transaction != transaction_) {
    out.original = out.current;
    out.transaction = transaction_;
  }
  return out;
}

Journal::SlotValues Journal::set_storage(Entry& entry, const U256& key, const U256& value) {
  Slot& at = slot(entry, key);
  const SlotValues before{.original = at.original, .current = at.current};
  if (before.current == value) return before;
  undo_.push_back(
      {.kind = Kind::storage, .stamp = 0, .entry = &entry, .key = key, .value = before.current});
  at.current = value;
  return before;
}

U256 Journal::transient(Entry& entry, const U256& key) const {
  const auto found = transient_.find({&entry, key});
  return found == transient_.end() ? U256{} : found->second;
}

void Journal::set_transient(Entry& entry, const U256& key, const U256& value) {
  U256& place = transient_[{&entry, key}];
  undo_.push_back(
      {.kind = Kind::transient, .stamp = 0, .entry = &entry, .key = key, .value = place});
  place = value;
}

bool Journal::warm_account(Entry& entry) {
  if (entry.warm == transaction_) return true;
  undo_.push_back(
      {.kind = Kind::warm_account, .stamp = entry.warm, .entry = &entry, .key = {}, .value = {}});
  entry.warm = transaction_;
  return false;
}

bool Journal::warm_slot(Entry& entry, const U256& key) {
  Slot& at = entry.slots[key];
  if (at.warm == transaction_) return true;
  undo_.push_back(
      {.kind = Kind::warm_slot, .stamp = at.warm, .entry = &entry, .key = key, .value = {}});
  at.warm = transaction_;
  return false;
}

types::StateDiff Journal::diff() const {
  types::StateDiff out;
  for (const Entry& entry : entries_) {
    types::AccountChange change;
    change.storage_cleared = entry.storage_cleared && entry.existed_before_block;
    for (const auto& [key, slot] : entry.slots) {
      // A map orders them, so the hash table's order does not show.
      if (slot.loaded && slot.current != (change.storage_cleared ? U256{} : slot.before_block)) {
        change.slots.emplace(to_hash(key), slot.current);
      }
    }
    if (!entry.exists) {
      if (entry.existed_before_block) {
        change.slots.clear();
        out.accounts.emplace(entry.address, std::move(change));
      }
      continue;
    }
    const bool same = entry.existed_before_block && entry.nonce == entry.nonce_before_block &&
                      entry.balance == entry.balance_before_block &&
                      entry.code_hash == entry.code_hash_before_block;
    if (same && change.slots.empty() && !change.storage_cleared) continue;
    types::Account after;
    after.nonce = entry.nonce;
    after.balance = entry.balance;
    after.code_hash = entry.code_hash;
    change.after = after;
    if (entry.code_hash != entry.code_hash_before_block && entry.code_hash != hash::kKeccakEmpty) {
      out.codes.emplace(entry.code_hash, codes_.find(entry.code_hash)->second->bytes);
    }
    out.accounts.emplace(entry.address, std::move(change));
  }
  return out;
}

}  // namespace wusong::exec

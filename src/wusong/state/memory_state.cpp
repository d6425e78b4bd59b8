// SPDX-License-Identifier: Apache-2.0
#include "wusong/state/memory_state.hpp"

#include <algorithm>
#include <vector>

#include "wusong/codec/rlp.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/state/trie_root.hpp"

namespace wusong::state {
namespace {

Hash root_of(std::vector<TrieEntry>& entries) {
  std::ranges::sort(entries, {}, &TrieEntry::key);
  return trie_root(entries);
}

}  // namespace

Hash storage_root_of(const std::map<Hash, U256>& slots) {
  std::vector<TrieEntry> entries;
  for (const auto& [slot, value] : slots) {
    if (value.is_zero()) continue;
    codec::RlpWriter writer;
    writer.number(to_hash(value));
    entries.push_back({to_bytes(hash::chain_hash(slot)), writer.take()});
  }
  return root_of(entries);
}

Hash state_root_of(const std::map<Address, MemoryState::Entry>& entries) {
  std::vector<TrieEntry> leaves;
  leaves.reserve(entries.size());
  for (const auto& [address, entry] : entries) {
    types::Account account = entry.account;
    account.storage_root = storage_root_of(entry.slots);
    leaves.push_back({to_bytes(hash::chain_hash(address)), types::encode(account)});
  }
  return root_of(leaves);
}

std::optional<types::Account> MemoryState::account(const Address& address) {
  const auto found = entries_.find(address);
  if (found == entries_.end()) return std::nullopt;
  types::Account account = found->second.account;
  account.storage_root = storage_root_of(found->second.slots);
  return account;
}

U256 MemoryState::storage(const Address& address, const Hash& slot) {
  const auto found = entries_.find(address);
  if (found == entries_.end()) return {};
  const auto value = found->second.slots.find(slot);
  return value == found->second.slots.end() ? U256{} : value->second;
}

Bytes MemoryState::code(const Hash& code_hash) {
  const auto found = codes_.find(code_hash);
  return found == codes_.end() ? Bytes{} : found->second;
}

void MemoryState::set_account(const Address& address, const types::Account& account) {
  entries_[address].account = account;
}

void MemoryState::set_storage(const Address& address, const Hash& slot, const U256& value) {
  auto& slots = entries_[address].slots;
  if (value.is_zero())
    slots.erase(slot);
  else
    slots[slot] = value;
}

void MemoryState::set_code(const Address& address, BytesView code) {
  const Hash hash = types::code_hash_of(code);
  entries_[address].account.code_hash = hash;
  if (!code.empty()) codes_[hash] = to_bytes(code);
}

void MemoryState::apply(const types::StateDiff& diff) {
  for (const auto& [hash, code] : diff.codes) codes_[hash] = code;
  for (const auto& [address, change] : diff.accounts) {
    if (!change.after) {
      entries_.erase(address);
      continue;
    }
    Entry& entry = entries_[address];
    entry.account = *change.after;
    if (change.storage_cleared) entry.slots.clear();
    for (const auto& [slot, value] : change.slots) {
      if (value.is_zero())
        entry.slots.erase(slot);
      else
        entry.slots[slot] = value;
    }
  }
}

Hash MemoryState::root() const {
  return state_root_of(entries_);
}

Hash MemoryState::storage_root(const Address& address) const {
  const auto found = entries_.find(address);
  return found == entries_.end() ? types::kEmptyTrieRoot : storage_root_of(found->second.slots);
}

}  // namespace wusong::state

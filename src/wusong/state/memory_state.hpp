// SPDX-License-Identifier: Apache-2.0
// A whole state in memory: the model that StateDb is held against, and what state tests run on.
#pragma once

#include <map>

#include "wusong/types/account.hpp"

namespace wusong::state {

/// Plain maps; every root is computed from nothing.
/// @thread one owner
class MemoryState final : public types::StateView {
 public:
  struct Entry {
    types::Account account;  // its storage_root is ignored
    std::map<Hash, U256> slots;
  };

  MemoryState() = default;

  std::optional<types::Account> account(const Address& address) override;
  U256 storage(const Address& address, const Hash& slot) override;
  Bytes code(const Hash& code_hash) override;
  std::optional<Error> error() const override { return std::nullopt; }

  /// Replaces what there was.
  void set_account(const Address& address, const types::Account& account);
  /// Creates the account where there is none; zero removes the slot.
  void set_storage(const Address& address, const Hash& slot, const U256& value);
  /// Stores the code and names it in the account.
  void set_code(const Address& address, BytesView code);

  void apply(const types::StateDiff& diff);
  Hash root() const;
  Hash storage_root(const Address& address) const;

  const std::map<Address, Entry>& entries() const noexcept { return entries_; }
  const std::map<Hash, Bytes>& codes() const noexcept { return codes_; }

 private:
  std::map<Address, Entry> entries_;
  std::map<Hash, Bytes> codes_;
};

/// Root of the trie of slots: keccak(slot) -> rlp(value).
Hash storage_root_of(const std::map<Hash, U256>& slots);
/// Root of the trie of accounts: keccak(address) -> rlp(account).
Hash state_root_of(const std::map<Address, MemoryState::Entry>& entries);

}  // namespace wusong::state

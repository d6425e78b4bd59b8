// SPDX-License-Identifier: Apache-2.0
// Accounts, and what a block changes in them.
#pragma once

#include <map>
#include <optional>

#include "wusong/base/bytes.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/types/block.hpp"

namespace wusong::types {

/// As in the state trie: rlp([nonce, balance, storage_root, code_hash]).
struct Account {
  std::uint64_t nonce{0};
  U256 balance;
  Hash storage_root{kEmptyTrieRoot};
  Hash code_hash{hash::kKeccakEmpty};
  /// EIP-161.
  bool is_empty() const noexcept {
    return nonce == 0 && balance.is_zero() && code_hash == hash::kKeccakEmpty;
  }
  friend bool operator==(const Account&, const Account&) = default;
};
Bytes encode(const Account& account);
/// The chain's hash of it; kKeccakEmpty marks "no code" in every profile.
Hash code_hash_of(BytesView code) noexcept;
[[nodiscard]] Result<Account> decode_account(BytesView encoded);

/// What a block did to one account. `storage_root` in `after` is ignored: the state computes it.
struct AccountChange {
  std::optional<Account> after;  // nothing: the account is gone
  bool storage_cleared{false};   // drop all earlier slots before applying `slots`
  std::map<Hash, U256> slots;    // by slot key (not hashed); zero removes
};

/// Ordered by address, so that everyone walks it alike.
struct StateDiff {
  std::map<Address, AccountChange> accounts;
  std::map<Hash, Bytes> codes;  // new code by its hash
};

/// State as of one height, for reading.
///
/// A failed read of the store is remembered instead of returned, because every opcode would have to
/// carry it: the caller checks error() when it is done and discards the results if it is set.
/// @thread one reader at a time; open several views for several threads.
class StateView {
 public:
  virtual ~StateView() = default;
  virtual std::optional<Account> account(const Address& address) = 0;
  virtual U256 storage(const Address& address, const Hash& slot) = 0;
  /// Code by its hash; empty for kKeccakEmpty.
  virtual Bytes code(const Hash& code_hash) = 0;
  /// The first failure since the view was opened.
  virtual std::optional<Error> error() const = 0;
};

}  // namespace wusong::types

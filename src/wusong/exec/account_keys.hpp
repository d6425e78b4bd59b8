// SPDX-License-Identifier: Apache-2.0
// Which key an account signs with now, by the contract that keeps replaced ones
// (contracts/src/Keys.sol, ADR 0030). A chain whose genesis lacks it has no replaced keys.
#pragma once

#include <array>
#include <optional>

#include "wusong/crypto/signature.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/types/account.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::exec {

/// Where a chain keeps them.
inline constexpr Address kKeysAddress{
    std::array<std::uint8_t, 20>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x57, 0x02}};

/// The key that replaced an account's first one.
struct AccountKey {
  crypto::Scheme scheme{crypto::Scheme::secp256k1};
  Hash key_hash;              // keccak256 of the public key
  std::uint64_t sequence{0};  // how often it was replaced
  friend bool operator==(const AccountKey&, const AccountKey&) = default;
};

/// Two neighbouring words of the contract: the key's hash, zero where the account has its first
/// key; and of the next one the lowest byte is the scheme, the eight above it the sequence.
Hash account_key_slot(const Address& account);
AccountKey account_key_of(const Hash& key_hash, const U256& rest) noexcept;

/// `storage(slot)` reads a word of the contract.
template <typename Storage>
std::optional<AccountKey> replaced_key(const Address& account, Storage&& storage) {
  const Hash slot = account_key_slot(account);
  const U256 key_hash = storage(slot);
  if (key_hash.is_zero()) return std::nullopt;
  return account_key_of(to_hash(key_hash), storage(to_hash(to_u256(slot) + U256{1})));
}
/// The same of a state. What the view could not read, StateView::error() says.
std::optional<AccountKey> replaced_key(types::StateView& state, const Address& account);

/// Whether the key that signed the transaction is the present one of the account it acts for.
/// @param present  replaced_key of that account
/// @pre the signature holds, and `account` is types::recover_sender's
bool is_present_key(const std::optional<AccountKey>& present, const types::Transaction& transaction,
                    const Address& account);
/// The same of an Ethereum signature that recovers to the account: of a legacy or typed
/// transaction, of an EIP-7702 authorization.
bool is_present_key(const std::optional<AccountKey>& present, const Address& account);

}  // namespace wusong::exec

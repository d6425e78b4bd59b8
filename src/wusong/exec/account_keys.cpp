// SPDX-License-Identifier: Apache-2.0
// The layout is solc's for Keys.sol; build/contracts/Keys.json lists it.
#include "wusong/exec/account_keys.hpp"

#include <algorithm>

#include "wusong/base/defect.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::exec {
namespace {

constexpr std::size_t kWord = 32;

}  // namespace

Hash account_key_slot(const Address& account) {
  // An entry of the mapping in slot 0: keccak256 of key and slot, a word each.
  std::array<std::uint8_t, 2 * kWord> entry{};
  std::ranges::copy(account.bytes, entry.begin() + (kWord - Address::kSize));
  return hash::keccak256(entry);
}

AccountKey account_key_of(const Hash& key_hash, const U256& rest) noexcept {
  return {.scheme = static_cast<crypto::Scheme>(rest.low() & 0xff),
          .key_hash = key_hash,
          .sequence = rest.low() >> 8 | rest.limb[1] << 56};
}

std::optional<AccountKey> replaced_key(types::StateView& state, const Address& account) {
  return replaced_key(account, [&](const Hash& slot) { return state.storage(kKeysAddress, slot); });
}

bool is_present_key(const std::optional<AccountKey>& present, const types::Transaction& transaction,
                    const Address& account) {
  if (transaction.type != types::TransactionType::native) return is_present_key(present, account);
  if (has_defect(Defect::replaced_key_accepted)) return true;
  if (!present) {
    return !transaction.account ||
           crypto::address_of(transaction.scheme, transaction.public_key) == account;
  }
  return present->scheme == transaction.scheme &&
         present->key_hash == hash::keccak256(transaction.public_key);
}

bool is_present_key(const std::optional<AccountKey>& present, const Address& account) {
  if (!present || has_defect(Defect::replaced_key_accepted)) return true;
  // Ethereum's address is the end of the key's hash.
  return present->scheme == crypto::Scheme::secp256k1 &&
         Address::from(present->key_hash.view().last(Address::kSize)) == account;
}

}  // namespace wusong::exec

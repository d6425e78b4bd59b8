// SPDX-License-Identifier: Apache-2.0
// The contract by which accounts replace their keys (contracts/src/Keys.sol) in a genesis, and
// calls of it. What it holds, exec/account_keys.hpp reads (ADR 0030).
#pragma once

#include "wusong/crypto/signature.hpp"
#include "wusong/node/genesis.hpp"

namespace wusong::node {

/// Whether accounts of this chain may replace their keys. No transaction can put the contract
/// there later, so this holds for all of its blocks.
bool has_account_keys(const Genesis& genesis);
void add_account_keys(Genesis& genesis);

/// What a new key signs to show that somebody holds it: Keys.possession().
struct NewAccountKey {
  Address account;
  std::uint64_t sequence{1};  // one more than the present key's; the first key's is 0
  crypto::Scheme scheme{crypto::Scheme::secp256k1};
  Bytes public_key;
};
Bytes possession_message(std::uint64_t chain_id, const NewAccountKey& next);
/// Keys.replace(), which the account sends itself. @param proof  the new key's over that message
Bytes call_replace_account_key(const NewAccountKey& next, BytesView proof);

}  // namespace wusong::node

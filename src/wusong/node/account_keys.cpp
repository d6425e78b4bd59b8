// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/account_keys.hpp"

#include "wusong/codec/hex.hpp"
#include "wusong/exec/account_keys.hpp"
#include "wusong/node/internal/contract_call.hpp"
#include "wusong/node/internal/keys_code.hpp"

namespace wusong::node {

bool has_account_keys(const Genesis& genesis) {
  const auto found = genesis.accounts.find(exec::kKeysAddress);
  return found != genesis.accounts.end() && !found->second.code.empty();
}

void add_account_keys(Genesis& genesis) {
  GenesisAccount& account = genesis.accounts[exec::kKeysAddress];
  account.nonce = 1;  // as of any created contract
  account.code = *codec::from_hex(internal::kKeysCode);
}

Bytes possession_message(std::uint64_t chain_id, const NewAccountKey& next) {
  Bytes out = to_bytes(as_bytes(std::string_view{"wusong/account-key/v1"}));
  append(out, to_hash(U256{chain_id}));
  append(out, next.account);
  append(out, to_hash(U256{next.sequence}).view().last(sizeof(next.sequence)));
  out.push_back(static_cast<std::uint8_t>(next.scheme));
  append(out, next.public_key);
  return out;
}

Bytes call_replace_account_key(const NewAccountKey& next, BytesView proof) {
  return internal::Call{"replace(uint8,bytes,bytes)", 3}
      .number(U256{static_cast<std::uint64_t>(next.scheme)})
      .bytes(next.public_key)
      .bytes(proof)
      .take();
}

}  // namespace wusong::node

// SPDX-License-Identifier: Apache-2.0
#include "wusong/types/account.hpp"

#include "wusong/codec/rlp.hpp"
#include "wusong/hash/chain_hash.hpp"

namespace wusong::types {

Bytes encode(const Account& account) {
  codec::RlpWriter out;
  out.open_list();
  out.number(account.nonce);
  out.number(to_hash(account.balance));
  out.string(account.storage_root);
  out.string(account.code_hash);
  out.close_list();
  return out.take();
}

Result<Account> decode_account(BytesView encoded) {
  codec::RlpReader top{encoded};
  WUSONG_TRY(codec::RlpReader in, top.list());
  WUSONG_CHECK(top.finish());
  Account out;
  WUSONG_TRY(out.nonce, in.u64());
  WUSONG_TRY(const Hash balance, in.word());
  out.balance = to_u256(balance);
  WUSONG_TRY(out.storage_root, in.fixed<Hash>());
  WUSONG_TRY(out.code_hash, in.fixed<Hash>());
  WUSONG_CHECK(in.finish());
  return out;
}

Hash code_hash_of(BytesView code) noexcept {
  return code.empty() ? hash::kKeccakEmpty : hash::chain_hash(code);
}

}  // namespace wusong::types

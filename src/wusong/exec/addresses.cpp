// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/addresses.hpp"

#include "wusong/codec/rlp.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::exec {

Address create_address(const Address& sender, std::uint64_t nonce) {
  codec::RlpWriter preimage;
  preimage.open_list();
  preimage.string(sender);
  preimage.number(nonce);
  preimage.close_list();
  return Address::from(hash::keccak256(preimage.take()).view().subspan(12));
}

Address create2_address(const Address& sender, const Hash& salt, BytesView init_code) {
  Bytes preimage{0xff};
  append(preimage, sender);
  append(preimage, salt);
  append(preimage, hash::keccak256(init_code));
  return Address::from(hash::keccak256(preimage).view().subspan(12));
}

}  // namespace wusong::exec

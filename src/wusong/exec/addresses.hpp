// SPDX-License-Identifier: Apache-2.0
// Where a contract comes to stand.
#pragma once

#include "wusong/base/bytes.hpp"

namespace wusong::exec {

/// CREATE, and transactions without a recipient: keccak256(rlp([sender, nonce]))[12:].
Address create_address(const Address& sender, std::uint64_t nonce);
/// CREATE2: keccak256(0xff || sender || salt || keccak256(init_code))[12:]. @source EIP-1014
Address create2_address(const Address& sender, const Hash& salt, BytesView init_code);

}  // namespace wusong::exec

// SPDX-License-Identifier: Apache-2.0
// Property: a key that recovery finds verifies the signature, and the mirrored signature finds it
// too. Input: digest || r || s || y_parity, 97 bytes.
#include "wusong/base/assert.hpp"
#include "wusong/crypto/internal/secp256k1.hpp"
#include "wusong/crypto/signature.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wusong;
  if (size != 97) return 0;
  const Hash digest = Hash::from({data, 32});
  const U256 r = load_be(data + 32);
  const U256 s = load_be(data + 64);
  const std::uint8_t parity = data[96];
  const auto key = crypto::ecdsa_recover_key(digest, {r, s, parity});
  const auto address = crypto::ecdsa_recover(digest, {r, s, parity});
  WUSONG_ASSERT(key.has_value() == address.has_value());
  if (!key) return 0;
  WUSONG_ASSERT(parity <= 1 && *address == crypto::address_of(crypto::Scheme::secp256k1, *key));
  constexpr U256 kOrder{0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe,
                        0xffffffffffffffff};
  const U256 mirrored = kOrder - s;
  WUSONG_ASSERT(crypto::ecdsa_recover_key(
                    digest, {r, mirrored, static_cast<std::uint8_t>(1 - parity)}) == key);
  std::array<std::uint8_t, 64> low;
  store_be(r, low.data());
  store_be(crypto::is_low_s(s) ? s : mirrored, low.data() + 32);
  WUSONG_ASSERT(crypto::internal::secp256k1_verify(*key, digest, low));
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Property: a key that recovery finds verifies the signature, the mirrored signature finds it too,
// and every provider of recovery in groups answers alike. Input: digest || r || s || y_parity, 97
// bytes.
#include "wusong/base/assert.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/secp256k1.hpp"
#include "wusong/crypto/internal/secp256k1_batch.hpp"
#include "wusong/crypto/signature.hpp"

namespace {

using namespace wusong;

constexpr U256 kOrder{0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe,
                      0xffffffffffffffff};

void check_providers(const Hash& digest, const U256& r, const U256& s, std::uint8_t parity) {
  // The request with its parts exchanged, mirrored and reduced: lanes that differ.
  const U256 z = to_u256(digest);
  const auto other = static_cast<std::uint8_t>(1 - parity);
  const crypto::RecoveryRequest requests[] = {
      {digest, {r, s, parity}},          {digest, {r, s, other}},
      {digest, {s, r, parity}},          {to_hash(r), {r, s, parity}},
      {to_hash(s), {r, s, other}},       {digest, {r, kOrder - s, other}},
      {to_hash(r), {z, z, parity}},      {to_hash(kOrder - z), {r, s, parity}},
      {digest, {r % kOrder, s, parity}}, {digest, {r, s % kOrder, parity}},
  };
  constexpr std::size_t kCount = std::size(requests);
  for (const auto& provider : crypto::internal::recovery_providers()) {
    if (!provider.is_supported()) continue;
    std::vector<Result<Address>> answers(kCount, fail(crypto::err::bad_length));
    provider.recover(requests, answers);
    for (std::size_t i = 0; i < kCount; ++i) {
      WUSONG_ASSERT(answers[i] == crypto::ecdsa_recover(requests[i].digest, requests[i].signature));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 97) return 0;
  const Hash digest = Hash::from({data, 32});
  const U256 r = load_be(data + 32);
  const U256 s = load_be(data + 64);
  const std::uint8_t parity = data[96];
  check_providers(digest, r, s, parity);
  const auto key = crypto::ecdsa_recover_key(digest, {r, s, parity});
  const auto address = crypto::ecdsa_recover(digest, {r, s, parity});
  WUSONG_ASSERT(key.has_value() == address.has_value());
  if (!key) return 0;
  WUSONG_ASSERT(parity <= 1 && *address == crypto::address_of(crypto::Scheme::secp256k1, *key));
  const U256 mirrored = kOrder - s;
  WUSONG_ASSERT(crypto::ecdsa_recover_key(
                    digest, {r, mirrored, static_cast<std::uint8_t>(1 - parity)}) == key);
  std::array<std::uint8_t, 64> low;
  store_be(r, low.data());
  store_be(crypto::is_low_s(s) ? s : mirrored, low.data() + 32);
  WUSONG_ASSERT(crypto::internal::secp256k1_verify(*key, digest, low));
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Deterministic nonces.
#pragma once

#include <sodium.h>

#include "wusong/base/bytes.hpp"
#include "wusong/crypto/internal/openssl.hpp"

namespace wusong::crypto::internal {

/// The generator over one secret and one digest; `hmac` is (const Hash& key, BytesView) -> Hash.
/// Nonces carry BN_FLG_CONSTTIME. @source RFC 6979, section 3.2
template <auto hmac>
class Rfc6979 {
 public:
  Rfc6979(BytesView secret, BytesView digest) noexcept {
    value_.bytes.fill(0x01);
    for (const std::uint8_t separator : {std::uint8_t{0}, std::uint8_t{1}}) {
      Bytes seed;
      seed.reserve(97);  // never reallocated, so that no copy of the secret stays behind
      append(seed, value_);
      seed.push_back(separator);
      append(seed, secret);
      append(seed, digest);
      key_ = hmac(key_, seed);
      value_ = hmac(key_, value_);
      sodium_memzero(seed.data(), seed.size());
    }
  }
  ~Rfc6979() {
    sodium_memzero(&key_, sizeof(key_));
    sodium_memzero(&value_, sizeof(value_));
  }
  Rfc6979(const Rfc6979&) = delete;
  Rfc6979& operator=(const Rfc6979&) = delete;

  BnPtr next() noexcept {
    if (drawn_) {
      Bytes seed = to_bytes(value_);
      seed.push_back(0);
      key_ = hmac(key_, seed);
      value_ = hmac(key_, value_);
    }
    drawn_ = true;
    value_ = hmac(key_, value_);
    BnPtr out = make_bn(BytesView{value_});
    BN_set_flags(out.get(), BN_FLG_CONSTTIME);
    return out;
  }

 private:
  Hash key_;
  Hash value_;
  bool drawn_{false};
};

}  // namespace wusong::crypto::internal

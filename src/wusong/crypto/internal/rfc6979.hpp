// SPDX-License-Identifier: Apache-2.0
// Deterministic nonces.
#pragma once

#include <sodium.h>

#include <cstring>

#include "wusong/base/bytes.hpp"

namespace wusong::crypto::internal {

/// Candidates for the nonce of one secret and one digest, by HMAC-SHA-256, for an order of 256
/// bits. A hedge that is not zero is the standard's additional data.
/// @source RFC 6979, sections 3.2 and 3.6
class Rfc6979 {
 public:
  /// @shape both 32 bytes, the digest below the order
  Rfc6979(BytesView secret, BytesView digest, const Hash& hedge) noexcept {
    value_.bytes.fill(0x01);
    const bool is_hedged = hedge != Hash{};
    for (const std::uint8_t separator : {std::uint8_t{0}, std::uint8_t{1}}) {
      Mac mac{key_};
      mac.add(value_.view());
      mac.add({&separator, 1});
      mac.add(secret);
      mac.add(digest);
      if (is_hedged) mac.add(hedge.view());
      mac.finish(key_);
      step();
    }
  }
  ~Rfc6979() {
    sodium_memzero(&key_, sizeof(key_));
    sodium_memzero(&value_, sizeof(value_));
  }
  Rfc6979(const Rfc6979&) = delete;
  Rfc6979& operator=(const Rfc6979&) = delete;

  /// The candidate of a round, the first of which is 0. Asked once.
  const Hash& candidate(std::uint8_t round) noexcept {
    step();
    for (; round > 0; --round) {
      constexpr std::uint8_t kSeparator = 0;
      Mac mac{key_};
      mac.add(value_.view());
      mac.add({&kSeparator, 1});
      mac.finish(key_);
      step();
      step();
    }
    return value_;
  }

 private:
  class Mac {
   public:
    explicit Mac(const Hash& key) noexcept {
      crypto_auth_hmacsha256_init(&state_, key.data(), Hash::kSize);
    }
    ~Mac() { sodium_memzero(&state_, sizeof(state_)); }
    Mac(const Mac&) = delete;
    Mac& operator=(const Mac&) = delete;
    void add(BytesView bytes) noexcept {
      crypto_auth_hmacsha256_update(&state_, bytes.data(), bytes.size());
    }
    void finish(Hash& out) noexcept { crypto_auth_hmacsha256_final(&state_, out.data()); }

   private:
    crypto_auth_hmacsha256_state state_;
  };
  void step() noexcept {
    Mac mac{key_};
    mac.add(value_.view());
    mac.finish(value_);
  }

  Hash key_;
  Hash value_;
};

}  // namespace wusong::crypto::internal

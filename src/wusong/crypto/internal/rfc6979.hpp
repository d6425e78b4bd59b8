// SPDX-License-Identifier: Apache-2.0
// Deterministic nonces, many at once.
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/crypto/internal/curve_numbers.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto::internal {

/// Candidates for the nonces of secrets and digests, by HMAC-SHA-256, for an order of 256 bits. A
/// hedge that is not zero is the standard's additional data.
/// @source RFC 6979, sections 3.2 and 3.6
class Rfc6979 {
 public:
  /// @shape the digest below the order
  struct Seed {
    Hash secret;
    Hash digest;
  };

  Rfc6979(std::span<const Seed> seeds, const Hash& hedge) noexcept
      : keys_{seeds.size()}, values_{seeds.size()} {
    for (Hash& value : std::span<Hash>{values_}) value.bytes.fill(0x01);
    const std::size_t hedge_size = hedge != Hash{} ? Hash::kSize : 0;
    for (const std::uint8_t separator : {std::uint8_t{0}, std::uint8_t{1}}) {
      mac(keys_, 1 + sizeof(Seed) + hedge_size, [&](std::size_t i, std::uint8_t* to) {
        to[0] = separator;
        std::memcpy(to + 1, &seeds[i], sizeof(Seed));
        if (hedge_size != 0) std::memcpy(to + 1 + sizeof(Seed), hedge.data(), hedge_size);
      });
      step();
    }
  }

  /// The candidates of a round, the first of which is 0. Asked once.
  std::span<const Hash> candidates(std::uint8_t round) noexcept {
    step();
    for (; round > 0; --round) {
      mac(keys_, 1, [](std::size_t, std::uint8_t* to) { to[0] = 0; });
      step();
      step();
    }
    return values_;
  }

 private:
  static constexpr std::size_t kBlock = 64;

  /// HMAC under each key of its value and `size` bytes that `fill` writes.
  template <typename Fill>
  void mac(std::span<Hash> out, std::size_t size, Fill fill) noexcept {
    const std::size_t each = kBlock + Hash::kSize + size;
    Wiped<std::uint8_t> arena{out.size() * each};
    std::vector<BytesView> messages;
    for (std::size_t i = 0; i < out.size(); ++i) {
      std::uint8_t* const to = &arena[i * each];
      pad(to, keys_[i], 0x36);
      std::memcpy(to + kBlock, values_[i].data(), Hash::kSize);
      fill(i, to + kBlock + Hash::kSize);
      messages.emplace_back(to, each);
    }
    Wiped<Hash> inner{out.size()};
    hash::sha256_batch(messages, inner);
    for (std::size_t i = 0; i < out.size(); ++i) {
      std::uint8_t* const to = &arena[i * each];
      pad(to, keys_[i], 0x5c);
      std::memcpy(to + kBlock, inner[i].data(), Hash::kSize);
      messages[i] = {to, kBlock + Hash::kSize};
    }
    hash::sha256_batch(messages, out);
  }
  static void pad(std::uint8_t* to, const Hash& key, std::uint8_t byte) noexcept {
    std::memset(to, byte, kBlock);
    for (std::size_t i = 0; i < Hash::kSize; ++i) to[i] ^= key.bytes[i];
  }
  void step() noexcept {
    mac(values_, 0, [](std::size_t, std::uint8_t*) {});
  }

  Wiped<Hash> keys_;
  Wiped<Hash> values_;
};

}  // namespace wusong::crypto::internal

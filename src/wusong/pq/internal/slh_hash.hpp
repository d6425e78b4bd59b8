// SPDX-License-Identifier: Apache-2.0
// SLH-DSA's parameters, addresses, and hash functions over many inputs at once.
#pragma once

#include <array>
#include <cstring>

#include "wusong/pq/internal/provider.hpp"
#include "wusong/pq/slh_dsa.hpp"

namespace wusong::pq::internal {

enum class SlhFamily : std::uint8_t { sha2, shake, sm3 };

/// What the compact sets have instead of a checksum: digests must have these properties, and the
/// signer counts until they have.
/// @source ePrint 2022/778, WOTS+C and FORS+C; docs/crypto/hash-based.md
struct SlhCompression {
  std::size_t digits = 0;          // of a one-time key; 0 in sets that are not compact
  unsigned sum = 0;                // of the digits
  std::size_t zero_bits = 0;       // after the digits
  std::size_t fors_zero_bits = 0;  // at the end of what chooses the place
};

/// @source FIPS 205, table 2, with its letters
struct SlhParameters {
  SlhDsa set;
  SlhFamily family;
  SlhDsaShape shape;
  std::size_t h;
  std::size_t d;
  std::size_t a;
  std::size_t k;
  std::size_t lg_w = 4;
  SlhCompression compact{};

  constexpr std::size_t n() const noexcept { return shape.n; }
  constexpr std::size_t tree_height() const noexcept { return h / d; }
  constexpr bool is_compact() const noexcept { return compact.digits != 0; }
  /// FIPS 205's len: digits of n bytes, and three of their checksum.
  constexpr std::size_t digits() const noexcept {
    return is_compact() ? compact.digits : 2 * n() + 3;
  }
  constexpr unsigned chain_last() const noexcept { return (1u << lg_w) - 1; }
  constexpr std::size_t counter_size() const noexcept { return is_compact() ? 3 : 0; }
  constexpr std::size_t fors_size() const noexcept { return counter_size() + k * (a + 1) * n(); }
  constexpr std::size_t layer_size() const noexcept {
    return counter_size() + (digits() + tree_height()) * n();
  }
  /// Types of addresses start here, so that a seed used for two kinds of set gives each its own
  /// one-time keys.
  constexpr std::uint8_t first_type() const noexcept { return is_compact() ? 16 : 0; }
  constexpr std::size_t fors_digest() const noexcept { return (k * a + 7) / 8; }
  constexpr std::size_t tree_digest() const noexcept { return (h - h / d + 7) / 8; }
  constexpr std::size_t leaf_digest() const noexcept { return (h / d + 7) / 8; }
};
const SlhParameters& parameters_of(SlhDsa set) noexcept;

inline constexpr std::size_t kSlhHashMax = 32;
inline constexpr std::size_t kSlhDigitsMax = 67;
/// Counters lie below it: three bytes hold them.
inline constexpr std::uint32_t kCounterEnd = 1u << 24;

/// @source FIPS 205, section 4.2
struct SlhAddress {
  enum Type : std::uint8_t {
    wots_hash,
    wots_public_key,
    tree_node,
    fors_node,
    fors_roots,
    wots_secret,
    fors_secret,
    wots_digest,  // of the compact sets: these two have a counter as their third word
    place_digest
  };
  std::array<std::uint8_t, 32> bytes{};

  void set_layer(std::size_t layer) noexcept { put(0, static_cast<std::uint32_t>(layer)); }
  void set_tree(std::uint64_t tree) noexcept {
    put(8, static_cast<std::uint32_t>(tree >> 32));
    put(12, static_cast<std::uint32_t>(tree));
  }
  /// Clears what a type gives a meaning of its own.
  void set_type(Type type) noexcept {
    put(16, type);
    put(20, 0);
    put(24, 0);
    put(28, 0);
  }
  void set_keypair(std::size_t keypair) noexcept { put(20, static_cast<std::uint32_t>(keypair)); }
  /// A chain, or a node's height.
  void set_second(std::size_t value) noexcept { put(24, static_cast<std::uint32_t>(value)); }
  /// A hash within a chain, or a node's index.
  void set_third(std::size_t value) noexcept { put(28, static_cast<std::uint32_t>(value)); }

 private:
  void put(std::size_t at, std::uint32_t value) noexcept {
    const std::uint32_t word = std::byteswap(value);
    std::memcpy(bytes.data() + at, &word, 4);
  }
};

/// The functions of one public seed.
/// @source FIPS 205, sections 11.1 and 11.2
class SlhHash {
 public:
  SlhHash(const SlhParameters& p, BytesView seed, const Provider& provider) noexcept;

  /// PRF, F, H and T_l, `count` times: of `size` bytes each, n, 2n or more of them.
  /// @shape `in` count times `stride` bytes (0: the same for all), `out` count times n; they may be
  ///        the same place where stride is at least n
  void many(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
            std::size_t stride, std::size_t size, std::uint8_t* out) const noexcept;
  /// @shape n bytes
  void randomizer(std::uint8_t* out, BytesView secret, BytesView randomness,
                  BytesView message) const;
  /// The same, but whole digests: what counters are sought in.
  /// @shape sets of n = 16
  void many_whole(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
                  std::size_t stride, std::size_t size, Hash* out) const noexcept;
  /// Of the compact sets: what counters are sought for.
  Hash message_hash(BytesView randomizer, BytesView root, BytesView message) const;
  /// @shape fors_digest() + tree_digest() + leaf_digest() bytes
  Bytes digest(BytesView randomizer, BytesView root, BytesView message) const;

 private:
  void in_chunks(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
                 std::size_t stride, std::size_t size, std::uint8_t* out,
                 std::size_t width) const noexcept;
  void many_sha2(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
                 std::size_t stride, std::size_t size, std::uint8_t* out,
                 std::size_t width) const noexcept;
  void many_shake(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
                  std::size_t stride, std::size_t size, std::uint8_t* out,
                  std::size_t width) const noexcept;
  void many_sm3(std::size_t count, const SlhAddress* addresses, const std::uint8_t* in,
                std::size_t stride, std::size_t size, std::uint8_t* out,
                std::size_t width) const noexcept;

  const SlhParameters* parameters_;
  const Provider* provider_;
  std::array<std::uint8_t, kSlhHashMax> seed_{};
  std::array<std::uint32_t, 8> start256_{};  // after the block of the seed
  std::array<std::uint64_t, 8> start512_{};
};

}  // namespace wusong::pq::internal

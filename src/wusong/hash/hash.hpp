// SPDX-License-Identifier: Apache-2.0
// Hash functions, one call each.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "wusong/base/bytes.hpp"

namespace wusong::hash {

using Digest512 = std::array<std::uint8_t, 64>;

/// @source Keccak submission, padding 0x01, as Ethereum uses it (not FIPS 202's SHA3-256)
Hash keccak256(BytesView data) noexcept;
/// Digest of two strings laid end to end.
Hash keccak256(BytesView first, BytesView second) noexcept;
/// @source FIPS 180-4
Hash sha256(BytesView data) noexcept;
Digest512 sha512(BytesView data) noexcept;
/// @source GB/T 32905-2016
Hash sm3(BytesView data) noexcept;
/// Digest of two strings laid end to end.
Hash sm3(BytesView first, BytesView second) noexcept;
/// @source RIPEMD-160, Dobbertin, Bosselaers, Preneel 1996
Address ripemd160(BytesView data) noexcept;
/// BLAKE2b-512 without a key.
/// @source RFC 7693
Digest512 blake2b(BytesView data) noexcept;

/// The digest of each message, at a fraction of the cost where they are many: 32-bit words go
/// through sixteen lanes, 64-bit words through eight, and a lane whose message ends takes the next.
/// @shape as many digests as messages
/// @cost  no allocation; time depends on lengths alone
void keccak256_batch(std::span<const BytesView> messages, std::span<Hash> out) noexcept;
void sm3_batch(std::span<const BytesView> messages, std::span<Hash> out) noexcept;
void sha256_batch(std::span<const BytesView> messages, std::span<Hash> out) noexcept;
void sha512_batch(std::span<const BytesView> messages, std::span<Digest512> out) noexcept;
void blake2b_batch(std::span<const BytesView> messages, std::span<Digest512> out) noexcept;
void ripemd160_batch(std::span<const BytesView> messages, std::span<Address> out) noexcept;

/// BLAKE2b's compression function F with a chosen number of rounds.
/// @shape `h` 8 words updated in place, `m` 16 words, `t` 2 words
/// @source RFC 7693, section 3.2; EIP-152
void blake2b_compress(std::uint32_t rounds, std::array<std::uint64_t, 8>& h,
                      const std::array<std::uint64_t, 16>& m, const std::array<std::uint64_t, 2>& t,
                      bool final_block) noexcept;

inline constexpr std::array<std::uint8_t, 32> kKeccakEmptyBytes{
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
    0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70};
/// Keccak-256 of the empty string: the code hash of an account without code.
inline constexpr Hash kKeccakEmpty{kKeccakEmptyBytes};

}  // namespace wusong::hash

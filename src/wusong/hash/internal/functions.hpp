// SPDX-License-Identifier: Apache-2.0
// The hash functions as batch.hpp sees them: states, blocks, padding and digests.
#pragma once

#include <array>
#include <bit>
#include <cstring>

#include "wusong/hash/hash.hpp"
#include "wusong/hash/internal/kernel.hpp"
#include "wusong/hash/sha2_states.hpp"

namespace wusong::hash::internal {

/// A one, zeros, and the length in bits: Merkle and Damgård's padding.
template <typename WordType, std::size_t kLengthBytes, bool kIsBigEndian>
struct LengthPadded {
  using Word = WordType;
  static constexpr std::size_t kBlock = 16 * sizeof(Word);
  static constexpr std::size_t kTailBlocks = 2;
  static constexpr bool kIsBig = kIsBigEndian;

  static constexpr std::size_t whole_blocks(std::size_t size) noexcept { return size / kBlock; }
  /// Pads the `rest` bytes after a message's whole blocks, and zeros to a block's end. How many
  /// blocks that makes.
  static std::size_t pad(std::uint8_t* tail, std::size_t rest, std::size_t size) noexcept {
    const std::size_t blocks = rest + 1 + kLengthBytes <= kBlock ? 1 : 2;
    if (blocks == 2) std::memset(tail + kBlock, 0, kBlock);
    tail[rest] = 0x80;
    const auto bits = std::uint64_t{size} * 8;
    const std::uint64_t field = kIsBig ? std::byteswap(bits) : bits;
    std::memcpy(tail + blocks * kBlock - 8, &field, 8);
    return blocks;
  }
  static void enter_tail(Word*, std::size_t, std::size_t) noexcept {}
};

/// @source GB/T 32905-2016, section 4.1
struct Sm3 : LengthPadded<std::uint32_t, 8, true> {
  using Digest = Hash;
  static constexpr std::size_t kRows = 8;
  static constexpr std::array<Word, kRows> kStart{0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                                  0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
};

/// @source FIPS 180-4, section 5
struct Sha512 : LengthPadded<std::uint64_t, 16, true> {
  using Digest = Digest512;
  static constexpr std::size_t kRows = 8;
  static constexpr auto kStart = kSha512Start;
};
struct Sha256 : LengthPadded<std::uint32_t, 8, true> {
  using Digest = Hash;
  static constexpr std::size_t kRows = 8;
  static constexpr auto kStart = kSha256Start;
};

/// @source RIPEMD-160, Dobbertin, Bosselaers, Preneel 1996, appendix A
struct Ripemd160 : LengthPadded<std::uint32_t, 8, false> {
  using Digest = Address;
  static constexpr std::size_t kRows = 5;
  static constexpr std::array<Word, kRows> kStart{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                                  0xc3d2e1f0};
};

/// BLAKE2b-512 without a key. Row 8 of the state counts the bytes, row 9 is all ones for the last
/// block.
/// @source RFC 7693, sections 2.5 and 3
struct Blake2b {
  using Word = std::uint64_t;
  using Digest = Digest512;
  static constexpr std::size_t kRows = 10;
  static constexpr std::size_t kBlock = 128;
  static constexpr std::size_t kTailBlocks = 1;
  static constexpr bool kIsBig = false;
  static constexpr std::array<Word, kRows> kStart = [] {
    std::array<Word, kRows> out{};
    for (std::size_t i = 0; i < 8; ++i) out[i] = Sha512::kStart[i];  // the same fractions of roots
    out[0] ^= 0x01010040;  // 64 bytes, no key, a tree of one node
    return out;
  }();

  /// The last block is marked, so it is never among them.
  static constexpr std::size_t whole_blocks(std::size_t size) noexcept {
    return size == 0 ? 0 : (size - 1) / kBlock;
  }
  static std::size_t pad(std::uint8_t*, std::size_t, std::size_t) noexcept { return 1; }
  static void enter_tail(Word* column, std::size_t stride, std::size_t size) noexcept {
    column[8 * stride] = std::uint64_t{size} - kBlock;  // to which the block adds itself
    column[9 * stride] = ~Word{0};
  }
};

/// @source Keccak submission, padding 0x01
struct Keccak256 {
  using Word = std::uint64_t;
  using Digest = Hash;
  static constexpr std::size_t kRows = 25;
  static constexpr std::size_t kBlock = 136;  // 1600 bits less twice the digest
  static constexpr std::size_t kTailBlocks = 1;
  static constexpr bool kIsBig = false;
  static constexpr std::array<Word, kRows> kStart{};

  static constexpr std::size_t whole_blocks(std::size_t size) noexcept { return size / kBlock; }
  static std::size_t pad(std::uint8_t* tail, std::size_t rest, std::size_t) noexcept {
    tail[rest] ^= 0x01;
    tail[kBlock - 1] ^= 0x80;
    return 1;
  }
  static void enter_tail(Word*, std::size_t, std::size_t) noexcept {}
};

/// Who computes them, the best for many messages first; the last is always supported. Of the
/// supported ones the first takes all it can, and the next with at most two lanes what it leaves.
template <typename H>
std::span<const Kernel<typename H::Word>> kernels_of() noexcept;
template <>
std::span<const Kernel<std::uint32_t>> kernels_of<Sm3>() noexcept;
template <>
std::span<const Kernel<std::uint32_t>> kernels_of<Sha256>() noexcept;
template <>
std::span<const Kernel<std::uint32_t>> kernels_of<Ripemd160>() noexcept;
template <>
std::span<const Kernel<std::uint64_t>> kernels_of<Sha512>() noexcept;
template <>
std::span<const Kernel<std::uint64_t>> kernels_of<Blake2b>() noexcept;
template <>
std::span<const Kernel<std::uint64_t>> kernels_of<Keccak256>() noexcept;

}  // namespace wusong::hash::internal

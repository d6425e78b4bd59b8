// SPDX-License-Identifier: Apache-2.0
// The loops of all providers. One defines WUSONG_CIPHER_TARGET and _INLINE before it includes this:
// each function carries its own target attribute, as nothing of a shared header may be compiled for
// a machine that others may lack.
//
// An engine has kWide and kNarrow, blocks that go at once; expand and chain as Kernels has them;
// and, on memory, blocks<count, is_decrypting>(keys, in, out) and count<count>(keys, counter, in,
// out). A hasher has Sum, load, store and absorb<count>(key, sum, in), absorb_any(key, sum, in,
// count).
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>

#include "wusong/cipher/internal/bit_matrix.hpp"
#include "wusong/cipher/internal/provider.hpp"

#if !defined(WUSONG_CIPHER_TARGET)
#define WUSONG_CIPHER_TARGET
#define WUSONG_CIPHER_INLINE __attribute__((always_inline)) static inline
#endif

namespace wusong::cipher::internal {

namespace {

struct NoWork {
  WUSONG_CIPHER_INLINE void step(NoWork& /*work*/) noexcept {}
};

/// The last blocks of a message, fewer than go at once, and zeros behind them.
template <std::size_t kBytes>
struct Tail {
  alignas(64) std::uint8_t bytes[kBytes];

  Tail(const std::uint8_t* in, std::size_t count) noexcept {
    std::memcpy(bytes, in, count);
    end_at(count);
  }
  void end_at(std::size_t count) noexcept { std::memset(bytes + count, 0, kBytes - count); }
  ~Tail() { wipe(bytes, kBytes); }
};

[[maybe_unused]] constexpr std::size_t blocks_of(std::size_t bytes) noexcept {
  return bytes / kBlock + (bytes % kBlock == 0 ? 0 : 1);
}

template <typename Engine, bool kDecrypt>
WUSONG_CIPHER_TARGET void run_blocks(const Schedule& keys, const std::uint8_t* in,
                                     std::uint8_t* out, std::size_t blocks) noexcept {
  for (; blocks >= Engine::kWide; blocks -= Engine::kWide) {
    Engine::template blocks<Engine::kWide, kDecrypt>(keys, in, out);
    in += kBlock * Engine::kWide;
    out += kBlock * Engine::kWide;
  }
  for (; blocks != 0;) {
    const std::size_t now = std::min(blocks, Engine::kNarrow);
    Tail<kBlock * Engine::kNarrow> tail{in, kBlock * now};
    Engine::template blocks<Engine::kNarrow, kDecrypt>(keys, tail.bytes, tail.bytes);
    std::memcpy(out, tail.bytes, kBlock * now);
    in += kBlock * now;
    out += kBlock * now;
    blocks -= now;
  }
}

template <typename Engine>
WUSONG_CIPHER_TARGET void run_count(const Schedule& keys, Counter& counter, const std::uint8_t* in,
                                    std::uint8_t* out, std::size_t bytes) noexcept {
  constexpr std::size_t kWide = kBlock * Engine::kWide;
  constexpr std::size_t kNarrow = kBlock * Engine::kNarrow;
  for (; bytes >= kWide; bytes -= kWide, in += kWide, out += kWide)
    Engine::template count<Engine::kWide>(keys, counter, in, out);
  for (; bytes >= kNarrow; bytes -= kNarrow, in += kNarrow, out += kNarrow)
    Engine::template count<Engine::kNarrow>(keys, counter, in, out);
  if (bytes == 0) return;
  Tail<kNarrow> tail{in, bytes};
  const auto used = static_cast<std::uint32_t>(blocks_of(bytes));
  const std::uint32_t first = counter.next;
  Engine::template count<Engine::kNarrow>(keys, counter, tail.bytes, tail.bytes);
  counter.next = first + used;
  std::memcpy(out, tail.bytes, bytes);
}

/// Encryption and GHASH in one pass. Sealing hashes the step before, which no round of the present
/// one waits for, so the processor runs both at once; opening reads both from the same bytes.
template <typename Engine, typename Hasher, std::size_t kCount, bool kOpen>
WUSONG_CIPHER_INLINE void gcm_steps(const Schedule& keys, const HashKey& hash_key, Counter& counter,
                                    typename Hasher::Sum& sum, const std::uint8_t*& in,
                                    std::uint8_t*& out, std::size_t& bytes) noexcept {
  constexpr std::size_t kStep = kBlock * kCount;
  if (bytes < kStep) return;
  if constexpr (!kOpen) {
    Engine::template count<kCount>(keys, counter, in, out);
    in += kStep;
    out += kStep;
    bytes -= kStep;
  }
  for (; bytes >= kStep; bytes -= kStep, in += kStep, out += kStep) {
    const std::uint8_t* const hashed = kOpen ? in : out - kStep;
    if constexpr (Engine::kInterleaves) {
      auto work = Hasher::template begin<kCount>(hash_key, sum, hashed);
      Engine::template count_beside<kCount>(keys, counter, in, out, work);
      sum = Hasher::reduce(work.product);
    } else {
      sum = Hasher::template absorb<kCount>(hash_key, sum, hashed);
      Engine::template count<kCount>(keys, counter, in, out);
    }
  }
  if constexpr (!kOpen) sum = Hasher::template absorb<kCount>(hash_key, sum, out - kStep);
}

template <typename Engine, typename Hasher, bool kOpen>
WUSONG_CIPHER_TARGET void run_gcm(const Schedule& keys, const HashKey& hash_key, Counter& counter,
                                  std::uint8_t* sum_bytes, const std::uint8_t* in,
                                  std::uint8_t* out, std::size_t bytes) noexcept {
  auto sum = Hasher::load(sum_bytes);
  gcm_steps<Engine, Hasher, Engine::kWide, kOpen>(keys, hash_key, counter, sum, in, out, bytes);
  gcm_steps<Engine, Hasher, Engine::kNarrow, kOpen>(keys, hash_key, counter, sum, in, out, bytes);
  if (bytes != 0) {
    Tail<kBlock * Engine::kNarrow> tail{in, bytes};
    const std::size_t used = blocks_of(bytes);
    const std::uint32_t first = counter.next;
    if constexpr (kOpen) sum = Hasher::absorb_any(hash_key, sum, tail.bytes, used);
    Engine::template count<Engine::kNarrow>(keys, counter, tail.bytes, tail.bytes);
    tail.end_at(bytes);
    if constexpr (!kOpen) sum = Hasher::absorb_any(hash_key, sum, tail.bytes, used);
    counter.next = first + static_cast<std::uint32_t>(used);
    std::memcpy(out, tail.bytes, bytes);
  }
  Hasher::store(sum_bytes, sum);
}

template <typename Hasher>
WUSONG_CIPHER_TARGET void run_hash(const HashKey& key, std::uint8_t* sum_bytes,
                                   const std::uint8_t* in, std::size_t bytes) noexcept {
  const std::size_t whole = bytes / kBlock;
  auto sum = Hasher::absorb_any(key, Hasher::load(sum_bytes), in, whole);
  if (bytes % kBlock != 0) {
    const Tail<kBlock> tail{in + kBlock * whole, bytes % kBlock};
    sum = Hasher::absorb_any(key, sum, tail.bytes, 1);
  }
  Hasher::store(sum_bytes, sum);
}

template <typename Engine>
WUSONG_CIPHER_TARGET void run_chain(const Schedule& keys, std::uint8_t* sum, const std::uint8_t* in,
                                    std::size_t blocks) noexcept {
  Tail<kBlock * Engine::kNarrow> state{sum, kBlock};
  for (; blocks != 0; --blocks, in += kBlock) {
    for (std::size_t i = 0; i < kBlock; ++i) state.bytes[i] ^= in[i];
    Engine::template blocks<Engine::kNarrow, false>(keys, state.bytes, state.bytes);
  }
  std::memcpy(sum, state.bytes, kBlock);
}

template <typename Engine, typename Hasher>
constexpr Kernels kernels_of() noexcept {
  return {.expand = Engine::expand,
          .encrypt = run_blocks<Engine, false>,
          .decrypt = run_blocks<Engine, true>,
          .count = run_count<Engine>,
          .seal = run_gcm<Engine, Hasher, false>,
          .open = run_gcm<Engine, Hasher, true>,
          .chain = Engine::chain};
}

// Key schedules. Bytes of a word keep their order in memory: a word read there is little-endian.

[[maybe_unused]] inline std::uint32_t load32(const std::uint8_t* from) noexcept {
  std::uint32_t word = 0;
  std::memcpy(&word, from, 4);
  return word;
}
[[maybe_unused]] inline void store32(std::uint8_t* to, std::uint32_t word) noexcept {
  std::memcpy(to, &word, 4);
}

/// Round keys of AES, round after round. `substitute` applies the S-box to each byte of a word.
/// @source FIPS 197, section 5.2
template <auto kSubstitute>
void expand_aes(const std::uint8_t* key, std::size_t key_words, std::size_t rounds,
                std::uint32_t* out) noexcept {
  for (std::size_t i = 0; i < key_words; ++i) out[i] = load32(key + 4 * i);
  std::uint32_t rcon = 1;
  for (std::size_t i = key_words; i < 4 * (rounds + 1); ++i) {
    std::uint32_t word = out[i - 1];
    if (i % key_words == 0) {
      word = std::rotr(kSubstitute(word), 8) ^ rcon;
      rcon = multiply(rcon, 2, kAesModulus);
    } else if (key_words == 8 && i % 8 == 4) {
      word = kSubstitute(word);
    }
    out[i] = out[i - key_words] ^ word;
  }
}

/// @source GB/T 32907-2016, section 7.3
template <auto kSubstitute>
void expand_sm4(const std::uint8_t* key, std::uint32_t* out) noexcept {
  constexpr std::uint32_t kFamily[4] = {0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc};
  std::uint32_t k[4];
  for (std::size_t i = 0; i < 4; ++i) k[i] = std::byteswap(load32(key + 4 * i)) ^ kFamily[i];
  for (std::uint32_t i = 0; i < 32; ++i) {
    std::uint32_t fixed = 0;
    for (std::uint32_t j = 0; j < 4; ++j) fixed = fixed << 8 | ((4 * i + j) * 7 & 0xff);
    const std::uint32_t s = kSubstitute(k[(i + 1) % 4] ^ k[(i + 2) % 4] ^ k[(i + 3) % 4] ^ fixed);
    k[i % 4] ^= s ^ std::rotl(s, 13) ^ std::rotl(s, 23);
    out[i] = std::byteswap(k[i % 4]);
  }
  wipe(k, sizeof(k));
}

}  // namespace
}  // namespace wusong::cipher::internal

// SPDX-License-Identifier: Apache-2.0
// Who can run the block ciphers: the same few loops by different instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wusong::cipher::internal {

inline constexpr std::size_t kBlock = 16;

/// Overwrites secrets in a way that compilers keep.
void wipe(void* bytes, std::size_t count) noexcept;

/// Round keys in a provider's own shape, overwritten when they go.
struct Schedule {
  alignas(64) std::uint8_t bytes[2048];

  Schedule() = default;
  Schedule(const Schedule&) = default;
  Schedule& operator=(const Schedule&) = default;
  ~Schedule() { wipe(bytes, sizeof(bytes)); }
};

/// GHASH's key in a provider's own shape: powers of it where several blocks go at once.
struct HashKey {
  alignas(64) std::uint8_t bytes[640];

  HashKey() = default;
  HashKey(const HashKey&) = default;
  HashKey& operator=(const HashKey&) = default;
  ~HashKey() { wipe(bytes, sizeof(bytes)); }
};

/// A block whose last 32 bits count, big-endian and modulo 2^32: callers carry beyond.
struct Counter {
  alignas(16) std::uint8_t fixed[kBlock];  // the last four bytes are not read
  std::uint32_t next;
};

/// `in` and `out` are the same or do not overlap. Bytes that are not whole blocks may only end a
/// message: GHASH sees zeros behind them.
struct Kernels {
  void (*expand)(const std::uint8_t* key, Schedule& out) noexcept;
  void (*encrypt)(const Schedule& keys, const std::uint8_t* in, std::uint8_t* out,
                  std::size_t blocks) noexcept;
  void (*decrypt)(const Schedule& keys, const std::uint8_t* in, std::uint8_t* out,
                  std::size_t blocks) noexcept;
  void (*count)(const Schedule& keys, Counter& counter, const std::uint8_t* in, std::uint8_t* out,
                std::size_t bytes) noexcept;
  void (*seal)(const Schedule& keys, const HashKey& hash_key, Counter& counter, std::uint8_t* sum,
               const std::uint8_t* in, std::uint8_t* out, std::size_t bytes) noexcept;
  void (*open)(const Schedule& keys, const HashKey& hash_key, Counter& counter, std::uint8_t* sum,
               const std::uint8_t* in, std::uint8_t* out, std::size_t bytes) noexcept;
  /// sum = E(sum ^ block) for each block: CBC-MAC.
  void (*chain)(const Schedule& keys, std::uint8_t* sum, const std::uint8_t* in,
                std::size_t blocks) noexcept;
};

struct Provider {
  const char* name;
  bool (*is_supported)() noexcept;
  Kernels sm4;
  Kernels aes128;
  Kernels aes256;
  void (*expand_hash_key)(const std::uint8_t* h, HashKey& out) noexcept;
  /// sum = (sum ^ block) * H for each block, the last one filled up with zeros.
  void (*hash)(const HashKey& key, std::uint8_t* sum, const std::uint8_t* in,
               std::size_t bytes) noexcept;
};

extern const Provider kPortable;
#if defined(__x86_64__)
extern const Provider kAesNi;   // AVX2, AES-NI, PCLMULQDQ
extern const Provider kAvx512;  // AVX-512, GFNI, VAES, VPCLMULQDQ
#endif

/// The fastest first; the last, portable, is always supported.
std::span<const Provider* const> providers() noexcept;
/// The fastest supported one, or the one that the environment's WUSONG_CIPHER_PROVIDER names
/// (avx512, aesni, portable) if it is supported. Chosen once.
const Provider& provider() noexcept;
/// For tests: from now on new keys use this one; nullptr ends it. Not for several threads.
void force_provider(const Provider* forced) noexcept;

}  // namespace wusong::cipher::internal

// SPDX-License-Identifier: Apache-2.0
// Kernels for AVX2: a product is a sum of PSHUFB's look-ups, one for each four bits.
#if defined(__x86_64__)
#define WUSONG_CODING_TARGET __attribute__((target("avx2")))
#define WUSONG_CODING_INLINE __attribute__((target("avx2"), always_inline)) static inline
#include <immintrin.h>

#include <cstring>

#include "wusong/base/processor.hpp"
#include "wusong/coding/internal/kernel_loops.hpp"

namespace wusong::coding::internal {
namespace {

using V = __m256i;

WUSONG_CODING_INLINE V table(const std::uint8_t* from) noexcept {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
WUSONG_CODING_INLINE V low_nibbles(V bytes) noexcept {
  return _mm256_and_si256(bytes, _mm256_set1_epi8(15));
}
WUSONG_CODING_INLINE V high_nibbles(V bytes) noexcept {
  return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
}
WUSONG_CODING_INLINE V look_up(V low_table, V low, V high_table, V high) noexcept {
  return _mm256_xor_si256(_mm256_shuffle_epi8(low_table, low),
                          _mm256_shuffle_epi8(high_table, high));
}

struct Avx2Lanes {
  static constexpr std::size_t kWidth = 32;
  static constexpr std::uint32_t kMatrixEncodesMax = 24;
  static constexpr std::uint32_t kMatrixCompletesMax = 64;
  struct Unit {
    V low;
    V high;
  };
  WUSONG_CODING_INLINE Unit zero() noexcept {
    return {_mm256_setzero_si256(), _mm256_setzero_si256()};
  }
  WUSONG_CODING_INLINE Unit load(const std::uint8_t* from) noexcept {
    return {_mm256_loadu_si256(reinterpret_cast<const V*>(from)),
            _mm256_loadu_si256(reinterpret_cast<const V*>(from + kHalfBlock))};
  }
  WUSONG_CODING_INLINE void store(std::uint8_t* to, Unit unit) noexcept {
    _mm256_storeu_si256(reinterpret_cast<V*>(to), unit.low);
    _mm256_storeu_si256(reinterpret_cast<V*>(to + kHalfBlock), unit.high);
  }
  WUSONG_CODING_INLINE Unit add(Unit a, Unit b) noexcept {
    return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)};
  }
};

struct ByteLanes : Avx2Lanes {
  static constexpr std::size_t kSymbolBytes = 1;
  static constexpr std::size_t kMultiplierBytes = 32;
  struct Constant {
    V tables[2];
  };
  static void prepare(Symbol constant, std::uint8_t* multiplier) noexcept {
    static const auto kAll = all_byte_multipliers<kMultiplierBytes>(prepare_nibbles);
    std::memcpy(multiplier, kAll[constant].data(), kMultiplierBytes);
  }
  WUSONG_CODING_INLINE Constant constant(const std::uint8_t* multiplier) noexcept {
    return {{table(multiplier), table(multiplier + 16)}};
  }
  WUSONG_CODING_INLINE Unit multiply(const Constant& m, Unit unit) noexcept {
    return {look_up(m.tables[0], low_nibbles(unit.low), m.tables[1], high_nibbles(unit.low)),
            look_up(m.tables[0], low_nibbles(unit.high), m.tables[1], high_nibbles(unit.high))};
  }
};

struct WordLanes : Avx2Lanes {
  static constexpr std::size_t kSymbolBytes = 2;
  static constexpr std::size_t kMultiplierBytes = 128;
  struct Constant {
    V tables[8];  // nibble, then byte of the product
  };
  static void prepare(Symbol constant, std::uint8_t* multiplier) noexcept {
    prepare_nibbles(constant, 2, multiplier);
  }
  WUSONG_CODING_INLINE Constant constant(const std::uint8_t* multiplier) noexcept {
    return {{table(multiplier), table(multiplier + 16), table(multiplier + 32),
             table(multiplier + 48), table(multiplier + 64), table(multiplier + 80),
             table(multiplier + 96), table(multiplier + 112)}};
  }
  WUSONG_CODING_INLINE Unit multiply(const Constant& m, Unit unit) noexcept {
    const V nibbles[4] = {low_nibbles(unit.low), high_nibbles(unit.low), low_nibbles(unit.high),
                          high_nibbles(unit.high)};
    return {_mm256_xor_si256(look_up(m.tables[0], nibbles[0], m.tables[2], nibbles[1]),
                             look_up(m.tables[4], nibbles[2], m.tables[6], nibbles[3])),
            _mm256_xor_si256(look_up(m.tables[1], nibbles[0], m.tables[3], nibbles[1]),
                             look_up(m.tables[5], nibbles[2], m.tables[7], nibbles[3]))};
  }
};

bool avx2_is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx2") != 0;
}

}  // namespace

constinit const Kernels kAvx2Bytes = kernels_of<ByteLanes>("avx2", avx2_is_supported);
constinit const Kernels kAvx2Words = kernels_of<WordLanes>("avx2", avx2_is_supported);

}  // namespace wusong::coding::internal
#endif

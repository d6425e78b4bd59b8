// SPDX-License-Identifier: Apache-2.0
// Kernels for AVX-512 with GFNI: a product by a constant is linear over GF(2), so it is a matrix of
// 8 x 8 bits where symbols are bytes, and four of them where they are words.
#if defined(__x86_64__)
#define WUSONG_CODING_TARGET __attribute__((target("avx512f,avx512bw,gfni")))
#define WUSONG_CODING_INLINE \
  __attribute__((target("avx512f,avx512bw,gfni"), always_inline)) static inline
#include <immintrin.h>

#include <cstring>

#include "wusong/base/processor.hpp"
#include "wusong/coding/internal/kernel_loops.hpp"

namespace wusong::coding::internal {
namespace {

using V = __m512i;

/// Rows are columns and columns rows. @source Hacker's Delight, section 7-3
std::uint64_t transposed(std::uint64_t x) noexcept {
  const auto swap = [&x](unsigned distance, std::uint64_t mask) {
    const std::uint64_t moved = (x ^ (x >> distance)) & mask;
    x ^= moved ^ (moved << distance);
  };
  swap(7, 0x00aa00aa00aa00aa);
  swap(14, 0x0000cccc0000cccc);
  swap(28, 0x00000000f0f0f0f0);
  return x;
}

/// @shape for each byte of the product, for each of the factor, eight rows from the last up
void prepare_matrices(Symbol constant, std::size_t symbol_bytes,
                      std::uint8_t* multiplier) noexcept {
  const Field& field = Field::get();
  for (std::size_t from = 0; from < symbol_bytes; ++from) {
    std::uint64_t columns[2] = {};
    for (std::size_t bit = 0; bit < 8; ++bit) {
      const Symbol column = field.multiply(constant, static_cast<Symbol>(1u << (8 * from + bit)));
      columns[0] |= std::uint64_t{column & 0xffu} << (8 * bit);
      columns[1] |= std::uint64_t{static_cast<std::uint8_t>(column >> 8)} << (8 * bit);
    }
    for (std::size_t to = 0; to < symbol_bytes; ++to) {
      const std::uint64_t rows = __builtin_bswap64(transposed(columns[to]));
      std::memcpy(multiplier + 8 * (symbol_bytes * to + from), &rows, 8);
    }
  }
}

WUSONG_CODING_INLINE V matrix(const std::uint8_t* from) noexcept {
  long long rows;
  __builtin_memcpy(&rows, from, 8);
  V out = _mm512_set1_epi64(rows);
  // Held in a register: LLVM 19 writes a wrong displacement where GF2P8AFFINEQB broadcasts from
  // memory.
  __asm__("" : "+v"(out));
  return out;
}
WUSONG_CODING_INLINE V apply(V matrix, V bytes) noexcept {
  return _mm512_gf2p8affine_epi64_epi8(bytes, matrix, 0);
}

struct GfniLanes {
  static constexpr std::size_t kWidth = 64;
  static constexpr std::uint32_t kMatrixEncodesMax = 48;
  static constexpr std::uint32_t kMatrixCompletesMax = 128;
  struct Unit {
    V low;
    V high;
  };
  WUSONG_CODING_INLINE Unit zero() noexcept {
    return {_mm512_setzero_si512(), _mm512_setzero_si512()};
  }
  WUSONG_CODING_INLINE Unit load(const std::uint8_t* from) noexcept {
    return {_mm512_loadu_si512(from), _mm512_loadu_si512(from + kHalfBlock)};
  }
  WUSONG_CODING_INLINE void store(std::uint8_t* to, Unit unit) noexcept {
    _mm512_storeu_si512(to, unit.low);
    _mm512_storeu_si512(to + kHalfBlock, unit.high);
  }
  WUSONG_CODING_INLINE Unit add(Unit a, Unit b) noexcept {
    return {_mm512_xor_si512(a.low, b.low), _mm512_xor_si512(a.high, b.high)};
  }
};

struct ByteLanes : GfniLanes {
  static constexpr std::size_t kSymbolBytes = 1;
  static constexpr std::size_t kMultiplierBytes = 8;
  using Constant = V;
  static void prepare(Symbol constant, std::uint8_t* multiplier) noexcept {
    static const auto kAll = all_byte_multipliers<kMultiplierBytes>(prepare_matrices);
    std::memcpy(multiplier, kAll[constant].data(), kMultiplierBytes);
  }
  WUSONG_CODING_INLINE Constant constant(const std::uint8_t* multiplier) noexcept {
    return matrix(multiplier);
  }
  WUSONG_CODING_INLINE Unit multiply(Constant m, Unit unit) noexcept {
    return {apply(m, unit.low), apply(m, unit.high)};
  }
};

struct WordLanes : GfniLanes {
  static constexpr std::size_t kSymbolBytes = 2;
  static constexpr std::size_t kMultiplierBytes = 32;
  struct Constant {
    V matrices[4];
  };
  static void prepare(Symbol constant, std::uint8_t* multiplier) noexcept {
    prepare_matrices(constant, 2, multiplier);
  }
  WUSONG_CODING_INLINE Constant constant(const std::uint8_t* multiplier) noexcept {
    return {{matrix(multiplier), matrix(multiplier + 8), matrix(multiplier + 16),
             matrix(multiplier + 24)}};
  }
  WUSONG_CODING_INLINE Unit multiply(const Constant& m, Unit unit) noexcept {
    return {_mm512_xor_si512(apply(m.matrices[0], unit.low), apply(m.matrices[1], unit.high)),
            _mm512_xor_si512(apply(m.matrices[2], unit.low), apply(m.matrices[3], unit.high))};
  }
};

bool gfni_is_supported() noexcept {
  return may_use_extensions() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("gfni");
}

}  // namespace

constinit const Kernels kGfniBytes = kernels_of<ByteLanes>("gfni", gfni_is_supported);
constinit const Kernels kGfniWords = kernels_of<WordLanes>("gfni", gfni_is_supported);

}  // namespace wusong::coding::internal
#endif

// SPDX-License-Identifier: Apache-2.0
// The number-theoretic transforms with neighbours in the lanes of vectors. A file of vectors
// defines WUSONG_PQ_TARGET and _INLINE before it includes this: each function carries its own
// target, as nothing of a shared header may be compiled for a machine that others may lack.
//
// With W lanes, W*W coefficients are a square: first its rows are vectors, and butterflies are
// among whole vectors; then it is turned round, and they are again. Lanes has: Ring, Vector,
// kCount, set, load, store, add, subtract, turn (by a factor in Montgomery's form), transpose and
// reduce.
#pragma once

#include <cstring>

#include "wusong/math/limbs.hpp"
#include "wusong/pq/internal/ring.hpp"

#if !defined(WUSONG_PQ_TARGET)
#define WUSONG_PQ_TARGET
#define WUSONG_PQ_INLINE [[maybe_unused]] static inline
#endif

namespace wusong::pq::internal {

namespace {

/// 16-bit words have no room for the sums of all levels.
template <typename Ring>
inline constexpr bool kIsNarrow = sizeof(typename Ring::Word) == 2;
/// After these levels of ML-KEM's inverse transform sums have reached eight times the modulus.
[[maybe_unused]] constexpr bool is_reduced_after(int distance) noexcept {
  return distance == 8 || distance == 64;
}
inline constexpr std::int16_t kBarrett = 20159;  // 2^26 / 3329, rounded
/// Into [0, 3329]; equality only for a multiple of the modulus.
[[maybe_unused]] constexpr std::int16_t barrett(std::int16_t a) noexcept {
  const int quotient = (a * kBarrett) >> 26;
  return static_cast<std::int16_t>(a - quotient * MlKemRing::kModulus);
}

/// For a pair of ML-KEM's NTT domain: 1 and its gamma, in Montgomery's form.
struct PairFactors {
  alignas(64) std::int16_t value[kDegree]{};
  alignas(64) std::int16_t twisted[kDegree]{};

  constexpr PairFactors() noexcept {
    const auto one = factor_of<MlKemRing>(1);
    for (std::size_t i = 0; i < kDegree; i += 2) {
      const auto& zetas = kZetas<MlKemRing>;
      const auto gamma = i % 4 == 0 ? zetas.forward[64 + i / 4] : zetas.inverse[64 + i / 4];
      value[i] = one.value;
      twisted[i] = one.twisted;
      value[i + 1] = gamma.value;
      twisted[i + 1] = gamma.twisted;
    }
  }
};
[[maybe_unused]] inline constexpr PairFactors kPairFactors{};

/// Three bytes at a time, the highest bit ignored.
/// @source FIPS 204, algorithms 14 and 30
WUSONG_PQ_INLINE std::size_t sample_ml_dsa(Poly32& f, std::size_t have, const std::uint8_t* from,
                                           std::size_t size) noexcept {
  for (std::size_t i = 0; i < size && have < kDegree; i += 3) {
    const std::int32_t word = from[i] | from[i + 1] << 8 | (from[i + 2] & 0x7f) << 16;
    f.at[have] = word;
    have += word < MlDsaRing::kModulus ? 1 : 0;
  }
  return have;
}
/// @source FIPS 204, algorithms 15 and 31
WUSONG_PQ_INLINE std::size_t sample_bounded_ml_dsa(Poly32& f, std::int32_t eta, std::size_t have,
                                                   const std::uint8_t* from,
                                                   std::size_t size) noexcept {
  for (std::size_t i = 0; i < 2 * size && have < kDegree; ++i) {
    const std::int32_t nibble = (from[i / 2] >> (4 * (i % 2))) & 15;
    if (eta == 2) {
      f.at[have] = 2 - (nibble - ((nibble * 13) >> 6) * 5);  // nibble mod 5
      have += nibble < 15 ? 1 : 0;
    } else {
      f.at[have] = 4 - nibble;
      have += nibble < 9 ? 1 : 0;
    }
  }
  return have;
}
/// @source FIPS 203, algorithm 7
WUSONG_PQ_INLINE std::size_t sample_ml_kem(Poly16& f, std::size_t have, const std::uint8_t* from,
                                           std::size_t size) noexcept {
  for (std::size_t i = 0; i < size && have < kDegree; i += 3) {
    const int first = from[i] | (from[i + 1] & 15) << 8;
    const int second = from[i + 1] >> 4 | from[i + 2] << 4;
    f.at[have] = static_cast<std::int16_t>(first);
    have += first < MlKemRing::kModulus ? 1 : 0;
    if (have == kDegree) break;
    f.at[have] = static_cast<std::int16_t>(second);
    have += second < MlKemRing::kModulus ? 1 : 0;
  }
  return have;
}

/// The factors of the levels after the turn: one for each lane.
template <typename Ring, int kCount>
struct RowFactors {
  using Word = typename Ring::Word;
  static constexpr int kBlocks = 256 / (kCount * kCount);
  static constexpr int kVectors = kCount / kLastDistance<Ring> - 1;
  struct alignas(64) Row {
    Word value[kCount];
    Word twisted[kCount];
  };
  Row forward[kBlocks][kVectors]{};
  Row inverse[kBlocks][kVectors]{};

  static constexpr int index(int distance, int group) noexcept {
    return kCount / (2 * distance) - 1 + group;
  }
  constexpr RowFactors() noexcept {
    for (int block = 0; block < kBlocks; ++block) {
      for (int distance = kCount / 2; distance >= kLastDistance<Ring>; distance /= 2) {
        const int groups = kCount / (2 * distance);
        for (int group = 0; group < groups; ++group) {
          for (int lane = 0; lane < kCount; ++lane) {
            const int among = (block * kCount + lane) * groups + group;
            const auto& zetas = kZetas<Ring>;
            const auto there = zetas.forward[Zetas<Ring>::forward_index(distance, among)];
            const auto back = zetas.inverse[Zetas<Ring>::inverse_index(distance, among)];
            const int at = index(distance, group);
            forward[block][at].value[lane] = there.value;
            forward[block][at].twisted[lane] = there.twisted;
            inverse[block][at].value[lane] = back.value;
            inverse[block][at].twisted[lane] = back.twisted;
          }
        }
      }
    }
  }
};
template <typename Ring, int kCount>
inline constexpr RowFactors<Ring, kCount> kRowFactors{};

template <typename Lanes, typename V = typename Lanes::Vector>
WUSONG_PQ_INLINE void butterfly(V& a, V& b, V value, V twisted) noexcept {
  const V turned = Lanes::turn(b, value, twisted);
  b = Lanes::subtract(a, turned);
  a = Lanes::add(a, turned);
}
template <typename Lanes, typename V = typename Lanes::Vector>
WUSONG_PQ_INLINE void inverse_butterfly(V& a, V& b, V value, V twisted) noexcept {
  const V difference = Lanes::subtract(a, b);
  a = Lanes::add(a, b);
  b = Lanes::turn(difference, value, twisted);
}

/// The levels at which both inputs are whole vectors of one square, from the largest distance down.
template <typename Lanes, int kGap, typename V = typename Lanes::Vector>
WUSONG_PQ_INLINE void forward_by_rows(V (&v)[Lanes::kCount], int block) noexcept {
  using Ring = typename Lanes::Ring;
  constexpr int kGroups = Lanes::kCount / (2 * kGap);
  WUSONG_UNROLL
  for (int group = 0; group < kGroups; ++group) {
    const auto& factor = kZetas<Ring>.forward[Zetas<Ring>::forward_index(kGap * Lanes::kCount,
                                                                         block * kGroups + group)];
    const V value = Lanes::set(factor.value);
    const V twisted = Lanes::set(factor.twisted);
    WUSONG_UNROLL
    for (int i = 2 * kGap * group; i < 2 * kGap * group + kGap; ++i)
      butterfly<Lanes>(v[i], v[i + kGap], value, twisted);
  }
  if constexpr (kGap > 1) forward_by_rows<Lanes, kGap / 2>(v, block);
}
template <typename Lanes, int kDistance, typename V = typename Lanes::Vector>
WUSONG_PQ_INLINE void forward_by_columns(V (&v)[Lanes::kCount], int block) noexcept {
  using Ring = typename Lanes::Ring;
  using Rows = RowFactors<Ring, Lanes::kCount>;
  WUSONG_UNROLL
  for (int group = 0; group < Lanes::kCount / (2 * kDistance); ++group) {
    const auto& row =
        kRowFactors<Ring, Lanes::kCount>.forward[block][Rows::index(kDistance, group)];
    const V value = Lanes::load(row.value);
    const V twisted = Lanes::load(row.twisted);
    WUSONG_UNROLL
    for (int i = 2 * kDistance * group; i < 2 * kDistance * group + kDistance; ++i)
      butterfly<Lanes>(v[i], v[i + kDistance], value, twisted);
  }
  if constexpr (kDistance > kLastDistance<Ring>) forward_by_columns<Lanes, kDistance / 2>(v, block);
}
template <typename Lanes, int kDistance, typename V = typename Lanes::Vector>
WUSONG_PQ_INLINE void inverse_by_columns(V (&v)[Lanes::kCount], int block) noexcept {
  using Ring = typename Lanes::Ring;
  using Rows = RowFactors<Ring, Lanes::kCount>;
  if constexpr (kDistance > kLastDistance<Ring>) inverse_by_columns<Lanes, kDistance / 2>(v, block);
  WUSONG_UNROLL
  for (int group = 0; group < Lanes::kCount / (2 * kDistance); ++group) {
    const auto& row =
        kRowFactors<Ring, Lanes::kCount>.inverse[block][Rows::index(kDistance, group)];
    const V value = Lanes::load(row.value);
    const V twisted = Lanes::load(row.twisted);
    WUSONG_UNROLL
    for (int i = 2 * kDistance * group; i < 2 * kDistance * group + kDistance; ++i)
      inverse_butterfly<Lanes>(v[i], v[i + kDistance], value, twisted);
  }
  if constexpr (kIsNarrow<Ring> && is_reduced_after(kDistance)) Lanes::reduce(v);
}
template <typename Lanes, int kGap, typename V = typename Lanes::Vector>
WUSONG_PQ_INLINE void inverse_by_rows(V (&v)[Lanes::kCount], int block) noexcept {
  using Ring = typename Lanes::Ring;
  constexpr int kGroups = Lanes::kCount / (2 * kGap);
  if constexpr (kGap > 1) inverse_by_rows<Lanes, kGap / 2>(v, block);
  WUSONG_UNROLL
  for (int group = 0; group < kGroups; ++group) {
    const auto& factor = kZetas<Ring>.inverse[Zetas<Ring>::inverse_index(kGap * Lanes::kCount,
                                                                         block * kGroups + group)];
    const V value = Lanes::set(factor.value);
    const V twisted = Lanes::set(factor.twisted);
    WUSONG_UNROLL
    for (int i = 2 * kGap * group; i < 2 * kGap * group + kGap; ++i)
      inverse_butterfly<Lanes>(v[i], v[i + kGap], value, twisted);
  }
  if constexpr (kIsNarrow<Ring> && is_reduced_after(kGap * Lanes::kCount)) Lanes::reduce(v);
}

template <typename Lanes, typename Word = typename Lanes::Ring::Word>
WUSONG_PQ_TARGET void ntt_lanes(Polynomial<Word>& f) noexcept {
  using Ring = typename Lanes::Ring;
  using V = typename Lanes::Vector;
  constexpr int kCount = Lanes::kCount;
  for (int distance = 128; distance >= kCount * kCount; distance /= 2) {
    for (int start = 0; start < 256; start += 2 * distance) {
      const auto& factor =
          kZetas<Ring>.forward[Zetas<Ring>::forward_index(distance, start / (2 * distance))];
      for (int i = start; i < start + distance; i += kCount) {
        V a = Lanes::load(f.at + i);
        V b = Lanes::load(f.at + i + distance);
        butterfly<Lanes>(a, b, Lanes::set(factor.value), Lanes::set(factor.twisted));
        Lanes::store(f.at + i, a);
        Lanes::store(f.at + i + distance, b);
      }
    }
  }
  for (int block = 0; block < 256 / (kCount * kCount); ++block) {
    Word* const at = f.at + block * kCount * kCount;
    V v[kCount];
    WUSONG_UNROLL
    for (int i = 0; i < kCount; ++i) v[i] = Lanes::load(at + i * kCount);
    forward_by_rows<Lanes, kCount / 2>(v, block);
    Lanes::transpose(v);
    forward_by_columns<Lanes, kCount / 2>(v, block);
    if constexpr (kIsNarrow<Ring>) Lanes::reduce(v);
    Lanes::transpose(v);
    WUSONG_UNROLL
    for (int i = 0; i < kCount; ++i) Lanes::store(at + i * kCount, v[i]);
  }
}

template <typename Lanes, typename Word = typename Lanes::Ring::Word>
WUSONG_PQ_TARGET void inverse_ntt_lanes(Polynomial<Word>& f) noexcept {
  using Ring = typename Lanes::Ring;
  using V = typename Lanes::Vector;
  constexpr int kCount = Lanes::kCount;
  const V scale = Lanes::set(kInverseScale<Ring>.value);
  const V twisted_scale = Lanes::set(kInverseScale<Ring>.twisted);
  for (int block = 0; block < 256 / (kCount * kCount); ++block) {
    Word* const at = f.at + block * kCount * kCount;
    V v[kCount];
    WUSONG_UNROLL
    for (int i = 0; i < kCount; ++i) v[i] = Lanes::load(at + i * kCount);
    Lanes::transpose(v);
    inverse_by_columns<Lanes, kCount / 2>(v, block);
    Lanes::transpose(v);
    inverse_by_rows<Lanes, kCount / 2>(v, block);
    WUSONG_UNROLL
    for (int i = 0; i < kCount; ++i)
      Lanes::store(at + i * kCount, kCount == 16 ? Lanes::turn(v[i], scale, twisted_scale) : v[i]);
  }
  for (int distance = kCount * kCount; distance <= 128; distance *= 2) {
    for (int start = 0; start < 256; start += 2 * distance) {
      const auto& factor =
          kZetas<Ring>.inverse[Zetas<Ring>::inverse_index(distance, start / (2 * distance))];
      for (int i = start; i < start + distance; i += kCount) {
        V a = Lanes::load(f.at + i);
        V b = Lanes::load(f.at + i + distance);
        inverse_butterfly<Lanes>(a, b, Lanes::set(factor.value), Lanes::set(factor.twisted));
        Lanes::store(f.at + i, distance == 128 ? Lanes::turn(a, scale, twisted_scale) : a);
        Lanes::store(f.at + i + distance,
                     distance == 128 ? Lanes::turn(b, scale, twisted_scale) : b);
      }
    }
  }
}

}  // namespace
}  // namespace wusong::pq::internal

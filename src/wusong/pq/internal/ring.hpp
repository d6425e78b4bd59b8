// SPDX-License-Identifier: Apache-2.0
// The two rings Z_q[X]/(X^256 + 1): their moduli, Montgomery's form, and tables of roots of unity.
#pragma once

#include <array>
#include <cstdint>

#include "wusong/pq/internal/provider.hpp"

namespace wusong::pq::internal {

/// @source FIPS 204, section 2.5 and table 1; FIPS 203, sections 2.4 and 4.3
struct MlDsaRing {
  using Word = std::int32_t;
  using Wide = std::int64_t;
  using Unsigned = std::uint32_t;
  static constexpr Word kModulus = 8380417;
  static constexpr std::int64_t kRoot = 1753;
  static constexpr unsigned kLevels = 8;
};
struct MlKemRing {
  using Word = std::int16_t;
  using Wide = std::int32_t;
  using Unsigned = std::uint16_t;
  static constexpr Word kModulus = 3329;
  static constexpr std::int64_t kRoot = 17;
  static constexpr unsigned kLevels = 7;
};

template <typename Ring>
inline constexpr unsigned kWordBits = 8 * sizeof(typename Ring::Word);
/// The distance of a butterfly's inputs at the NTT's last level.
template <typename Ring>
inline constexpr int kLastDistance = 128 >> (Ring::kLevels - 1);

constexpr std::int64_t centred(std::int64_t value, std::int64_t modulus) noexcept {
  value %= modulus;
  if (value < 0) value += modulus;
  return value > modulus / 2 ? value - modulus : value;
}
constexpr std::int64_t power(std::int64_t base, unsigned exponent, std::int64_t modulus) noexcept {
  std::int64_t out = 1;
  for (; exponent != 0; --exponent) out = out * base % modulus;
  return out;
}

/// 1/q modulo the word: Newton's iteration doubles the right bits.
template <typename Ring>
inline constexpr auto kInverseModulus = [] {
  std::uint64_t inverse = 1;
  for (int i = 0; i < 6; ++i) inverse *= 2 - static_cast<std::uint64_t>(Ring::kModulus) * inverse;
  return static_cast<typename Ring::Word>(static_cast<typename Ring::Unsigned>(inverse));
}();

/// R modulo q, centred.
template <typename Ring>
inline constexpr std::int64_t kRadix = centred(std::int64_t{1} << kWordBits<Ring>, Ring::kModulus);

/// x / R modulo q, below q in absolute value where |x| < q R / 2.
template <typename Ring>
[[gnu::always_inline]] inline constexpr typename Ring::Word montgomery(
    typename Ring::Wide x) noexcept {
  using Word = typename Ring::Word;
  using Unsigned = typename Ring::Unsigned;
  using Wide = typename Ring::Wide;
  const auto m = static_cast<Word>(static_cast<Unsigned>(
      static_cast<Unsigned>(x) *
      static_cast<std::uint64_t>(static_cast<Unsigned>(kInverseModulus<Ring>))));
  return static_cast<Word>((x - static_cast<Wide>(m) * Ring::kModulus) >> kWordBits<Ring>);
}

/// A constant factor in Montgomery's form, and the same times 1/q modulo the word.
template <typename Ring>
struct Factor {
  typename Ring::Word value;
  typename Ring::Word twisted;
};
template <typename Ring>
constexpr Factor<Ring> factor_of(std::int64_t plain) noexcept {
  const auto value = static_cast<typename Ring::Word>(
      centred(centred(plain, Ring::kModulus) * kRadix<Ring>, Ring::kModulus));
  const auto twisted = static_cast<typename Ring::Word>(static_cast<typename Ring::Unsigned>(
      static_cast<std::uint64_t>(static_cast<std::int64_t>(value)) *
      static_cast<std::uint64_t>(static_cast<std::int64_t>(kInverseModulus<Ring>))));
  return {value, twisted};
}

/// zetas[k] = root^BitRev(k), and their negatives for the way back.
/// @source FIPS 204, algorithms 41 to 43; FIPS 203, algorithms 9 and 10
template <typename Ring>
struct Zetas {
  std::array<Factor<Ring>, 256> forward{};
  std::array<Factor<Ring>, 256> inverse{};

  constexpr Zetas() noexcept {
    std::array<std::int64_t, 256> powers{};
    powers[0] = 1;
    for (unsigned i = 1; i < 256; ++i) powers[i] = powers[i - 1] * Ring::kRoot % Ring::kModulus;
    for (unsigned k = 0; k < (1u << Ring::kLevels); ++k) {
      unsigned reversed = 0;
      for (unsigned bit = 0; bit < Ring::kLevels; ++bit)
        reversed |= ((k >> bit) & 1) << (Ring::kLevels - 1 - bit);
      forward[k] = factor_of<Ring>(powers[reversed]);
      inverse[k] = factor_of<Ring>(-powers[reversed]);
    }
  }
  /// The factor of butterfly group `group` among those of inputs `distance` apart.
  static constexpr int forward_index(int distance, int group) noexcept {
    return 128 / distance + group;
  }
  static constexpr int inverse_index(int distance, int group) noexcept {
    return 256 / distance - 1 - group;
  }
};
template <typename Ring>
inline constexpr Zetas<Ring> kZetas{};

/// The last factor of the inverse transform: R / number of the transform's points, so that its
/// result is times R.
template <typename Ring>
inline constexpr Factor<Ring> kInverseScale =
    factor_of<Ring>(kRadix<Ring> * power((Ring::kModulus + 1) / 2, Ring::kLevels, Ring::kModulus));

}  // namespace wusong::pq::internal

// SPDX-License-Identifier: Apache-2.0
// A prime field in Montgomery form. Sums, differences and products are written with
// masks; inverses, powers and what reads numbers from outside are variable time.
#pragma once

#include <optional>

#include "wusong/math/limbs.hpp"

namespace wusong::math {

/// An integer modulo the prime P::kModulus, held as a * 2^(64 N) mod p, always fully reduced.
///
/// @shape  P has `static constexpr Limbs<N> kModulus`, an odd prime below 2^(64 N) / 3.5: the spare
///         bits let a sum of two products be reduced once. Where P names kHoldsSecrets, sums,
///         differences and products take the same steps for all numbers.
/// @cost   no allocation
/// @source Montgomery, "Modular multiplication without trial division", 1985; the word-by-word
///         interleaving is CIOS of Koc, Acar, Kaliski 1996
template <typename P>
class PrimeField {
 public:
  static constexpr std::size_t kLimbs = P::kModulus.size();
  static constexpr std::size_t kBytes = 8 * kLimbs;
  using Raw = Limbs<kLimbs>;
  static constexpr Raw kModulus = P::kModulus;
  static_assert((kModulus[0] & 1) == 1 && kModulus[kLimbs - 1] < 0x4924924924924924);

  constexpr PrimeField() noexcept = default;
  static constexpr PrimeField one() noexcept { return PrimeField{kOne}; }
  static constexpr PrimeField from_u64(std::uint64_t value) noexcept {
    return from_raw(Raw{value});
  }
  /// `value` is below the modulus.
  static constexpr PrimeField from_raw(const Raw& value) noexcept {
    return PrimeField{value} * PrimeField{kRSquared};
  }
  static consteval PrimeField from_hex(std::string_view text) {
    return from_raw(limbs_from_hex<kLimbs>(text));
  }
  /// Big-endian, kBytes long; nothing for a value that is not below the modulus.
  static std::optional<PrimeField> from_be_bytes(const std::uint8_t* in) noexcept {
    const Raw value = load_be_limbs<kLimbs>(in);
    if (!less(value, kModulus)) return std::nullopt;
    return from_raw(value);
  }

  /// The integer in [0, p).
  constexpr Raw to_raw() const noexcept { return (*this * PrimeField{Raw{1}}).limbs_; }
  void to_be_bytes(std::uint8_t* out) const noexcept { store_be_limbs<kLimbs>(to_raw(), out); }

  constexpr bool is_zero() const noexcept { return math::is_zero(limbs_); }
  friend constexpr bool operator==(const PrimeField& a, const PrimeField& b) noexcept = default;

  friend constexpr PrimeField operator+(const PrimeField& a, const PrimeField& b) noexcept {
    PrimeField out = a;
    add_in_place(out.limbs_, b.limbs_);
    return reduce_once(out.limbs_);
  }
  friend constexpr PrimeField operator-(const PrimeField& a, const PrimeField& b) noexcept {
    PrimeField out = a;
    const Limb mask = mask_of(subtract_in_place(out.limbs_, b.limbs_));
    Raw correction;
    WUSONG_UNROLL
    for (std::size_t i = 0; i < kLimbs; ++i) correction[i] = kModulus[i] & mask;
    add_in_place(out.limbs_, correction);
    return out;
  }
  friend constexpr PrimeField operator-(const PrimeField& a) noexcept {
    if (a.is_zero()) return a;
    PrimeField out{kModulus};
    subtract_in_place(out.limbs_, a.limbs_);
    return out;
  }
  constexpr PrimeField doubled() const noexcept { return *this + *this; }
  constexpr PrimeField halved() const noexcept {
    PrimeField out = *this;
    if ((limbs_[0] & 1) != 0) add_in_place(out.limbs_, kModulus);  // below 2p: no carry out
    for (std::size_t i = 0; i + 1 < kLimbs; ++i)
      out.limbs_[i] = out.limbs_[i] >> 1 | out.limbs_[i + 1] << 63;
    out.limbs_[kLimbs - 1] >>= 1;
    return out;
  }

  friend constexpr PrimeField operator*(const PrimeField& a, const PrimeField& b) noexcept {
    Raw t{};
    WUSONG_UNROLL
    for (std::size_t i = 0; i < kLimbs; ++i) {
      WideLimb product = static_cast<WideLimb>(a.limbs_[0]) * b.limbs_[i] + t[0];
      const Limb m = static_cast<Limb>(product) * kNegativeInverse;
      WideLimb reduced = static_cast<WideLimb>(m) * kModulus[0] + static_cast<Limb>(product);
      WUSONG_UNROLL
      for (std::size_t j = 1; j < kLimbs; ++j) {
        product = static_cast<WideLimb>(a.limbs_[j]) * b.limbs_[i] + t[j] +
                  static_cast<Limb>(product >> 64);
        reduced = static_cast<WideLimb>(m) * kModulus[j] + static_cast<Limb>(product) +
                  static_cast<Limb>(reduced >> 64);
        t[j - 1] = static_cast<Limb>(reduced);
      }
      t[kLimbs - 1] = static_cast<Limb>(product >> 64) + static_cast<Limb>(reduced >> 64);
    }
    return reduce_once(t);
  }
  /// a * b + c * d with one reduction.
  static constexpr PrimeField sum_of_products(const PrimeField& a, const PrimeField& b,
                                              const PrimeField& c, const PrimeField& d) noexcept {
    Raw t{};
    WUSONG_UNROLL
    for (std::size_t i = 0; i < kLimbs; ++i) {
      WideLimb first = static_cast<WideLimb>(a.limbs_[0]) * b.limbs_[i] + t[0];
      WideLimb second = static_cast<WideLimb>(c.limbs_[0]) * d.limbs_[i] + static_cast<Limb>(first);
      const Limb m = static_cast<Limb>(second) * kNegativeInverse;
      WideLimb reduced = static_cast<WideLimb>(m) * kModulus[0] + static_cast<Limb>(second);
      WUSONG_UNROLL
      for (std::size_t j = 1; j < kLimbs; ++j) {
        first = static_cast<WideLimb>(a.limbs_[j]) * b.limbs_[i] + t[j] +
                static_cast<Limb>(first >> 64);
        second = static_cast<WideLimb>(c.limbs_[j]) * d.limbs_[i] + static_cast<Limb>(first) +
                 static_cast<Limb>(second >> 64);
        reduced = static_cast<WideLimb>(m) * kModulus[j] + static_cast<Limb>(second) +
                  static_cast<Limb>(reduced >> 64);
        t[j - 1] = static_cast<Limb>(reduced);
      }
      // Below 3p, so no carry out of the top limb.
      t[kLimbs - 1] = static_cast<Limb>(first >> 64) + static_cast<Limb>(second >> 64) +
                      static_cast<Limb>(reduced >> 64);
    }
    return reduce_once(t);
  }
  constexpr PrimeField squared() const noexcept { return *this * *this; }

  /// Left-to-right with a window of four bits.
  template <std::size_t M>
  constexpr PrimeField pow(const Limbs<M>& exponent) const noexcept {
    std::array<PrimeField, 16> power;
    power[0] = one();
    for (std::size_t i = 1; i < 16; ++i) power[i] = power[i - 1] * *this;
    PrimeField out = one();
    for (std::size_t i = (bit_width(exponent) + 3) / 4; i-- > 0;) {
      out = out.squared().squared().squared().squared();
      const auto digit = (exponent[i / 16] >> (4 * (i % 16))) & 15;
      if (digit != 0) out = out * power[digit];
    }
    return out;
  }

  /// Zero for zero.
  constexpr PrimeField inverse() const noexcept {
    // (aR)^-1 becomes a^-1 R by two multiplications with R^2 in Montgomery form, i.e. one with R^3.
    return PrimeField{inverse_of(limbs_)} * PrimeField{kRCubed};
  }

  /// A square root, or nothing for a non-residue. Only for p = 3 mod 4.
  std::optional<PrimeField> sqrt() const noexcept {
    static_assert((kModulus[0] & 3) == 3);
    const PrimeField root = pow(kSqrtExponent);
    if (root.squared() != *this) return std::nullopt;
    return root;
  }
  /// a^((p-3)/4), from which both a root and a residue test follow. Only for p = 3 mod 4.
  PrimeField pow_p_minus_3_over_4() const noexcept {
    static_assert((kModulus[0] & 3) == 3);
    return pow(kPMinus3Over4);
  }
  bool is_odd() const noexcept { return (to_raw()[0] & 1) != 0; }

 private:
  constexpr explicit PrimeField(const Raw& limbs) noexcept : limbs_{limbs} {}

  /// Of secrets a compiler must not make a branch; for public numbers one may be faster.
  static constexpr Limb mask_of(Limb borrow) noexcept {
    if constexpr (requires { P::kHoldsSecrets; }) return hidden(0 - borrow);
    return 0 - borrow;
  }
  static constexpr PrimeField reduce_once(const Raw& value) noexcept {
    PrimeField out{value};
    const Limb mask = mask_of(subtract_in_place(out.limbs_, kModulus));
    WUSONG_UNROLL
    for (std::size_t i = 0; i < kLimbs; ++i)
      out.limbs_[i] = (value[i] & mask) | (out.limbs_[i] & ~mask);
    return out;
  }

  static constexpr Raw shifted_right(Raw value, unsigned count) noexcept {
    for (std::size_t i = 0; i + 1 < kLimbs; ++i)
      value[i] = value[i] >> count | value[i + 1] << (64 - count);
    value[kLimbs - 1] >>= count;
    return value;
  }
  // 2^count mod p, by doubling.
  static constexpr Raw power_of_two(std::size_t count) noexcept {
    PrimeField out{Raw{1}};
    for (std::size_t i = 0; i < count; ++i) out = out.doubled();
    return out.limbs_;
  }
  static constexpr Limb negative_inverse() noexcept {
    Limb inverse = 1;  // Newton: each step doubles the number of correct bits
    for (int i = 0; i < 6; ++i) inverse *= 2 - kModulus[0] * inverse;
    return 0 - inverse;
  }

  static constexpr Raw inverse_of(const Raw& value) noexcept;

  static constexpr Limb kNegativeInverse = negative_inverse();
  static constexpr Raw kOne = power_of_two(64 * kLimbs);
  static constexpr Raw kRSquared = power_of_two(128 * kLimbs);
  static constexpr Raw kRCubed = power_of_two(192 * kLimbs);
  static constexpr Raw kPMinus3Over4 = shifted_right(kModulus, 2);
  static constexpr Raw kSqrtExponent = [] {
    Raw out = kPMinus3Over4;
    add_in_place(out, Raw{1});
    return out;
  }();

  Raw limbs_{};
};

namespace detail {

/// One round's effect on a pair: (a, b) becomes (f0 a + g0 b, f1 a + g1 b) / 2^31.
struct GcdMatrix {
  std::int64_t f0 = 1, g0 = 0, f1 = 0, g1 = 1;
};

/// 31 steps of the binary GCD on approximations: low 31 bits exact, high 33 bits right.
constexpr GcdMatrix gcd_steps(Limb a, Limb b) noexcept {
  GcdMatrix m;
  for (int i = 0; i < 31; ++i) {
    if ((a & 1) != 0) {
      if (a < b) {
        std::swap(a, b);
        std::swap(m.f0, m.f1);
        std::swap(m.g0, m.g1);
      }
      a -= b;
      m.f0 -= m.f1;
      m.g0 -= m.g1;
    }
    a >>= 1;
    m.f1 *= 2;
    m.g1 *= 2;
  }
  return m;
}

/// |f a + g b| / 2^31, whose division is exact; true when the sum was negative.
template <std::size_t N>
constexpr bool combine(Limbs<N>& out, const Limbs<N>& a, std::int64_t f, const Limbs<N>& b,
                       std::int64_t g) noexcept {
  Limbs<N> sum{};
  SignedWideLimb carry = 0;
  for (std::size_t i = 0; i < N; ++i) {
    carry += static_cast<SignedWideLimb>(a[i]) * f + static_cast<SignedWideLimb>(b[i]) * g;
    sum[i] = static_cast<Limb>(carry);
    carry >>= 64;
  }
  Limb top = static_cast<Limb>(carry);
  const bool negative = carry < 0;
  if (negative) {
    Limb borrow = 1;
    for (std::size_t i = 0; i < N; ++i) {
      sum[i] = ~sum[i] + borrow;
      borrow = borrow != 0 && sum[i] == 0 ? 1 : 0;
    }
    top = ~top + borrow;
  }
  for (std::size_t i = 0; i < N; ++i) out[i] = sum[i] >> 31 | (i + 1 < N ? sum[i + 1] : top) << 33;
  return negative;
}

}  // namespace detail

// Pornin, "Optimized binary GCD for modular inversion", ePrint 2020/972: rounds of 31 steps on
// 64-bit approximations, whose matrix is then applied to the long numbers. Runs until a is zero.
template <typename P>
constexpr typename PrimeField<P>::Raw PrimeField<P>::inverse_of(const Raw& value) noexcept {
  constexpr Limb kLow = (Limb{1} << 31) - 1;
  Raw a = value;
  Raw b = kModulus;
  Raw u{1};
  Raw v{};
  // (u f + v g) / 2^31 mod p for |f| + |g| <= 2^31.
  const auto combine_modular = [](const Raw& x, std::int64_t f, const Raw& y, std::int64_t g) {
    const PrimeField left = f < 0 ? -PrimeField{x} : PrimeField{x};
    const PrimeField right = g < 0 ? -PrimeField{y} : PrimeField{y};
    const auto f_size = static_cast<Limb>(f < 0 ? -f : f);
    const auto g_size = static_cast<Limb>(g < 0 ? -g : g);
    const Limb low = left.limbs_[0] * f_size + right.limbs_[0] * g_size;
    const Limb m = (low * kNegativeInverse) & kLow;
    Raw sum{};
    WideLimb carry = 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      carry += static_cast<WideLimb>(left.limbs_[i]) * f_size +
               static_cast<WideLimb>(right.limbs_[i]) * g_size +
               static_cast<WideLimb>(kModulus[i]) * m;
      sum[i] = static_cast<Limb>(carry);
      carry >>= 64;
    }
    for (std::size_t i = 0; i < kLimbs; ++i)
      sum[i] = sum[i] >> 31 | (i + 1 < kLimbs ? sum[i + 1] : static_cast<Limb>(carry)) << 33;
    return reduce_once(sum).limbs_;
  };
  const auto top_bits = [](const Raw& x, std::size_t from) {
    Limb out = x[from / 64] >> (from % 64);
    if (from % 64 != 0 && from / 64 + 1 < kLimbs) out |= x[from / 64 + 1] << (64 - from % 64);
    return out & ((Limb{1} << 33) - 1);
  };
  while (!math::is_zero(a)) {
    const std::size_t width = std::max(bit_width(a), bit_width(b));
    detail::GcdMatrix m;
    if (width <= 64) {
      m = detail::gcd_steps(a[0], b[0]);
    } else {
      m = detail::gcd_steps((a[0] & kLow) | top_bits(a, width - 33) << 31,
                            (b[0] & kLow) | top_bits(b, width - 33) << 31);
    }
    Raw next_a;
    Raw next_b;
    if (detail::combine(next_a, a, m.f0, b, m.g0)) {
      m.f0 = -m.f0;
      m.g0 = -m.g0;
    }
    if (detail::combine(next_b, a, m.f1, b, m.g1)) {
      m.f1 = -m.f1;
      m.g1 = -m.g1;
    }
    const Raw next_u = combine_modular(u, m.f0, v, m.g0);
    v = combine_modular(u, m.f1, v, m.g1);
    u = next_u;
    a = next_a;
    b = next_b;
  }
  return v;
}

}  // namespace wusong::math

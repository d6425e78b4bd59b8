// SPDX-License-Identifier: Apache-2.0
// Sums of scalar multiples on curves with an endomorphism. Variable time: public inputs only.
#pragma once

#include <algorithm>

#include "wusong/math/curve.hpp"

namespace wusong::math {

/// A point and its scalar, split as sum of part[e] * lambda^e for the endomorphism's eigenvalue.
/// @shape each part is a magnitude below 2^128 and a sign
template <typename F, std::size_t E>
struct MsmTerm {
  struct Part {
    Limbs<2> magnitude{};
    bool negative = false;
  };
  AffinePoint<F> point;
  std::array<Part, E> part;
};

namespace detail {

/// Odd signed digits below 2^(w-1) in absolute value, at most one in w places (width-w NAF).
struct SignedDigits {
  static constexpr unsigned kWindow = 5;
  static constexpr std::size_t kTable = 1u << (kWindow - 2);  // 1, 3, ..., 15
  std::array<std::int8_t, 130> digit{};
  std::size_t size = 0;

  explicit SignedDigits(Limbs<2> k) noexcept {
    Limb top = 0;  // the carry of a negative digit may pass 2^128
    while ((k[0] | k[1] | top) != 0) {
      int d = 0;
      if ((k[0] & 1) != 0) {
        d = static_cast<int>(k[0] & ((1u << kWindow) - 1));
        if (d >= (1 << (kWindow - 1))) d -= 1 << kWindow;
        if (d > 0) {
          k[0] -= static_cast<Limb>(d);
        } else {
          top += add_in_place(k, Limbs<2>{static_cast<Limb>(-d)});
        }
      }
      digit[size++] = static_cast<std::int8_t>(d);
      k[0] = k[0] >> 1 | k[1] << 63;
      k[1] = k[1] >> 1 | top << 63;
      top >>= 1;
    }
  }
};

}  // namespace detail

/// Interleaved width-5 NAFs with shared doublings (Straus): best for few terms.
///
/// @shape `endomorphism(point, e)` applies the e-th power of the endomorphism to an affine point
/// @cost  about 130 doublings, and 22 additions for each part; allocates the tables
template <typename F, std::size_t E, typename Endomorphism>
JacobianPoint<F> msm_straus(std::span<const MsmTerm<F, E>> terms,
                            const Endomorphism& endomorphism) {
  constexpr std::size_t kTable = detail::SignedDigits::kTable;
  std::vector<JacobianPoint<F>> multiples;
  multiples.reserve(terms.size() * kTable);
  for (const auto& term : terms) {
    multiples.emplace_back(term.point);
    const auto twice = multiples.back().doubled();
    for (std::size_t i = 1; i < kTable; ++i) multiples.push_back(multiples.back() + twice);
  }
  std::vector<AffinePoint<F>> table(multiples.size() * E);
  to_affine(std::span<const JacobianPoint<F>>{multiples}, std::span{table}.first(multiples.size()));
  for (std::size_t i = multiples.size(); i < table.size(); ++i)
    table[i] = endomorphism(table[i % multiples.size()], i / multiples.size());

  std::vector<detail::SignedDigits> digits;
  digits.reserve(terms.size() * E);
  std::size_t length = 0;
  for (std::size_t e = 0; e < E; ++e) {
    for (const auto& term : terms) {
      digits.emplace_back(term.part[e].magnitude);
      length = std::max(length, digits.back().size);
    }
  }
  JacobianPoint<F> out;
  for (std::size_t i = length; i-- > 0;) {
    out = out.doubled();
    for (std::size_t j = 0; j < digits.size(); ++j) {
      const int d = digits[j].digit[i];
      if (d == 0) continue;
      const bool negative = (d < 0) != terms[j % terms.size()].part[j / terms.size()].negative;
      const auto& entry = table[j * kTable + static_cast<std::size_t>(d < 0 ? -d : d) / 2];
      out = out + (negative ? -entry : entry);
    }
  }
  return out;
}

/// Signed buckets by window (Pippenger): best for many terms.
/// @cost  one addition for each part and window, two for each bucket; allocates
template <typename F, std::size_t E, typename Endomorphism>
JacobianPoint<F> msm_pippenger(std::span<const MsmTerm<F, E>> terms,
                               const Endomorphism& endomorphism) {
  struct Flat {
    AffinePoint<F> point;
    Limbs<2> magnitude;
  };
  std::vector<Flat> flat;
  flat.reserve(terms.size() * E);
  std::size_t width = 0;
  for (const auto& term : terms) {
    for (std::size_t e = 0; e < E; ++e) {
      const auto& part = term.part[e];
      const auto image = e == 0 ? term.point : endomorphism(term.point, e);
      flat.push_back({part.negative ? -image : image, part.magnitude});
      width = std::max(width, bit_width(part.magnitude));
    }
  }
  std::size_t window = 4;
  const auto cost = [&](std::size_t c) {
    return (width / c + 1) * (flat.size() + (std::size_t{2} << (c - 1)));
  };
  while (window < 14 && cost(window + 1) < cost(window)) ++window;

  // Digits of all windows first: a digit above half the window is negative and carries upwards.
  const std::size_t windows = width / window + 1;
  std::vector<std::int16_t> digits(windows * flat.size());
  for (std::size_t i = 0; i < flat.size(); ++i) {
    int carry = 0;
    for (std::size_t w = 0; w < windows; ++w) {
      const std::size_t from = w * window;
      const auto& k = flat[i].magnitude;
      Limb value = from < 64 ? k[0] >> from : 0;
      if (from >= 64 && from < 128) value = k[1] >> (from - 64);
      if (from < 64 && from != 0) value |= k[1] << (64 - from);
      int d = static_cast<int>(value & ((Limb{1} << window) - 1)) + carry;
      carry = d > (1 << (window - 1)) ? 1 : 0;
      if (carry != 0) d -= 1 << window;
      digits[w * flat.size() + i] = static_cast<std::int16_t>(d);
    }
    WUSONG_ASSERT(carry == 0);
  }

  std::vector<JacobianPoint<F>> buckets(std::size_t{1} << (window - 1));
  JacobianPoint<F> out;
  for (std::size_t w = windows; w-- > 0;) {
    for (std::size_t i = 0; i < window; ++i) out = out.doubled();
    std::ranges::fill(buckets, JacobianPoint<F>{});
    for (std::size_t i = 0; i < flat.size(); ++i) {
      const int d = digits[w * flat.size() + i];
      if (d > 0)
        buckets[static_cast<std::size_t>(d - 1)] =
            buckets[static_cast<std::size_t>(d - 1)] + flat[i].point;
      if (d < 0)
        buckets[static_cast<std::size_t>(-d - 1)] =
            buckets[static_cast<std::size_t>(-d - 1)] + -flat[i].point;
    }
    JacobianPoint<F> running;
    JacobianPoint<F> sum;
    for (std::size_t i = buckets.size(); i-- > 0;) {
      running = running + buckets[i];
      sum = sum + running;
    }
    out = out + sum;
  }
  return out;
}

/// The cheaper of the two for this many terms.
template <typename F, std::size_t E, typename Endomorphism>
JacobianPoint<F> msm(std::span<const MsmTerm<F, E>> terms, const Endomorphism& endomorphism) {
  constexpr std::size_t kPippengerFrom = 200;  // parts; measured in crypto_bench
  return terms.size() * E < kPippengerFrom ? msm_straus(terms, endomorphism)
                                           : msm_pippenger(terms, endomorphism);
}

}  // namespace wusong::math

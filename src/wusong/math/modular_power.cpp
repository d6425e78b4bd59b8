// SPDX-License-Identifier: Apache-2.0
#include "wusong/math/modular_power.hpp"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace wusong::math {
namespace {

using ConstLimbs = std::span<const Limb>;

ConstLimbs trimmed(ConstLimbs value) noexcept {
  while (!value.empty() && value.back() == 0) value = value.first(value.size() - 1);
  return value;
}

#if defined(__x86_64__)
// Four limbs of t += a * b + carry, as two unbroken carry chains; gives the carry limb. Compilers
// do not find this form by themselves, and it takes a third off every long multiplication.
Limb add_multiple_four(Limb* t, const Limb* a, Limb b, Limb carry) noexcept {
  static_assert(sizeof(unsigned long long) == sizeof(Limb));
  unsigned long long low[4];
  unsigned long long high[4];
  WUSONG_UNROLL
  for (std::size_t i = 0; i < 4; ++i) {
    const WideLimb product = static_cast<WideLimb>(a[i]) * b;
    low[i] = static_cast<Limb>(product);
    high[i] = static_cast<Limb>(product >> 64);
  }
  unsigned char c = _addcarry_u64(0, low[0], carry, &low[0]);
  c = _addcarry_u64(c, low[1], high[0], &low[1]);
  c = _addcarry_u64(c, low[2], high[1], &low[2]);
  c = _addcarry_u64(c, low[3], high[2], &low[3]);
  high[3] += c;  // the product's high limb is at most 2^64 - 2
  c = 0;
  WUSONG_UNROLL
  for (std::size_t i = 0; i < 4; ++i) {
    unsigned long long sum;
    c = _addcarry_u64(c, t[i], low[i], &sum);
    t[i] = sum;
  }
  return high[3] + c;
}
#endif

// t += a * b over n limbs; gives the carry limb.
Limb add_multiple(Limb* t, const Limb* a, std::size_t n, Limb b) noexcept {
  Limb carry = 0;
  std::size_t i = 0;
#if defined(__x86_64__)
  for (; i + 4 <= n; i += 4) carry = add_multiple_four(t + i, a + i, b, carry);
#endif
  for (; i < n; ++i) {
    const WideLimb sum = static_cast<WideLimb>(a[i]) * b + t[i] + carry;
    t[i] = static_cast<Limb>(sum);
    carry = static_cast<Limb>(sum >> 64);
  }
  return carry;
}

// t -= a * b over n limbs; gives the borrow limb.
Limb subtract_multiple(Limb* t, const Limb* a, std::size_t n, Limb b) noexcept {
  Limb borrow = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const WideLimb product = static_cast<WideLimb>(a[i]) * b + borrow;
    const auto low = static_cast<Limb>(product);
    borrow = static_cast<Limb>(product >> 64) + (t[i] < low ? 1 : 0);
    t[i] -= low;
  }
  return borrow;
}

Limb add(Limb* t, const Limb* a, std::size_t n) noexcept {
  Limb carry = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const WideLimb sum = static_cast<WideLimb>(t[i]) + a[i] + carry;
    t[i] = static_cast<Limb>(sum);
    carry = static_cast<Limb>(sum >> 64);
  }
  return carry;
}

Limb subtract(Limb* out, const Limb* a, const Limb* b, std::size_t n) noexcept {
  Limb borrow = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const WideLimb difference = static_cast<WideLimb>(a[i]) - b[i] - borrow;
    out[i] = static_cast<Limb>(difference);
    borrow = static_cast<Limb>(difference >> 64) & 1;
  }
  return borrow;
}

// The inverse of an odd limb modulo 2^64, by Newton's iteration.
Limb inverse_limb(Limb odd) noexcept {
  Limb inverse = 1;
  for (int i = 0; i < 6; ++i) inverse *= 2 - odd * inverse;
  return inverse;
}

// Division of two limbs by a normalised one with its reciprocal.
class LimbDivider {
 public:
  struct Digit {
    Limb quotient;
    Limb remainder;
  };
  explicit LimbDivider(Limb divisor) noexcept
      : divisor_{divisor},
        reciprocal_{
            static_cast<Limb>(((static_cast<WideLimb>(~divisor) << 64) | ~Limb{0}) / divisor)} {}

  // `high` is below the divisor.
  Digit divide(Limb high, Limb low) const noexcept {
    const WideLimb estimate =
        static_cast<WideLimb>(reciprocal_) * high + ((static_cast<WideLimb>(high) << 64) | low);
    Limb quotient = static_cast<Limb>(estimate >> 64) + 1;
    Limb remainder = low - quotient * divisor_;
    if (remainder > static_cast<Limb>(estimate)) {
      --quotient;
      remainder += divisor_;
    }
    if (remainder >= divisor_) {
      ++quotient;
      remainder -= divisor_;
    }
    return {quotient, remainder};
  }
  Limb divisor() const noexcept { return divisor_; }

 private:
  Limb divisor_;
  Limb reciprocal_;
};

// One step of algorithm D: subtracts from the n+1 limbs at u the largest multiple of v that fits.
void divide_step(Limb* u, const LongLimbs& v, const LimbDivider& divider) noexcept {
  const std::size_t n = v.size();
  Limb quotient = ~Limb{0};
  if (u[n] < divider.divisor()) {
    auto [digit, remainder] = divider.divide(u[n], u[n - 1]);
    quotient = digit;
    while (n > 1 && static_cast<WideLimb>(quotient) * v[n - 2] >
                        ((static_cast<WideLimb>(remainder) << 64) | u[n - 2])) {
      --quotient;
      remainder += divider.divisor();
      if (remainder < divider.divisor()) break;
    }
  }
  const Limb borrow = subtract_multiple(u, v.data(), n, quotient);
  const bool too_much = u[n] < borrow;
  u[n] -= borrow;
  // The quotient was one too large at most, or two when u[n] equalled the divisor.
  while (too_much && u[n] != 0) u[n] += add(u, v.data(), n);
}

// Multiplication modulo an odd number in Montgomery form.
class MontgomeryRing {
 public:
  explicit MontgomeryRing(ConstLimbs odd_modulus)
      : modulus_(odd_modulus.begin(), odd_modulus.end()),
        negative_inverse_{0 - inverse_limb(odd_modulus[0])},
        scratch_(2 * odd_modulus.size() + 1) {}

  std::size_t size() const noexcept { return modulus_.size(); }

  void multiply(Limb* out, const Limb* a, const Limb* b) noexcept {
    switch (size()) {
      case 1:
        return multiply_fixed<1>(out, a, b);
      case 2:
        return multiply_fixed<2>(out, a, b);
      case 3:
        return multiply_fixed<3>(out, a, b);
      case 4:
        return multiply_fixed<4>(out, a, b);
      case 6:
        return multiply_fixed<6>(out, a, b);
      case 8:
        return multiply_fixed<8>(out, a, b);
      default:
        break;
    }
    std::ranges::fill(scratch_, 0);
    for (std::size_t i = 0; i < size(); ++i)
      scratch_[i + size()] = add_multiple(scratch_.data() + i, a, size(), b[i]);
    reduce(out);
  }

  void square(Limb* out, const Limb* a) noexcept {
    const std::size_t n = size();
    if (n <= 8 && n != 5 && n != 7) return multiply(out, a, a);
    std::ranges::fill(scratch_, 0);
    for (std::size_t i = 0; i + 1 < n; ++i)
      scratch_[i + n] = add_multiple(scratch_.data() + 2 * i + 1, a + i + 1, n - 1 - i, a[i]);
    Limb carry = 0;
    Limb shifted_out = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const WideLimb diagonal = static_cast<WideLimb>(a[i]) * a[i];
      for (std::size_t k = 0; k < 2; ++k) {
        Limb& t = scratch_[2 * i + k];
        const WideLimb sum = static_cast<WideLimb>(t << 1 | shifted_out) +
                             static_cast<Limb>(diagonal >> (64 * k)) + carry;
        shifted_out = t >> 63;
        t = static_cast<Limb>(sum);
        carry = static_cast<Limb>(sum >> 64);
      }
    }
    reduce(out);
  }

  // a * 2^(64 n) mod the modulus.
  LongLimbs enter(ConstLimbs a) const {
    LongLimbs out(size() + a.size());
    std::ranges::copy(a, out.begin() + static_cast<std::ptrdiff_t>(size()));
    long_reduce(out, modulus_);
    return out;
  }
  void leave(Limb* value) noexcept {
    std::ranges::fill(scratch_, 0);
    std::copy_n(value, size(), scratch_.begin());
    reduce(value);
  }

 private:
  // Takes the 2n limbs in scratch_ to below the modulus.
  void reduce(Limb* out) noexcept {
    const std::size_t n = size();
    Limb carry = 0;
    for (std::size_t i = 0; i < n; ++i) {
      Limb* t = scratch_.data() + i;
      const Limb high = add_multiple(t, modulus_.data(), n, t[0] * negative_inverse_);
      const WideLimb sum = static_cast<WideLimb>(t[n]) + high + carry;
      t[n] = static_cast<Limb>(sum);
      carry = static_cast<Limb>(sum >> 64);
    }
    finish(out, scratch_.data() + n, carry, n);
  }
  void finish(Limb* out, const Limb* value, Limb top, std::size_t n) const noexcept {
    const Limb borrow = subtract(out, value, modulus_.data(), n);
    if (top < borrow) std::copy_n(value, n, out);
  }

  template <std::size_t N>
  void multiply_fixed(Limb* out, const Limb* a, const Limb* b) const noexcept {
    const Limb* p = modulus_.data();
    Limbs<N> t{};
    Limb top = 0;
    for (std::size_t i = 0; i < N; ++i) {
      WideLimb product = static_cast<WideLimb>(a[0]) * b[i] + t[0];
      const Limb m = static_cast<Limb>(product) * negative_inverse_;
      WideLimb reduced = static_cast<WideLimb>(m) * p[0] + static_cast<Limb>(product);
      WUSONG_UNROLL
      for (std::size_t j = 1; j < N; ++j) {
        product = static_cast<WideLimb>(a[j]) * b[i] + t[j] + static_cast<Limb>(product >> 64);
        reduced = static_cast<WideLimb>(m) * p[j] + static_cast<Limb>(product) +
                  static_cast<Limb>(reduced >> 64);
        t[j - 1] = static_cast<Limb>(reduced);
      }
      const WideLimb sum = (product >> 64) + (reduced >> 64) + top;
      t[N - 1] = static_cast<Limb>(sum);
      top = static_cast<Limb>(sum >> 64);
    }
    finish(out, t.data(), top, N);
  }

  LongLimbs modulus_;
  Limb negative_inverse_;
  LongLimbs scratch_;
};

// Multiplication modulo 2^(64 n).
class BinaryRing {
 public:
  explicit BinaryRing(std::size_t size) : scratch_(size) {}
  std::size_t size() const noexcept { return scratch_.size(); }
  void multiply(Limb* out, const Limb* a, const Limb* b) noexcept {
    std::ranges::fill(scratch_, 0);
    for (std::size_t i = 0; i < size(); ++i) add_multiple(scratch_.data() + i, a, size() - i, b[i]);
    std::ranges::copy(scratch_, out);
  }
  void square(Limb* out, const Limb* a) noexcept { multiply(out, a, a); }

 private:
  LongLimbs scratch_;
};

// A big-endian exponent, its bits counted from the least significant.
class ExponentBits {
 public:
  explicit ExponentBits(BytesView bytes) noexcept : bytes_{bytes} {
    while (!bytes_.empty() && bytes_.front() == 0) bytes_ = bytes_.subspan(1);
    if (!bytes_.empty())
      size_ = 8 * (bytes_.size() - 1) + static_cast<std::size_t>(std::bit_width(bytes_.front()));
  }
  std::size_t size() const noexcept { return size_; }
  bool operator[](std::size_t i) const noexcept {
    return ((bytes_[bytes_.size() - 1 - i / 8] >> (i % 8)) & 1) != 0;
  }

 private:
  BytesView bytes_;
  std::size_t size_ = 0;
};

// value = value^exponent by sliding windows; the exponent is not zero.
template <typename Ring>
void raise(Ring& ring, LongLimbs& value, const ExponentBits& exponent) {
  const std::size_t n = ring.size();
  const std::size_t bits = exponent.size();
  const std::size_t window = bits <= 24    ? 1
                             : bits <= 80  ? 3
                             : bits <= 240 ? 4
                             : bits <= 672 ? 5
                                           : 6;
  // The odd powers: entry i is value^(2i+1).
  LongLimbs table(n << (window - 1));
  std::ranges::copy(value, table.begin());
  if (window > 1) {
    LongLimbs square(n);
    ring.square(square.data(), value.data());
    for (std::size_t at = n; at < table.size(); at += n)
      ring.multiply(table.data() + at, table.data() + at - n, square.data());
  }
  bool started = false;
  for (std::size_t i = bits; i > 0;) {
    if (!exponent[i - 1]) {
      ring.square(value.data(), value.data());
      --i;
      continue;
    }
    // The longest run of at most `window` bits that ends in a one.
    std::size_t low = i > window ? i - window : 0;
    while (!exponent[low]) ++low;
    std::size_t digit = 0;
    for (std::size_t j = i; j > low; --j) digit = digit << 1 | (exponent[j - 1] ? 1u : 0u);
    const Limb* power = table.data() + (digit >> 1) * n;
    if (started) {
      for (std::size_t j = i; j > low; --j) ring.square(value.data(), value.data());
      ring.multiply(value.data(), value.data(), power);
    } else {
      std::copy_n(power, n, value.data());
      started = true;
    }
    i = low;
  }
}

// The inverse of an odd number modulo 2^(64 n), by Newton's iteration.
LongLimbs inverse_binary(ConstLimbs odd, std::size_t n) {
  LongLimbs inverse(n);
  inverse[0] = inverse_limb(odd[0]);
  LongLimbs factor(n);
  for (std::size_t precision = 1; precision < n; precision *= 2) {
    const std::size_t size = std::min(2 * precision, n);
    BinaryRing ring{size};
    LongLimbs padded(size);
    std::copy_n(odd.begin(), std::min(size, odd.size()), padded.begin());
    ring.multiply(factor.data(), padded.data(), inverse.data());
    // 2 - x = ~x + 3
    Limb carry = 3;
    for (std::size_t i = 0; i < size; ++i) {
      const WideLimb sum = static_cast<WideLimb>(~factor[i]) + carry;
      factor[i] = static_cast<Limb>(sum);
      carry = static_cast<Limb>(sum >> 64);
    }
    ring.multiply(inverse.data(), inverse.data(), factor.data());
  }
  return inverse;
}

LongLimbs power_odd(ConstLimbs base, const ExponentBits& exponent, ConstLimbs modulus) {
  MontgomeryRing ring{modulus};
  LongLimbs value = ring.enter(base);
  raise(ring, value, exponent);
  ring.leave(value.data());
  return value;
}

void keep_low_bits(LongLimbs& value, std::size_t bits) noexcept {
  if (bits % 64 != 0) value[bits / 64] &= (Limb{1} << (bits % 64)) - 1;
}

// Modulo 2^bits.
LongLimbs power_binary(ConstLimbs base, const ExponentBits& exponent, std::size_t bits) {
  BinaryRing ring{(bits + 63) / 64};
  LongLimbs value(ring.size());
  std::copy_n(base.begin(), std::min(base.size(), value.size()), value.begin());
  raise(ring, value, exponent);
  keep_low_bits(value, bits);
  return value;
}

LongLimbs shifted_right(ConstLimbs value, std::size_t bits) {
  const std::size_t words = bits / 64;
  LongLimbs out(value.begin() + static_cast<std::ptrdiff_t>(words), value.end());
  if (bits % 64 != 0) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] >>= bits % 64;
      if (i + 1 < out.size()) out[i] |= value[words + i + 1] << (64 - bits % 64);
    }
  }
  out.resize(trimmed(out).size());
  return out;
}

}  // namespace

LongLimbs long_from_be(BytesView bytes) {
  LongLimbs out((bytes.size() + 7) / 8);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    out[i / 8] |= static_cast<Limb>(bytes[bytes.size() - 1 - i]) << (8 * (i % 8));
  out.resize(trimmed(out).size());
  return out;
}

void long_to_be(const LongLimbs& value, std::span<std::uint8_t> out) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Limb limb = i / 8 < value.size() ? value[i / 8] : 0;
    out[out.size() - 1 - i] = static_cast<std::uint8_t>(limb >> (8 * (i % 8)));
  }
}

void long_reduce(LongLimbs& numerator, std::span<const Limb> denominator) {
  const std::size_t size = denominator.size();
  const ConstLimbs divisor = trimmed(denominator);
  WUSONG_ASSERT(!divisor.empty());
  const std::size_t n = divisor.size();
  numerator.resize(trimmed(numerator).size());
  if (numerator.size() >= n) {
    // Both shifted so that the divisor's top bit is set; the remainder is shifted back.
    const int shift = std::countl_zero(divisor[n - 1]);
    const auto shift_left = [shift](ConstLimbs in, LongLimbs& out) {
      for (std::size_t i = in.size(); i-- > 0;) {
        out[i] = in[i] << shift;
        if (shift != 0 && i > 0) out[i] |= in[i - 1] >> (64 - shift);
      }
    };
    LongLimbs v(n);
    shift_left(divisor, v);
    const Limb top = shift == 0 ? 0 : numerator.back() >> (64 - shift);
    shift_left(numerator, numerator);
    numerator.push_back(top);
    const LimbDivider divider{v[n - 1]};
    for (std::size_t j = numerator.size() - n; j-- > 0;)
      divide_step(numerator.data() + j, v, divider);
    numerator.resize(n);
    if (shift != 0) {
      for (std::size_t i = 0; i < n; ++i) {
        numerator[i] >>= shift;
        if (i + 1 < n) numerator[i] |= numerator[i + 1] << (64 - shift);
      }
    }
  }
  numerator.resize(size);
}

LongLimbs modular_power(std::span<const Limb> base, BytesView exponent,
                        std::span<const Limb> modulus) {
  modulus = trimmed(modulus);
  base = trimmed(base);
  WUSONG_ASSERT(!modulus.empty());
  if (modulus.size() == 1 && modulus[0] == 1) return LongLimbs(1);
  const ExponentBits bits{exponent};
  if (bits.size() == 0) {
    LongLimbs out(modulus.size());
    out[0] = 1;
    return out;
  }
  std::size_t twos = 0;
  while (modulus[twos / 64] == 0) twos += 64;
  twos += static_cast<std::size_t>(std::countr_zero(modulus[twos / 64]));
  if (twos == 0) return power_odd(base, bits, modulus);

  // The modulus is odd * 2^twos: the Chinese remainder theorem joins the two halves.
  LongLimbs low = power_binary(base, bits, twos);
  const LongLimbs odd = shifted_right(modulus, twos);
  if (odd.size() == 1 && odd[0] == 1) {
    low.resize(modulus.size());
    return low;
  }
  const LongLimbs high = power_odd(base, bits, odd);
  // x = high + odd * ((low - high) / odd mod 2^twos)
  BinaryRing ring{low.size()};
  LongLimbs quotient(low.size());
  std::copy_n(high.begin(), std::min(high.size(), quotient.size()), quotient.begin());
  subtract(quotient.data(), low.data(), quotient.data(), low.size());
  ring.multiply(quotient.data(), quotient.data(), inverse_binary(odd, low.size()).data());
  keep_low_bits(quotient, twos);
  LongLimbs out(odd.size() + quotient.size() + 1);
  std::ranges::copy(high, out.begin());
  for (std::size_t i = 0; i < quotient.size(); ++i) {
    Limb carry = add_multiple(out.data() + i, odd.data(), odd.size(), quotient[i]);
    for (std::size_t j = i + odd.size(); carry != 0; ++j) {
      out[j] += carry;
      carry = out[j] < carry ? 1 : 0;
    }
  }
  out.resize(modulus.size());
  return out;
}

}  // namespace wusong::math

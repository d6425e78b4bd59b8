// SPDX-License-Identifier: Apache-2.0
// Numbers and points on their way between bytes and a curve's arithmetic.
#pragma once

#include <sodium.h>

#include <optional>
#include <vector>

#include "wusong/base/error.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_parameters.hpp"
#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::crypto::internal {

/// Numbers that are overwritten when they go.
template <typename T>
class Wiped {
 public:
  explicit Wiped(std::size_t count) : items_(count) {}
  ~Wiped() { sodium_memzero(items_.data(), items_.size() * sizeof(T)); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  operator std::span<T>() noexcept { return items_; }
  operator std::span<const T>() const noexcept { return items_; }
  T& operator[](std::size_t i) noexcept { return items_[i]; }

 private:
  std::vector<T> items_;
};

/// @shape 32 bytes, big-endian
inline Number load_number(BytesView bytes) noexcept {
  return math::load_be_limbs<4>(bytes.data());
}
/// In [1, limit), by the same steps for every number.
inline bool in_range(const Number& a, const Number& limit) noexcept {
  Number less = a;
  const math::Limb is_below = math::subtract_in_place(less, limit);
  sodium_memzero(&less, sizeof(less));
  return (is_below & static_cast<math::Limb>(!math::is_zero(a))) != 0;
}

/// x || y with both below the prime; whether it is on the curve is for the kernels to say.
/// @shape 64 bytes
template <typename C>
std::optional<PlainPoint> load_point(BytesView bytes) noexcept {
  const PlainPoint out{load_number(bytes.first(32)), load_number(bytes.last(32))};
  constexpr Number kPrime = C::Field::kModulus;
  if (!math::less(out.x, kPrime) || !math::less(out.y, kPrime)) return {};
  return out;
}
inline std::array<std::uint8_t, 64> store_point(const PlainPoint& point) noexcept {
  std::array<std::uint8_t, 64> out;
  math::store_be_limbs(point.x, out.data());
  math::store_be_limbs(point.y, out.data() + 32);
  return out;
}

/// The point of a secret in [1, n-1]. @errors err::miscalculation
template <typename C>
Result<PlainPoint> public_point(const CurveKernels& kernels, const Number& secret) noexcept {
  PlainPoint out;
  if (kernels.multiply_base({&secret, 1}, {&out, 1})) return out;
  // There is one scalar whose fixed digits meet an exception; its negative does not.
  Number opposite = C::Order::kModulus;
  math::subtract_in_place(opposite, secret);
  const bool is_right = kernels.multiply_base({&opposite, 1}, {&out, 1});
  sodium_memzero(&opposite, sizeof(opposite));
  if (!is_right) return fail(err::miscalculation);
  Number y = C::Field::kModulus;
  math::subtract_in_place(y, out.y);
  out.y = y;
  return out;
}

/// A point that only two know.
struct SecretPoint : PlainPoint {
  ~SecretPoint() { sodium_memzero(this, sizeof(*this)); }
};
/// k P, and Q added where there is one, in constant time.
/// @errors err::bad_public_key (no point of the curve), err::no_agreement (there is no affine
///         point), err::miscalculation
inline Result<SecretPoint> secret_multiple(const CurveKernels& kernels, const Number& k,
                                           const PlainPoint& p,
                                           const PlainPoint* q = nullptr) noexcept {
  SecretPoint out;
  switch (kernels.multiply(k, p, q, out)) {
    case Product::done:
      return out;
    case Product::bad_point:
      return fail(err::bad_public_key);
    case Product::neutral:
      return fail(err::no_agreement);
    case Product::wrong:
      break;
  }
  return fail(err::miscalculation);
}

/// A scalar for one use, and its point.
struct Ephemeral {
  Number secret;
  std::array<std::uint8_t, 64> point;
  ~Ephemeral() { sodium_memzero(&secret, sizeof(secret)); }
};
/// @errors err::miscalculation
template <typename C>
Result<Ephemeral> draw_ephemeral(const CurveKernels& kernels, io::Entropy& entropy) noexcept {
  Ephemeral out;
  do {
    std::array<std::uint8_t, 32> bytes;
    entropy.fill(bytes);
    out.secret = load_number(bytes);
    sodium_memzero(bytes.data(), bytes.size());
  } while (!in_range(out.secret, C::Order::kModulus));
  WUSONG_TRY(const PlainPoint point, public_point<C>(kernels, out.secret));
  out.point = store_point(point);
  return out;
}

}  // namespace wusong::crypto::internal

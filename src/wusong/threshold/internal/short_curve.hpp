// SPDX-License-Identifier: Apache-2.0
// What short Weierstrass curves of a prime order of 256 bits share: scalars by our own
// constant-time arithmetic, and encodings.
#pragma once

#include "wusong/crypto/p256.hpp"
#include "wusong/threshold/group.hpp"
#include "wusong/threshold/internal/modular.hpp"

namespace wusong::threshold::internal {

/// Points x || y, the identity zeros; scalars and coordinates big-endian.
class ShortCurve : public Group {
 public:
  std::size_t point_size() const noexcept final { return 64; }

  Scalar scalar(std::uint64_t number) const noexcept final;
  Scalar add(const Scalar& a, const Scalar& b) const noexcept final;
  Scalar subtract(const Scalar& a, const Scalar& b) const noexcept final;
  Scalar multiply(const Scalar& a, const Scalar& b) const noexcept final;
  Scalar invert(const Scalar& a) const noexcept final;
  Scalar reduce(std::span<const std::uint8_t, 64> wide) const noexcept final;
  [[nodiscard]] Result<Scalar> decode_scalar(BytesView bytes) const noexcept final;
  Point identity() const noexcept final { return {}; }
  using Group::add;
  using Group::subtract;
  /// SHA-512, but for a curve that overrides it.
  std::array<std::uint8_t, 64> hash(BytesView data) const noexcept override;

  /// 32 bytes, reduced.
  Scalar reduced(BytesView word) const noexcept;
  /// A point whose logarithm nobody knows: hashed to the curve.
  const Point& second_generator() const noexcept { return second_generator_; }
  /// value G + blinding H
  Point pedersen(const Scalar& value, const Scalar& blinding) const noexcept {
    return add(base_times(value), times(second_generator_, blinding));
  }

 protected:
  explicit ShortCurve(const Modulus& order) noexcept : order_{order} {}
  /// By the curve's own constructor, when name() is there.
  void find_second_generator(crypto::Curve curve, Hash (*hash)(BytesView)) noexcept;
  const Modulus& order() const noexcept { return order_; }

 private:
  Modulus order_;
  Point second_generator_;
};

const ShortCurve& sm2_curve() noexcept;
const ShortCurve& p256_curve() noexcept;
const ShortCurve& secp256k1_curve() noexcept;

}  // namespace wusong::threshold::internal

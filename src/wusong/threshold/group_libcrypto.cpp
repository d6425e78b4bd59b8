// SPDX-License-Identifier: Apache-2.0
// SM2's curve and NIST P-256: points by libcrypto.
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <sodium.h>

#include <memory>

#include "wusong/base/release.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/threshold/errors.hpp"
#include "wusong/threshold/internal/short_curve.hpp"

namespace wusong::threshold {
namespace {

using internal::Modulus;
using internal::Words;

constexpr Modulus kSm2Order{
    Words{0x53bbf40939d54123, 0x7203df6b21c6052b, 0xffffffffffffffff, 0xfffffffeffffffff}};
constexpr Modulus kP256Order{
    Words{0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000}};

using BnPtr = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;
using BnCtxPtr = std::unique_ptr<BN_CTX, Release<BN_CTX_free>>;
using EcGroupPtr = std::unique_ptr<EC_GROUP, Release<EC_GROUP_free>>;
using EcPointPtr = std::unique_ptr<EC_POINT, Release<EC_POINT_clear_free>>;

BnPtr number(BytesView big_endian) noexcept {
  BnPtr out{BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr)};
  WUSONG_ASSERT(out != nullptr);
  BN_set_flags(out.get(), BN_FLG_CONSTTIME);
  return out;
}

class LibcryptoCurve : public internal::ShortCurve {
 public:
  LibcryptoCurve(int number_of_curve, const Modulus& order) noexcept
      : ShortCurve{order}, curve_{EC_GROUP_new_by_curve_name(number_of_curve)} {
    WUSONG_ASSERT(curve_ != nullptr);
    const Scalar last = subtract(scalar(0), scalar(1));
    const BnPtr ours = number(last.view());
    WUSONG_ASSERT(BN_add_word(ours.get(), 1) == 1 &&
                  BN_cmp(EC_GROUP_get0_order(curve_.get()), ours.get()) == 0);
  }

  Point base_times(const Scalar& k) const noexcept final {
    const BnPtr factor = number(k.view());
    const Scratch scratch{curve_.get()};
    // With one scalar libcrypto multiplies by a ladder in constant time.
    WUSONG_ASSERT(EC_POINT_mul(curve_.get(), scratch.point.get(), factor.get(), nullptr, nullptr,
                               scratch.context.get()) == 1);
    return encode(scratch);
  }
  using ShortCurve::add;
  Point times(const Point& p, const Scalar& k) const noexcept final {
    if (p == identity()) return identity();
    const BnPtr factor = number(k.view());
    const Scratch scratch{curve_.get()};
    WUSONG_ASSERT(set(p, scratch) &&
                  EC_POINT_mul(curve_.get(), scratch.point.get(), nullptr, scratch.point.get(),
                               factor.get(), scratch.context.get()) == 1);
    return encode(scratch);
  }
  Point add(const Point& p, const Point& q) const noexcept final {
    if (p == identity()) return q;
    if (q == identity()) return p;
    const Scratch left{curve_.get()};
    const Scratch right{curve_.get()};
    WUSONG_ASSERT(set(p, left) && set(q, right) &&
                  EC_POINT_add(curve_.get(), left.point.get(), left.point.get(), right.point.get(),
                               left.context.get()) == 1);
    return encode(left);
  }
  Result<Point> decode_point(BytesView bytes) const noexcept final {
    if (bytes.size() != point_size()) return fail(err::bad_point);
    Point out;
    std::memcpy(out.bytes.data(), bytes.data(), bytes.size());
    const BIGNUM* const prime = EC_GROUP_get0_field(curve_.get());
    const BnPtr x = number(bytes.first(32));
    const BnPtr y = number(bytes.last(32));
    if (BN_cmp(x.get(), prime) >= 0 || BN_cmp(y.get(), prime) >= 0) return fail(err::bad_point);
    if (!set(out, Scratch{curve_.get()})) return fail(err::bad_point);
    return out;
  }

 private:
  struct Scratch {
    explicit Scratch(const EC_GROUP* curve) noexcept
        : point{EC_POINT_new(curve)}, context{BN_CTX_new()} {
      WUSONG_ASSERT(point != nullptr && context != nullptr);
    }
    EcPointPtr point;
    BnCtxPtr context;
  };

  /// False where x || y is not on the curve.
  bool set(const Point& p, const Scratch& scratch) const noexcept {
    const BnPtr x = number(BytesView{p.bytes}.first(32));
    const BnPtr y = number(BytesView{p.bytes}.last(32));
    return EC_POINT_set_affine_coordinates(curve_.get(), scratch.point.get(), x.get(), y.get(),
                                           scratch.context.get()) == 1;
  }
  Point encode(const Scratch& scratch) const noexcept {
    if (EC_POINT_is_at_infinity(curve_.get(), scratch.point.get()) == 1) return identity();
    const BnPtr x{BN_new()};
    const BnPtr y{BN_new()};
    WUSONG_ASSERT(x != nullptr && y != nullptr);
    WUSONG_ASSERT(EC_POINT_get_affine_coordinates(curve_.get(), scratch.point.get(), x.get(),
                                                  y.get(), scratch.context.get()) == 1);
    Point out;
    WUSONG_ASSERT(BN_bn2binpad(x.get(), out.bytes.data(), 32) == 32 &&
                  BN_bn2binpad(y.get(), out.bytes.data() + 32, 32) == 32);
    return out;
  }

  EcGroupPtr curve_;
};

class Sm2Curve final : public LibcryptoCurve {
 public:
  Sm2Curve() noexcept : LibcryptoCurve{NID_sm2, kSm2Order} {
    find_second_generator(crypto::Curve::sm2, [](BytesView data) { return hash::sm3(data); });
  }
  std::string_view name() const noexcept override { return "sm2"; }
  std::array<std::uint8_t, 64> hash(BytesView data) const noexcept override {
    std::array<std::uint8_t, 64> out;
    Bytes numbered(1 + data.size());
    std::ranges::copy(data, numbered.begin() + 1);
    for (std::uint8_t half = 0; half < 2; ++half) {
      numbered[0] = half;
      std::ranges::copy(hash::sm3(numbered).bytes, out.begin() + 32 * half);
    }
    sodium_memzero(numbered.data(), numbered.size());
    return out;
  }
};

class P256Curve final : public LibcryptoCurve {
 public:
  P256Curve() noexcept : LibcryptoCurve{NID_X9_62_prime256v1, kP256Order} {
    find_second_generator(crypto::Curve::p256, [](BytesView data) { return hash::sha256(data); });
  }
  std::string_view name() const noexcept override { return "p256"; }
};

}  // namespace

const internal::ShortCurve& internal::sm2_curve() noexcept {
  static const Sm2Curve kShared;
  return kShared;
}
const internal::ShortCurve& internal::p256_curve() noexcept {
  static const P256Curve kShared;
  return kShared;
}

}  // namespace wusong::threshold

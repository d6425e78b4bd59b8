// SPDX-License-Identifier: Apache-2.0
// For tests: the curves' arithmetic by libcrypto, and every provider in turn.
#pragma once

#include <gtest/gtest.h>
#include <openssl/obj_mac.h>

#include <optional>
#include <random>

#include "wusong/crypto/internal/curve_provider.hpp"
#include "wusong/crypto/internal/openssl.hpp"

namespace wusong::crypto::internal {

template <typename Check>
void for_each_curve_provider(Check check) {
  for (const CurveProvider* const each : curve_providers()) {
    if (!each->is_supported()) continue;
    SCOPED_TRACE(each->name);
    force_curve_provider(each);
    check(*each);
    force_curve_provider(nullptr);
  }
}

inline BnPtr peer_bn(const Number& number) {
  std::array<std::uint8_t, 32> bytes;
  math::store_be_limbs(number, bytes.data());
  return make_bn(BytesView{bytes});
}
inline Number number_of(const BIGNUM* from) {
  std::array<std::uint8_t, 32> bytes;
  store_bn(from, bytes.data());
  return math::load_be_limbs<4>(bytes.data());
}
inline Number random_number(std::mt19937_64& random, const Number& below) {
  for (;;) {
    const Number out{random(), random(), random(), random()};
    if (math::less(out, below)) return out;
  }
}
/// below - by
inline Number less_than(const Number& below, std::uint64_t by) {
  Number out = below;
  math::subtract_in_place(out, Number{by});
  return out;
}

/// And as it runs outside of tests, where few go to other libraries.
template <typename Check>
void for_each_way_to_verify(Check check) {
  for_each_curve_provider([&](const CurveProvider&) { check(); });
  SCOPED_TRACE("as chosen");
  check();
}

class PeerCurve {
 public:
  explicit PeerCurve(int curve) : group_{make_group(curve)} {}

  const EC_GROUP* group() const { return group_.get(); }
  Number order() const { return number_of(EC_GROUP_get0_order(group_.get())); }

  /// u1 G + u2 Q, or nothing for O. @shape the key is on the curve
  std::optional<PlainPoint> sum(const Number& u1, const Number& u2, const PlainPoint& key) const {
    const EcPointPtr q = make_point(group_.get());
    const BnPtr x = peer_bn(key.x);
    const BnPtr y = peer_bn(key.y);
    EXPECT_EQ(EC_POINT_set_affine_coordinates(group_.get(), q.get(), x.get(), y.get(), nullptr), 1);
    const EcPointPtr out = make_point(group_.get());
    EXPECT_EQ(EC_POINT_mul(group_.get(), out.get(), peer_bn(u1).get(), q.get(), peer_bn(u2).get(),
                           nullptr),
              1);
    return affine(out.get());
  }
  std::optional<PlainPoint> multiple(const Number& k) const {
    const EcPointPtr out = make_point(group_.get());
    EXPECT_EQ(EC_POINT_mul(group_.get(), out.get(), peer_bn(k).get(), nullptr, nullptr, nullptr),
              1);
    return affine(out.get());
  }
  Number modulo_order(const Number& a) const {
    const BnPtr out = peer_bn(a);
    const BnCtxPtr scratch = make_bn_ctx();
    EXPECT_EQ(BN_nnmod(out.get(), out.get(), EC_GROUP_get0_order(group_.get()), scratch.get()), 1);
    return number_of(out.get());
  }

 private:
  std::optional<PlainPoint> affine(const EC_POINT* point) const {
    if (EC_POINT_is_at_infinity(group_.get(), point) == 1) return {};
    const BnPtr x = make_bn();
    const BnPtr y = make_bn();
    EXPECT_EQ(EC_POINT_get_affine_coordinates(group_.get(), point, x.get(), y.get(), nullptr), 1);
    return PlainPoint{number_of(x.get()), number_of(y.get())};
  }
  EcGroupPtr group_;
};

}  // namespace wusong::crypto::internal

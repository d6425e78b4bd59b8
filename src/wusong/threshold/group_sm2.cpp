// SPDX-License-Identifier: Apache-2.0
// SM2's curve: points by libcrypto, scalars by our own constant-time arithmetic.
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <sodium.h>

#include <memory>

#include "wusong/crypto/hash.hpp"
#include "wusong/threshold/errors.hpp"
#include "wusong/threshold/group.hpp"
#include "wusong/threshold/internal/modular.hpp"

namespace wusong::threshold {
namespace {

using internal::Words;

constexpr internal::Modulus kOrder{
    Words{0x53bbf40939d54123, 0x7203df6b21c6052b, 0xffffffffffffffff, 0xfffffffeffffffff}};

Words load(const std::uint8_t* big_endian) noexcept {
  Words out{};
  for (int i = 0; i < 32; ++i) {
    std::uint64_t& word = out[3 - i / 8];
    word = word << 8 | big_endian[i];
  }
  return out;
}
Scalar store(Words value) noexcept {
  Scalar out;
  for (int i = 0; i < 32; ++i)
    out.bytes[i] = static_cast<std::uint8_t>(value[3 - i / 8] >> (56 - 8 * (i % 8)));
  sodium_memzero(value.data(), sizeof(value));
  return out;
}

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const noexcept {
    release(object);
  }
};
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

class Sm2Group final : public Group {
 public:
  Sm2Group() noexcept : curve_{EC_GROUP_new_by_curve_name(NID_sm2)} {
    WUSONG_ASSERT(curve_ != nullptr);
    const Words order = load(store(kOrder.value()).bytes.data());
    WUSONG_ASSERT(order == kOrder.value());
    const BnPtr ours = number(store(kOrder.value()).view());
    WUSONG_ASSERT(BN_cmp(EC_GROUP_get0_order(curve_.get()), ours.get()) == 0);
  }
  std::string_view name() const noexcept override { return "sm2"; }
  std::size_t point_size() const noexcept override { return 64; }

  Scalar scalar(std::uint64_t value) const noexcept override { return store({value, 0, 0, 0}); }
  Scalar add(const Scalar& a, const Scalar& b) const noexcept override {
    return store(kOrder.add(load(a.bytes.data()), load(b.bytes.data())));
  }
  Scalar subtract(const Scalar& a, const Scalar& b) const noexcept override {
    return store(kOrder.subtract(load(a.bytes.data()), load(b.bytes.data())));
  }
  Scalar multiply(const Scalar& a, const Scalar& b) const noexcept override {
    return store(kOrder.multiply(load(a.bytes.data()), load(b.bytes.data())));
  }
  Scalar invert(const Scalar& a) const noexcept override {
    return store(kOrder.invert(load(a.bytes.data())));
  }
  Scalar reduce(std::span<const std::uint8_t, 64> wide) const noexcept override {
    return store(kOrder.reduce(load(wide.data()), load(wide.data() + 32)));
  }
  Result<Scalar> decode_scalar(BytesView bytes) const noexcept override {
    if (bytes.size() != kScalarSize) return fail(err::bad_scalar);
    const Words value = load(bytes.data());
    if (kOrder.contains(value) == 0) return fail(err::bad_scalar);
    return store(value);
  }

  Point identity() const noexcept override { return {}; }
  Point base_times(const Scalar& k) const noexcept override {
    const BnPtr factor = number(k.view());
    const Scratch scratch{curve_.get()};
    // With one scalar libcrypto multiplies by a ladder in constant time.
    WUSONG_ASSERT(EC_POINT_mul(curve_.get(), scratch.point.get(), factor.get(), nullptr, nullptr,
                               scratch.context.get()) == 1);
    return encode(scratch);
  }
  Point times(const Point& p, const Scalar& k) const noexcept override {
    if (p == identity()) return identity();
    const BnPtr factor = number(k.view());
    const Scratch scratch{curve_.get()};
    WUSONG_ASSERT(set(p, scratch) &&
                  EC_POINT_mul(curve_.get(), scratch.point.get(), nullptr, scratch.point.get(),
                               factor.get(), scratch.context.get()) == 1);
    return encode(scratch);
  }
  Point add(const Point& p, const Point& q) const noexcept override {
    if (p == identity()) return q;
    if (q == identity()) return p;
    const Scratch left{curve_.get()};
    const Scratch right{curve_.get()};
    WUSONG_ASSERT(set(p, left) && set(q, right) &&
                  EC_POINT_add(curve_.get(), left.point.get(), left.point.get(), right.point.get(),
                               left.context.get()) == 1);
    return encode(left);
  }
  Result<Point> decode_point(BytesView bytes) const noexcept override {
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
  std::array<std::uint8_t, 64> hash(BytesView data) const noexcept override {
    std::array<std::uint8_t, 64> out;
    Bytes numbered(1 + data.size());
    std::ranges::copy(data, numbered.begin() + 1);
    for (std::uint8_t half = 0; half < 2; ++half) {
      numbered[0] = half;
      std::ranges::copy(crypto::sm3(numbered).bytes, out.begin() + 32 * half);
    }
    sodium_memzero(numbered.data(), numbered.size());
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

}  // namespace

const Group& sm2_group() noexcept {
  static const Sm2Group kShared;
  return kShared;
}

}  // namespace wusong::threshold

// SPDX-License-Identifier: Apache-2.0
// edwards25519 by libsodium.
#include <sodium.h>

#include "wusong/crypto/ed25519.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/threshold/errors.hpp"
#include "wusong/threshold/group.hpp"

namespace wusong::threshold {
namespace {

class Ed25519Group final : public Group {
 public:
  std::string_view name() const noexcept override { return "ed25519"; }
  std::size_t point_size() const noexcept override { return crypto_core_ed25519_BYTES; }

  Scalar scalar(std::uint64_t number) const noexcept override {
    Scalar out;
    for (std::size_t i = 0; i < 8; ++i) out.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return out;
  }
  Scalar add(const Scalar& a, const Scalar& b) const noexcept override {
    Scalar out;
    crypto_core_ed25519_scalar_add(out.bytes.data(), a.bytes.data(), b.bytes.data());
    return out;
  }
  Scalar subtract(const Scalar& a, const Scalar& b) const noexcept override {
    Scalar out;
    crypto_core_ed25519_scalar_sub(out.bytes.data(), a.bytes.data(), b.bytes.data());
    return out;
  }
  Scalar multiply(const Scalar& a, const Scalar& b) const noexcept override {
    Scalar out;
    crypto_core_ed25519_scalar_mul(out.bytes.data(), a.bytes.data(), b.bytes.data());
    return out;
  }
  Scalar invert(const Scalar& a) const noexcept override {
    Scalar out;
    // Its answer says whether the number was zero; the inverse is zero then.
    static_cast<void>(crypto_core_ed25519_scalar_invert(out.bytes.data(), a.bytes.data()));
    return out;
  }
  Scalar reduce(std::span<const std::uint8_t, 64> wide) const noexcept override {
    Scalar out;
    crypto_core_ed25519_scalar_reduce(out.bytes.data(), wide.data());
    return out;
  }
  Result<Scalar> decode_scalar(BytesView bytes) const noexcept override {
    if (bytes.size() != kScalarSize) return fail(err::bad_scalar);
    std::array<std::uint8_t, 64> wide{};
    std::memcpy(wide.data(), bytes.data(), kScalarSize);
    Scalar out = reduce(wide);
    const bool canonical = sodium_memcmp(out.bytes.data(), wide.data(), kScalarSize) == 0;
    sodium_memzero(wide.data(), wide.size());
    if (!canonical) return fail(err::bad_scalar);
    return out;
  }

  Point identity() const noexcept override {
    Point out;
    out.bytes[0] = 1;
    return out;
  }
  // libsodium refuses what gives the identity; this interface does not.
  Point base_times(const Scalar& k) const noexcept override {
    if (k.is_zero()) return identity();
    Point out;
    WUSONG_ASSERT(crypto_scalarmult_ed25519_base_noclamp(out.bytes.data(), k.bytes.data()) == 0);
    return out;
  }
  Point times(const Point& p, const Scalar& k) const noexcept override {
    if (k.is_zero() || p == identity()) return identity();
    Point out;
    WUSONG_ASSERT(
        crypto_scalarmult_ed25519_noclamp(out.bytes.data(), k.bytes.data(), p.bytes.data()) == 0);
    return out;
  }
  Point add(const Point& p, const Point& q) const noexcept override {
    Point out;
    WUSONG_ASSERT(crypto_core_ed25519_add(out.bytes.data(), p.bytes.data(), q.bytes.data()) == 0);
    return out;
  }
  Result<Point> decode_point(BytesView bytes) const noexcept override {
    // Canonical, on the curve, of the prime order's subgroup, not the identity.
    if (bytes.size() != point_size() || !crypto::ed25519_is_key(bytes)) return fail(err::bad_point);
    Point out;
    std::memcpy(out.bytes.data(), bytes.data(), bytes.size());
    return out;
  }
  std::array<std::uint8_t, 64> hash(BytesView data) const noexcept override {
    return hash::sha512(data);
  }
};

}  // namespace

const Group& ed25519_group() noexcept {
  static const Ed25519Group kShared;
  return kShared;
}

}  // namespace wusong::threshold

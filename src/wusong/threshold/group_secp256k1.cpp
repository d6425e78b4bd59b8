// SPDX-License-Identifier: Apache-2.0
// secp256k1: points by libsecp256k1.
#include <secp256k1.h>
#include <secp256k1_ecdh.h>

#include "wusong/hash/hash.hpp"
#include "wusong/threshold/errors.hpp"
#include "wusong/threshold/internal/short_curve.hpp"

namespace wusong::threshold {
namespace {

constexpr internal::Modulus kOrder{internal::Words{0xbfd25e8cd0364141, 0xbaaedce6af48a03b,
                                                   0xfffffffffffffffe, 0xffffffffffffffff}};
constexpr std::uint8_t kUncompressed = 4;
constexpr std::size_t kUncompressedSize = 65;

/// Never written to after creation, so every thread may use it.
const secp256k1_context* context() noexcept {
  static const secp256k1_context* const kShared =
      secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
  return kShared;
}

/// The library multiplies any point in constant time for Diffie and Hellman's sake alone, and then
/// hashes: by this.
int both_coordinates(unsigned char* out, const unsigned char* x, const unsigned char* y, void*) {
  std::copy_n(x, 32, out);
  std::copy_n(y, 32, out + 32);
  return 1;
}

class Secp256k1Curve final : public internal::ShortCurve {
 public:
  Secp256k1Curve() noexcept : ShortCurve{kOrder} {
    find_second_generator(crypto::Curve::secp256k1,
                          [](BytesView data) { return hash::sha256(data); });
  }
  std::string_view name() const noexcept override { return "secp256k1"; }

  Point base_times(const Scalar& k) const noexcept override {
    if (k.is_zero()) return identity();
    secp256k1_pubkey out;
    WUSONG_ASSERT(secp256k1_ec_pubkey_create(context(), &out, k.bytes.data()) == 1);
    return encode(out);
  }
  Point times(const Point& p, const Scalar& k) const noexcept override {
    if (p == identity() || k.is_zero()) return identity();
    secp256k1_pubkey point;
    Point out;
    WUSONG_ASSERT(parse(p.bytes, point) &&
                  secp256k1_ecdh(context(), out.bytes.data(), &point, k.bytes.data(),
                                 both_coordinates, nullptr) == 1);
    return out;
  }
  using ShortCurve::add;
  Point add(const Point& p, const Point& q) const noexcept override {
    if (p == identity()) return q;
    if (q == identity()) return p;
    secp256k1_pubkey left;
    secp256k1_pubkey right;
    WUSONG_ASSERT(parse(p.bytes, left) && parse(q.bytes, right));
    const secp256k1_pubkey* const both[] = {&left, &right};
    secp256k1_pubkey sum;
    // Refused where they cancel each other.
    if (secp256k1_ec_pubkey_combine(context(), &sum, both, 2) != 1) return identity();
    return encode(sum);
  }
  Result<Point> decode_point(BytesView bytes) const noexcept override {
    secp256k1_pubkey point;
    if (bytes.size() != point_size() || !parse(bytes, point)) return fail(err::bad_point);
    Point out;
    std::ranges::copy(bytes, out.bytes.begin());
    return out;
  }

 private:
  /// False where x || y is not on the curve.
  static bool parse(BytesView bytes, secp256k1_pubkey& out) noexcept {
    std::array<std::uint8_t, kUncompressedSize> prefixed{kUncompressed};
    std::ranges::copy(bytes, prefixed.begin() + 1);
    return secp256k1_ec_pubkey_parse(context(), &out, prefixed.data(), prefixed.size()) == 1;
  }
  static Point encode(const secp256k1_pubkey& point) noexcept {
    std::array<std::uint8_t, kUncompressedSize> prefixed;
    std::size_t size = prefixed.size();
    secp256k1_ec_pubkey_serialize(context(), prefixed.data(), &size, &point,
                                  SECP256K1_EC_UNCOMPRESSED);
    Point out;
    std::copy(prefixed.begin() + 1, prefixed.end(), out.bytes.begin());
    return out;
  }
};

}  // namespace

const internal::ShortCurve& internal::secp256k1_curve() noexcept {
  static const Secp256k1Curve kShared;
  return kShared;
}

}  // namespace wusong::threshold

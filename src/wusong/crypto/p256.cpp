// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/p256.hpp"

#include <openssl/obj_mac.h>
#include <sodium.h>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_signing.hpp"
#include "wusong/crypto/internal/openssl.hpp"
#include "wusong/crypto/internal/rfc6979.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/math/prime_field.hpp"

namespace wusong::crypto {
namespace {

using namespace internal;

const EC_GROUP* group_of(Curve curve) noexcept {
  static const EcGroupPtr kSecp256k1 = make_group(NID_secp256k1);
  static const EcGroupPtr kP256 = make_group(NID_X9_62_prime256v1);
  static const EcGroupPtr kSm2 = make_group(NID_sm2);
  switch (curve) {
    case Curve::secp256k1:
      return kSecp256k1.get();
    case Curve::p256:
      return kP256.get();
    case Curve::sm2:
      break;
  }
  return kSm2.get();
}

constexpr Number kOrder = P256Curve::Order::kModulus;

/// With a limb to spare, as the field's inverses ask.
struct WideOrder {
  static constexpr math::Limbs<5> kModulus{kOrder[0], kOrder[1], kOrder[2], kOrder[3], 0};
};
using Fn = math::PrimeField<WideOrder>;
/// @shape below the order
Fn element(const Number& from) noexcept {
  return Fn::from_raw({from[0], from[1], from[2], from[3], 0});
}
Number number(const Fn& from) noexcept {
  const auto raw = from.to_raw();
  return {raw[0], raw[1], raw[2], raw[3]};
}
Number below_order(Number any) noexcept {
  if (!math::less(any, kOrder)) math::subtract_in_place(any, kOrder);
  return any;
}

/// Verifies by libcrypto's points, the fastest for one alone. What a call needs is kept.
class PointsOfLibcrypto {
 public:
  Holds check(const EcdsaNumbers& numbers, const PlainPoint& key) noexcept {
    const EC_GROUP* const group = group_of(Curve::p256);
    set(x_, key.x);
    set(y_, key.y);
    const QuietErrors quiet;
    if (EC_POINT_set_affine_coordinates(group, key_.get(), x_.get(), y_.get(), scratch_.get()) != 1)
      return Holds::bad_key;
    const Fn inverse = element(numbers.s).inverse();
    set(u1_, number(element(below_order(numbers.digest)) * inverse));
    set(u2_, number(element(numbers.r) * inverse));
    WUSONG_ASSERT(
        EC_POINT_mul(group, sum_.get(), u1_.get(), key_.get(), u2_.get(), scratch_.get()) == 1);
    if (EC_POINT_is_at_infinity(group, sum_.get()) == 1) return Holds::no;
    WUSONG_ASSERT(
        EC_POINT_get_affine_coordinates(group, sum_.get(), x_.get(), nullptr, scratch_.get()) == 1);
    std::array<std::uint8_t, 32> bytes;
    store_bn(x_.get(), bytes.data());
    return below_order(load_number(bytes)) == numbers.r ? Holds::yes : Holds::no;
  }

 private:
  static void set(const BnPtr& to, const Number& from) noexcept {
    std::array<std::uint8_t, 32> bytes;
    math::store_be_limbs(from, bytes.data());
    WUSONG_ASSERT(BN_bin2bn(bytes.data(), bytes.size(), to.get()) != nullptr);
  }
  BnCtxPtr scratch_ = make_bn_ctx();
  EcPointPtr key_ = make_point(group_of(Curve::p256));
  EcPointPtr sum_ = make_point(group_of(Curve::p256));
  BnPtr x_ = make_bn();
  BnPtr y_ = make_bn();
  BnPtr u1_ = make_bn();
  BnPtr u2_ = make_bn();
};

/// Whether each holds for its key.
void check_all(std::span<const EcdsaNumbers> numbers, std::span<const PlainPoint> keys,
               std::span<Holds> out) noexcept {
  if (numbers.size() < fewest_for_p256()) {
    thread_local PointsOfLibcrypto libcrypto;
    for (std::size_t i = 0; i < numbers.size(); ++i) out[i] = libcrypto.check(numbers[i], keys[i]);
    return;
  }
  std::vector<PointEquation> equations(numbers.size());
  curve_provider().p256_divide(numbers, equations);
  for (std::size_t i = 0; i < keys.size(); ++i) equations[i].key = keys[i];
  curve_provider().p256.check(equations, out);
}

}  // namespace

P256Secret::P256Secret(P256Secret&& other) noexcept
    : secret_{other.secret_}, opposite_{other.opposite_}, public_key_{other.public_key_} {}

P256Secret::~P256Secret() {
  sodium_memzero(&secret_, sizeof(secret_));
  sodium_memzero(&opposite_, sizeof(opposite_));
}

Result<P256Secret> P256Secret::from(BytesView secret_key) noexcept {
  if (secret_key.size() != 32) return fail(err::bad_secret_key);
  P256Secret out;
  out.secret_ = load_number(secret_key);
  if (!in_range(out.secret_, kOrder)) return fail(err::bad_secret_key);
  out.opposite_ = kOrder;
  math::subtract_in_place(out.opposite_, out.secret_);
  WUSONG_TRY(const PlainPoint key, public_point<P256Curve>(curve_provider().p256, out.secret_));
  out.public_key_ = store_point(key);
  return out;
}

/// What signs with a secret's numbers.
struct P256Signing {
  using Request = P256SignRequest;
  static constexpr Number kOrder = ::wusong::crypto::kOrder;
  static const CurveKernels& kernels() noexcept { return curve_provider().p256; }

  void draw(std::span<const Request* const> requests, std::uint8_t round,
            std::span<Number> out) const noexcept {
    Wiped<Rfc6979::Seed> seeds{requests.size()};
    for (std::size_t i = 0; i < requests.size(); ++i) {
      math::store_be_limbs(requests[i]->secret->secret_, seeds[i].secret.data());
      math::store_be_limbs(below_order(load_number(requests[i]->digest.view())),
                           seeds[i].digest.data());
    }
    Rfc6979 nonces{seeds, hedge};
    const auto candidates = nonces.candidates(round);
    for (std::size_t i = 0; i < requests.size(); ++i) out[i] = load_number(candidates[i].view());
  }
  SigningEquation equation(const Request& request, const Number& nonce,
                           const Number& x) const noexcept {
    return {nonce, load_number(request.digest.view()), x, request.secret->secret_,
            request.secret->opposite_};
  }

  const Hash& hedge;
};

Result<void> p256_sign(std::span<const P256SignRequest> requests, std::span<PointBytes> out,
                       const Hash& hedge) noexcept {
  return sign_all(P256Signing{hedge}, requests, out);
}

void p256_verify(std::span<const P256VerifyRequest> requests,
                 std::span<Result<void>> out) noexcept {
  WUSONG_ASSERT(requests.size() == out.size());
  std::vector<EcdsaNumbers> numbers;
  std::vector<PlainPoint> keys;
  std::vector<bool> well_formed;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const P256VerifyRequest& each = requests[i];
    if (each.public_key.size() != 64 || each.signature.size() != 64) {
      out[i] = fail(err::bad_length);
      continue;
    }
    const auto key = load_point<P256Curve>(each.public_key);
    if (!key) {
      out[i] = fail(err::bad_public_key);
      continue;
    }
    const Number r = load_number(each.signature.first(32));
    const Number s = load_number(each.signature.last(32));
    // Where it is not, the equation only asks whether the key is one.
    const bool is_well_formed = in_range(r, kOrder) && in_range(s, kOrder);
    numbers.push_back(is_well_formed ? EcdsaNumbers{r, s, load_number(each.digest.view())}
                                     : EcdsaNumbers{Number{1}, Number{1}, Number{1}});
    keys.push_back(*key);
    well_formed.push_back(is_well_formed);
    places.push_back(i);
  }
  std::vector<Holds> holds(numbers.size());
  check_all(numbers, keys, holds);
  for (std::size_t i = 0; i < holds.size(); ++i) {
    Result<void>& verdict = out[places[i]];
    verdict = {};
    if (holds[i] == Holds::bad_key)
      verdict = fail(err::bad_public_key);
    else if (holds[i] == Holds::no || !well_formed[i])
      verdict = fail(err::bad_signature);
  }
}

SecretBytes p256_generate(io::Entropy& entropy) noexcept {
  for (;;) {
    Bytes bytes(32);
    entropy.fill(bytes);
    SecretBytes out{std::move(bytes)};
    Number number = load_number(out.view());
    const bool is_secret = in_range(number, kOrder);
    sodium_memzero(&number, sizeof(number));
    if (is_secret) return out;
  }
}

Result<PointBytes> p256_public_key(BytesView secret_key) noexcept {
  WUSONG_TRY(const P256Secret secret, P256Secret::from(secret_key));
  return secret.public_key();
}

Result<PointBytes> p256_sign(const Hash& digest, BytesView secret_key) noexcept {
  WUSONG_TRY(const P256Secret secret, P256Secret::from(secret_key));
  const P256SignRequest request{&secret, digest};
  PointBytes out;
  WUSONG_CHECK(p256_sign({&request, 1}, {&out, 1}));
  return out;
}

Result<void> p256_verify(const Hash& digest, BytesView public_key, BytesView signature) noexcept {
  const P256VerifyRequest request{public_key, digest, signature};
  Result<void> out;
  p256_verify({&request, 1}, {&out, 1});
  return out;
}

bool p256_verify(const Hash& digest, const U256& r, const U256& s, const U256& x,
                 const U256& y) noexcept {
  std::array<std::uint8_t, 64> key;
  store_be(x, key.data());
  store_be(y, key.data() + 32);
  PointBytes signature;
  store_be(r, signature.data());
  store_be(s, signature.data() + 32);
  return p256_verify(digest, key, signature).has_value();
}

std::array<std::uint8_t, 33> compress_point(BytesView point) noexcept {
  WUSONG_ASSERT(point.size() == 64);
  std::array<std::uint8_t, 33> out{};
  out[0] = static_cast<std::uint8_t>(2 + (point[63] & 1));
  std::ranges::copy(point.first(32), out.begin() + 1);
  return out;
}

Result<PointBytes> decompress_point(Curve curve, BytesView compressed) noexcept {
  if (compressed.size() != 33) return fail(err::bad_length);
  if (compressed[0] != 2 && compressed[0] != 3) return fail(err::bad_public_key);
  const EC_GROUP* const group = group_of(curve);
  const BnCtxPtr scratch = make_bn_ctx();
  const BnPtr x = make_bn(compressed.subspan(1));
  if (BN_cmp(x.get(), EC_GROUP_get0_field(group)) >= 0) return fail(err::bad_public_key);
  const EcPointPtr point = make_point(group);
  const QuietErrors quiet;
  if (EC_POINT_set_compressed_coordinates(group, point.get(), x.get(), compressed[0] & 1,
                                          scratch.get()) != 1) {
    return fail(err::bad_public_key);
  }
  const BnPtr y = make_bn();
  WUSONG_ASSERT(
      EC_POINT_get_affine_coordinates(group, point.get(), x.get(), y.get(), scratch.get()) == 1);
  PointBytes out{};
  store_bn(x.get(), out.data());
  store_bn(y.get(), out.data() + 32);
  return out;
}

bool point_on_curve(Curve curve, BytesView point) noexcept {
  if (point.size() != 64) return false;
  const auto found = decompress_point(curve, compress_point(point));
  return found && std::ranges::equal(*found, point);
}

}  // namespace wusong::crypto

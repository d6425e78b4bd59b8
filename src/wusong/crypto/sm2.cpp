// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/internal/sm2.hpp"

#include <openssl/obj_mac.h>
#include <sodium.h>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/hash.hpp"
#include "wusong/crypto/internal/rfc6979.hpp"

namespace wusong::crypto::internal {
namespace {

constexpr std::string_view kUserId = "1234567812345678";

struct Curve {
  EcGroupPtr group = make_group(NID_sm2);
  const BIGNUM* order = EC_GROUP_get0_order(group.get());
  /// The part of Z before the key: length of the id in bits, id, a, b, generator.
  std::array<std::uint8_t, 2 + 16 + 4 * 32> identity{};

  Curve() noexcept {
    const BnPtr a = make_bn();
    const BnPtr b = make_bn();
    const BnPtr p = make_bn();
    const BnPtr x = make_bn();
    const BnPtr y = make_bn();
    const bool known =
        EC_GROUP_get_curve(group.get(), p.get(), a.get(), b.get(), nullptr) == 1 &&
        EC_POINT_get_affine_coordinates(group.get(), EC_GROUP_get0_generator(group.get()), x.get(),
                                        y.get(), nullptr) == 1;
    WUSONG_ASSERT(known);
    identity[1] = static_cast<std::uint8_t>(kUserId.size() * 8);
    std::memcpy(identity.data() + 2, kUserId.data(), kUserId.size());
    std::uint8_t* out = identity.data() + 2 + kUserId.size();
    for (const BIGNUM* field : {a.get(), b.get(), x.get(), y.get()}) {
      store_bn(field, out);
      out += 32;
    }
  }
};

const Curve& curve() noexcept {
  static const Curve kShared;
  return kShared;
}

/// HMAC-SM3 with a 32-byte key. @source RFC 2104
Hash hmac(const Hash& key, BytesView message) noexcept {
  constexpr std::size_t kBlock = 64;
  Bytes inner(kBlock, 0x36);
  Bytes outer(kBlock, 0x5c);
  for (std::size_t i = 0; i < Hash::kSize; ++i) {
    inner[i] ^= key.bytes[i];
    outer[i] ^= key.bytes[i];
  }
  inner.reserve(kBlock + message.size());
  outer.reserve(kBlock + Hash::kSize);
  append(inner, message);
  append(outer, sm3(inner));
  const Hash out = sm3(outer);
  sodium_memzero(inner.data(), inner.size());
  sodium_memzero(outer.data(), outer.size());
  return out;
}

/// @errors err::bad_public_key
Result<EcPointPtr> parse_point(BytesView public_key, BN_CTX* scratch) noexcept {
  const EC_GROUP* const group = curve().group.get();
  const BnPtr x = make_bn(public_key.first(32));
  const BnPtr y = make_bn(public_key.last(32));
  const BIGNUM* const prime = EC_GROUP_get0_field(group);
  if (BN_cmp(x.get(), prime) >= 0 || BN_cmp(y.get(), prime) >= 0) return fail(err::bad_public_key);
  EcPointPtr point = make_point(group);
  if (EC_POINT_set_affine_coordinates(group, point.get(), x.get(), y.get(), scratch) != 1)
    return fail(err::bad_public_key);
  return point;
}

}  // namespace

Hash sm2_digest(BytesView public_key, BytesView message) noexcept {
  std::array<std::uint8_t, sizeof(Curve::identity) + 64> identity;
  std::memcpy(identity.data(), curve().identity.data(), sizeof(Curve::identity));
  std::memcpy(identity.data() + sizeof(Curve::identity), public_key.data(), 64);
  Bytes bound = to_bytes(sm3(identity));
  append(bound, message);
  return sm3(bound);
}

Result<void> sm2_verify(BytesView public_key, const Hash& digest, BytesView signature) noexcept {
  WUSONG_ASSERT(public_key.size() == 64 && signature.size() == 64);
  const EC_GROUP* const group = curve().group.get();
  const BIGNUM* const order = curve().order;
  const BnCtxPtr scratch = make_bn_ctx();
  WUSONG_TRY(const EcPointPtr key, parse_point(public_key, scratch.get()));
  const BnPtr r = make_bn(signature.first(32));
  const BnPtr s = make_bn(signature.last(32));
  if (!in_range(r.get(), order) || !in_range(s.get(), order)) return fail(err::bad_signature);
  const BnPtr t = make_bn();
  WUSONG_ASSERT(BN_mod_add(t.get(), r.get(), s.get(), order, scratch.get()) == 1);
  if (BN_is_zero(t.get())) return fail(err::bad_signature);

  // (x1, y1) = s G + t P, and e + x1 must be r modulo n.
  const EcPointPtr point = make_point(group);
  WUSONG_ASSERT(EC_POINT_mul(group, point.get(), s.get(), key.get(), t.get(), scratch.get()) == 1);
  if (EC_POINT_is_at_infinity(group, point.get()) == 1) return fail(err::bad_signature);
  const BnPtr x = make_bn();
  const BnPtr e = make_bn(BytesView{digest});
  WUSONG_ASSERT(
      EC_POINT_get_affine_coordinates(group, point.get(), x.get(), nullptr, scratch.get()) == 1 &&
      BN_mod_add(x.get(), x.get(), e.get(), order, scratch.get()) == 1);
  if (BN_cmp(x.get(), r.get()) != 0) return fail(err::bad_signature);
  return {};
}

Result<Sm2Secret> Sm2Secret::from(BytesView secret_key) noexcept {
  if (secret_key.size() != 32) return fail(err::bad_secret_key);
  const EC_GROUP* const group = curve().group.get();
  const BIGNUM* const order = curve().order;
  const BnCtxPtr scratch = make_bn_ctx();
  Sm2Secret out;
  out.secret_ = make_bn(secret_key);
  BN_set_flags(out.secret_.get(), BN_FLG_CONSTTIME);
  const BnPtr plus_one = make_bn();
  BN_set_flags(plus_one.get(), BN_FLG_CONSTTIME);
  WUSONG_ASSERT(BN_add(plus_one.get(), out.secret_.get(), BN_value_one()) == 1);
  // d = n-1 would make 1+d zero.
  if (!in_range(out.secret_.get(), order) || !in_range(plus_one.get(), order))
    return fail(err::bad_secret_key);
  out.inverse_.reset(BN_mod_inverse(nullptr, plus_one.get(), order, scratch.get()));
  WUSONG_ASSERT(out.inverse_ != nullptr);
  BN_set_flags(out.inverse_.get(), BN_FLG_CONSTTIME);

  const EcPointPtr point = make_point(group);
  const BnPtr x = make_bn();
  const BnPtr y = make_bn();
  WUSONG_ASSERT(
      EC_POINT_mul(group, point.get(), out.secret_.get(), nullptr, nullptr, scratch.get()) == 1 &&
      EC_POINT_get_affine_coordinates(group, point.get(), x.get(), y.get(), scratch.get()) == 1);
  store_bn(x.get(), out.public_key_.data());
  store_bn(y.get(), out.public_key_.data() + 32);
  return out;
}

bool Sm2Secret::sign_with(const BIGNUM* nonce, const Hash& digest,
                          Sm2Signature& out) const noexcept {
  const EC_GROUP* const group = curve().group.get();
  const BIGNUM* const order = curve().order;
  if (!in_range(nonce, order)) return false;
  const BnCtxPtr scratch = make_bn_ctx();
  const EcPointPtr point = make_point(group);
  const BnPtr x = make_bn();
  const BnPtr e = make_bn(BytesView{digest});
  // With one scalar and the generator, libcrypto multiplies by a ladder in constant time.
  WUSONG_ASSERT(
      EC_POINT_mul(group, point.get(), nonce, nullptr, nullptr, scratch.get()) == 1 &&
      EC_POINT_get_affine_coordinates(group, point.get(), x.get(), nullptr, scratch.get()) == 1);
  const BnPtr r = make_bn();
  const BnPtr s = make_bn();
  WUSONG_ASSERT(BN_mod_add(r.get(), e.get(), x.get(), order, scratch.get()) == 1 &&
                BN_mod_add(s.get(), r.get(), nonce, order, scratch.get()) == 1);
  if (BN_is_zero(r.get()) || BN_is_zero(s.get())) return false;
  // s = (k - r d) / (1 + d)
  WUSONG_ASSERT(BN_mod_mul(s.get(), r.get(), secret_.get(), order, scratch.get()) == 1 &&
                BN_mod_sub(s.get(), nonce, s.get(), order, scratch.get()) == 1 &&
                BN_mod_mul(s.get(), s.get(), inverse_.get(), order, scratch.get()) == 1);
  if (BN_is_zero(s.get())) return false;
  store_bn(r.get(), out.data());
  store_bn(s.get(), out.data() + 32);
  return true;
}

Sm2Signature Sm2Secret::sign(const Hash& digest) const noexcept {
  std::array<std::uint8_t, 32> secret;
  store_bn(secret_.get(), secret.data());
  Rfc6979<hmac> nonces{secret, digest};
  sodium_memzero(secret.data(), secret.size());
  Sm2Signature out;
  for (;;) {
    const BnPtr nonce = nonces.next();
    BN_set_flags(nonce.get(), BN_FLG_CONSTTIME);
    if (sign_with(nonce.get(), digest, out)) return out;
  }
}

}  // namespace wusong::crypto::internal

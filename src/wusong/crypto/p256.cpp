// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/p256.hpp"

#include <openssl/obj_mac.h>
#include <sodium.h>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/openssl.hpp"
#include "wusong/crypto/internal/rfc6979.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"

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

/// A secret scalar, or nothing where it lies outside [1, n-1].
BnPtr secret_of(BytesView secret_key) noexcept {
  if (secret_key.size() != 32) return {};
  BnPtr out = make_bn(secret_key);
  BN_set_flags(out.get(), BN_FLG_CONSTTIME);
  if (!in_range(out.get(), EC_GROUP_get0_order(group_of(Curve::p256)))) out.reset();
  return out;
}

Hash hmac(const Hash& key, BytesView message) noexcept {
  Hash out;
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, message.data(), message.size());
  crypto_auth_hmacsha256_final(&state, out.data());
  sodium_memzero(&state, sizeof(state));
  return out;
}

/// scalar * G. With one scalar and the generator, libcrypto works in constant time.
void multiply(const BIGNUM* scalar, BIGNUM* x, BIGNUM* y, BN_CTX* scratch) noexcept {
  const EC_GROUP* const group = group_of(Curve::p256);
  const EcPointPtr point = make_point(group);
  WUSONG_ASSERT(EC_POINT_mul(group, point.get(), scalar, nullptr, nullptr, scratch) == 1 &&
                EC_POINT_get_affine_coordinates(group, point.get(), x, y, scratch) == 1);
}

/// False asks for another nonce.
bool sign_with(const BIGNUM* nonce, const BIGNUM* secret, const BIGNUM* e,
               PointBytes& out) noexcept {
  const BIGNUM* const order = EC_GROUP_get0_order(group_of(Curve::p256));
  if (!in_range(nonce, order)) return false;
  const BnCtxPtr scratch = make_bn_ctx();
  const BnPtr r = make_bn();
  multiply(nonce, r.get(), nullptr, scratch.get());
  WUSONG_ASSERT(BN_nnmod(r.get(), r.get(), order, scratch.get()) == 1);
  if (BN_is_zero(r.get())) return false;
  // s = (e + r d) / k; with BN_FLG_CONSTTIME on k its inverse takes the same time for all.
  const BnPtr inverse{BN_mod_inverse(nullptr, nonce, order, scratch.get())};
  const BnPtr s = make_bn();
  WUSONG_ASSERT(inverse != nullptr &&
                BN_mod_mul(s.get(), r.get(), secret, order, scratch.get()) == 1 &&
                BN_mod_add(s.get(), s.get(), e, order, scratch.get()) == 1 &&
                BN_mod_mul(s.get(), s.get(), inverse.get(), order, scratch.get()) == 1);
  if (BN_is_zero(s.get())) return false;
  store_bn(r.get(), out.data());
  store_bn(s.get(), out.data() + 32);
  return true;
}

}  // namespace

SecretBytes p256_generate(io::Entropy& entropy) noexcept {
  for (;;) {
    Bytes bytes(32);
    entropy.fill(bytes);
    SecretBytes out{std::move(bytes)};
    if (secret_of(out.view()) != nullptr) return out;
  }
}

Result<PointBytes> p256_public_key(BytesView secret_key) noexcept {
  const BnPtr secret = secret_of(secret_key);
  if (secret == nullptr) return fail(err::bad_secret_key);
  const BnCtxPtr scratch = make_bn_ctx();
  const BnPtr x = make_bn();
  const BnPtr y = make_bn();
  multiply(secret.get(), x.get(), y.get(), scratch.get());
  PointBytes out{};
  store_bn(x.get(), out.data());
  store_bn(y.get(), out.data() + 32);
  return out;
}

Result<PointBytes> p256_sign(const Hash& digest, BytesView secret_key) noexcept {
  const BnPtr secret = secret_of(secret_key);
  if (secret == nullptr) return fail(err::bad_secret_key);
  const BnCtxPtr scratch = make_bn_ctx();
  const BIGNUM* const order = EC_GROUP_get0_order(group_of(Curve::p256));
  const BnPtr e = make_bn(BytesView{digest});
  WUSONG_ASSERT(BN_nnmod(e.get(), e.get(), order, scratch.get()) == 1);
  std::array<std::uint8_t, 32> reduced{};  // RFC 6979's bits2octets
  store_bn(e.get(), reduced.data());
  Rfc6979<hmac> nonces{secret_key, reduced};
  PointBytes out{};
  for (;;) {
    const BnPtr nonce = nonces.next();
    if (sign_with(nonce.get(), secret.get(), e.get(), out)) return out;
  }
}

Result<void> p256_verify(const Hash& digest, BytesView public_key, BytesView signature) noexcept {
  if (public_key.size() != 64 || signature.size() != 64) return fail(err::bad_length);
  const auto word = [](BytesView bytes) { return from_be_bytes(bytes); };
  if (!p256_verify(digest, word(signature.first(32)), word(signature.last(32)),
                   word(public_key.first(32)), word(public_key.last(32)))) {
    return fail(err::bad_signature);
  }
  return {};
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

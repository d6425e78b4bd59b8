// SPDX-License-Identifier: Apache-2.0
// secp256k1 through libsecp256k1.
#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <secp256k1_recovery.h>
#include <sodium.h>

#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/secp256k1.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

constexpr std::uint8_t kUncompressed = 4;
constexpr std::size_t kPointSize = 65;
/// The order of secp256k1. @source SEC 2, section 2.4.1
constexpr U256 kOrder{0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe,
                      0xffffffffffffffff};

/// Never written to after creation, so every thread may use it.
const secp256k1_context* context() noexcept {
  static const secp256k1_context* const kShared =
      secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
  return kShared;
}

std::array<std::uint8_t, 64> serialize(const secp256k1_pubkey& key) noexcept {
  std::uint8_t point[kPointSize];
  std::size_t size = kPointSize;
  secp256k1_ec_pubkey_serialize(context(), point, &size, &key, SECP256K1_EC_UNCOMPRESSED);
  std::array<std::uint8_t, 64> out;
  std::memcpy(out.data(), point + 1, out.size());
  return out;
}

Result<secp256k1_pubkey> parse(BytesView public_key) noexcept {
  std::uint8_t point[kPointSize];
  point[0] = kUncompressed;
  std::memcpy(point + 1, public_key.data(), 64);
  secp256k1_pubkey out;
  if (secp256k1_ec_pubkey_parse(context(), &out, point, kPointSize) != 1)
    return fail(err::bad_public_key);
  return out;
}

Result<secp256k1_pubkey> recover(const Hash& digest, const EcdsaSignature& signature) noexcept {
  std::uint8_t compact[64];
  store_be(signature.r, compact);
  store_be(signature.s, compact + 32);
  secp256k1_ecdsa_recoverable_signature parsed;
  secp256k1_pubkey key;
  if (signature.y_parity > 1 || signature.r.is_zero() || signature.s.is_zero() ||
      secp256k1_ecdsa_recoverable_signature_parse_compact(context(), &parsed, compact,
                                                          signature.y_parity) != 1 ||
      secp256k1_ecdsa_recover(context(), &key, &parsed, digest.data()) != 1) {
    return fail(err::bad_signature);
  }
  return key;
}

}  // namespace

namespace internal {

Result<std::array<std::uint8_t, 64>> secp256k1_public_key(BytesView secret_key) noexcept {
  secp256k1_pubkey key;
  if (secret_key.size() != 32 ||
      secp256k1_ec_pubkey_create(context(), &key, secret_key.data()) != 1)
    return fail(err::bad_secret_key);
  return serialize(key);
}

bool secp256k1_secret_key_is_valid(BytesView secret_key) noexcept {
  return secret_key.size() == 32 && secp256k1_ec_seckey_verify(context(), secret_key.data()) == 1;
}

Result<void> secp256k1_verify(BytesView public_key, const Hash& digest,
                              BytesView signature) noexcept {
  WUSONG_ASSERT(public_key.size() == 64 && signature.size() == 64);
  WUSONG_TRY(const secp256k1_pubkey key, parse(public_key));
  secp256k1_ecdsa_signature parsed;
  // The library's verification accepts low s only, so a signature has one encoding.
  if (secp256k1_ecdsa_signature_parse_compact(context(), &parsed, signature.data()) != 1 ||
      secp256k1_ecdsa_verify(context(), &parsed, digest.data(), &key) != 1) {
    return fail(err::bad_signature);
  }
  return {};
}

Result<SecretBytes> secp256k1_agree(BytesView secret_key, BytesView public_key) noexcept {
  WUSONG_ASSERT(secret_key.size() == 32 && public_key.size() == 64);
  WUSONG_TRY(const secp256k1_pubkey key, parse(public_key));
  constexpr auto kAbscissa = [](unsigned char* out, const unsigned char* x, const unsigned char*,
                                void*) noexcept {
    std::memcpy(out, x, 32);
    return 1;
  };
  Bytes shared(32);
  const int done =
      secp256k1_ecdh(context(), shared.data(), &key, secret_key.data(), kAbscissa, nullptr);
  SecretBytes out{std::move(shared)};
  WUSONG_ASSERT(done == 1);  // the secret was checked
  return out;
}

}  // namespace internal

Result<Address> ecdsa_recover(const Hash& digest, const EcdsaSignature& signature) noexcept {
  WUSONG_TRY(const auto key, ecdsa_recover_key(digest, signature));
  return address_of(Scheme::secp256k1, key);
}

Result<std::array<std::uint8_t, 64>> ecdsa_recover_key(const Hash& digest,
                                                       const EcdsaSignature& signature) noexcept {
  WUSONG_TRY(const auto key, recover(digest, signature));
  return serialize(key);
}

Result<EcdsaSignature> ecdsa_sign(const Hash& digest, BytesView secret_key) noexcept {
  secp256k1_ecdsa_recoverable_signature made;
  if (secret_key.size() != 32 ||
      secp256k1_ecdsa_sign_recoverable(context(), &made, digest.data(), secret_key.data(), nullptr,
                                       nullptr) != 1) {
    return fail(err::bad_secret_key);
  }
  std::uint8_t compact[64];
  int parity = 0;
  secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), compact, &parity, &made);
  // Parity 2 and 3 mean that R's x was reduced modulo n: nobody can find a message where it
  // happens.
  WUSONG_ASSERT(parity <= 1);
  return EcdsaSignature{load_be(compact), load_be(compact + 32), static_cast<std::uint8_t>(parity)};
}

Result<void> ecdsa_verify(const Hash& digest, BytesView public_key, BytesView signature) noexcept {
  if (public_key.size() != 64 || signature.size() != 64) return fail(err::bad_length);
  secp256k1_ecdsa_signature parsed;
  if (secp256k1_ecdsa_signature_parse_compact(context(), &parsed, signature.data()) != 1)
    return fail(err::bad_signature);
  secp256k1_ecdsa_signature_normalize(context(), &parsed, &parsed);
  std::array<std::uint8_t, 64> low;
  secp256k1_ecdsa_signature_serialize_compact(context(), low.data(), &parsed);
  return internal::secp256k1_verify(public_key, digest, low);
}

bool is_low_s(const U256& s) noexcept {
  return s <= (kOrder >> 1);
}

}  // namespace wusong::crypto

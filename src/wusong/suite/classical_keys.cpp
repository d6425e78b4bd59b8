// SPDX-License-Identifier: Apache-2.0
// Curves and RSA as keys of the suite.
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/key_agreement.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/rsa.hpp"
#include "wusong/crypto/sm2_encryption.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/suite/der.hpp"
#include "wusong/suite/internal/parts.hpp"

namespace wusong::suite::internal {
namespace {

struct ChainPublic : PublicParts {
  using PublicParts::PublicParts;
  Result<void> verify(BytesView message, BytesView signature) const override {
    return crypto::verify(chain_scheme(*scheme), encoded, message, signature);
  }
};

struct ChainSecret : SecretParts {
  ChainSecret(BytesView bytes, std::unique_ptr<crypto::Signer> made)
      : SecretParts{bytes}, signer{std::move(made)} {}
  Bytes public_key() const override { return to_bytes(signer->public_key()); }
  Result<Bytes> sign(BytesView message, io::Entropy&) const override {
    return signer->sign(message);
  }
  Result<std::vector<Bytes>> sign_batch(std::span<const BytesView> messages,
                                        io::Entropy&) const override {
    return signer->sign_batch(messages);
  }
  std::unique_ptr<crypto::Signer> signer;
};

struct Sm2Public final : ChainPublic {
  using ChainPublic::ChainPublic;
  Result<Bytes> encrypt(BytesView text, io::Entropy& entropy) const override {
    return crypto::sm2_encrypt(encoded, text, entropy);
  }
};
struct Sm2Secret final : ChainSecret {
  using ChainSecret::ChainSecret;
  Result<SecretBytes> decrypt(BytesView ciphertext) const override {
    WUSONG_TRY(const auto key, crypto::Sm2Secret::from(secret.view()));
    if (ciphertext.empty() || ciphertext[0] != tag::kSequence)
      return crypto::sm2_decrypt(key, ciphertext);
    WUSONG_TRY(const Bytes laid_out, sm2_cipher_from_der(ciphertext));
    return crypto::sm2_decrypt(key, laid_out);
  }
};

/// ECDSA over SHA-256, as everybody else's programs have it.
struct Secp256k1Public final : PublicParts {
  using PublicParts::PublicParts;
  Result<void> verify(BytesView message, BytesView signature) const override {
    return crypto::ecdsa_verify(hash::sha256(message), encoded, signature);
  }
};
struct Secp256k1Secret final : SecretParts {
  Secp256k1Secret(BytesView bytes, Bytes key) : SecretParts{bytes}, encoded{std::move(key)} {}
  Bytes public_key() const override { return encoded; }
  Result<Bytes> sign(BytesView message, io::Entropy&) const override {
    WUSONG_TRY(const auto made, crypto::ecdsa_sign(hash::sha256(message), secret.view()));
    Bytes out(64);
    store_be(made.r, out.data());
    store_be(made.s, out.data() + 32);
    return out;
  }
  Bytes encoded;
};

struct P256Public final : PublicParts {
  using PublicParts::PublicParts;
  Result<void> verify(BytesView message, BytesView signature) const override {
    return crypto::p256_verify(hash::sha256(message), encoded, signature);
  }
};
struct P256Secret final : SecretParts {
  P256Secret(BytesView bytes, Bytes key) : SecretParts{bytes}, encoded{std::move(key)} {}
  Bytes public_key() const override { return encoded; }
  Result<Bytes> sign(BytesView message, io::Entropy&) const override {
    WUSONG_TRY(const auto made, crypto::p256_sign(hash::sha256(message), secret.view()));
    return to_bytes(made);
  }
  Bytes encoded;
};

/// What agrees and does nothing else.
struct X25519Secret final : SecretParts {
  X25519Secret(BytesView bytes, Bytes key) : SecretParts{bytes}, encoded{std::move(key)} {}
  Bytes public_key() const override { return encoded; }
  Bytes encoded;
};

struct RsaPublic final : PublicParts {
  RsaPublic(const Scheme& of, BytesView bytes, const RsaNumbers& numbers)
      : PublicParts{of, bytes},
        modulus{to_bytes(numbers.modulus)},
        exponent{to_bytes(numbers.exponent)} {}
  Result<void> verify(BytesView message, BytesView signature) const override {
    return crypto::rsa_verify_sha256(message, modulus, exponent, signature);
  }
  Bytes modulus;
  Bytes exponent;
};

}  // namespace

MadePublic make_classical_public(const Scheme& scheme, BytesView encoded) {
  switch (scheme.family) {
    case Family::chain:
      if (chain_scheme(scheme) == crypto::Scheme::sm2) {
        if (!crypto::point_on_curve(crypto::Curve::sm2, encoded))
          return fail(crypto::err::bad_public_key);
        return std::make_unique<Sm2Public>(scheme, encoded);
      }
      return std::make_unique<ChainPublic>(scheme, encoded);
    case Family::secp256k1:
      if (!crypto::point_on_curve(crypto::Curve::secp256k1, encoded))
        return fail(crypto::err::bad_public_key);
      return std::make_unique<Secp256k1Public>(scheme, encoded);
    case Family::p256:
      if (!crypto::point_on_curve(crypto::Curve::p256, encoded))
        return fail(crypto::err::bad_public_key);
      return std::make_unique<P256Public>(scheme, encoded);
    case Family::x25519:
      return std::make_unique<PublicParts>(scheme, encoded);
    case Family::rsa: {
      WUSONG_TRY(const auto numbers, read_rsa_public_key(encoded));
      return std::make_unique<RsaPublic>(scheme, encoded, numbers);
    }
    default:
      return fail(err::unknown_scheme);
  }
}

MadeSecret make_classical_secret(const Scheme& scheme, BytesView secret) {
  if (secret.size() != scheme.secret_key) return fail(err::bad_length);
  switch (scheme.family) {
    case Family::chain: {
      WUSONG_TRY(auto signer, crypto::make_signer(chain_scheme(scheme), secret));
      if (chain_scheme(scheme) == crypto::Scheme::sm2)
        return std::make_unique<Sm2Secret>(secret, std::move(signer));
      return std::make_unique<ChainSecret>(secret, std::move(signer));
    }
    case Family::secp256k1: {
      WUSONG_TRY(const auto signer, crypto::make_signer(crypto::Scheme::secp256k1, secret));
      return std::make_unique<Secp256k1Secret>(secret, to_bytes(signer->public_key()));
    }
    case Family::p256: {
      WUSONG_TRY(const auto key, crypto::p256_public_key(secret));
      return std::make_unique<P256Secret>(secret, to_bytes(key));
    }
    case Family::x25519: {
      WUSONG_TRY(auto key, crypto::agreement_public_key(crypto::KeyAgreement::x25519, secret));
      return std::make_unique<X25519Secret>(secret, std::move(key));
    }
    default:
      return fail(err::not_offered);
  }
}

SecretBytes generate_classical(const Scheme& scheme, io::Entropy& entropy) {
  if (scheme.family == Family::p256) return crypto::p256_generate(entropy);
  if (scheme.family == Family::x25519)
    return crypto::generate_agreement_key(crypto::KeyAgreement::x25519, entropy);
  const crypto::Scheme number =
      scheme.family == Family::secp256k1 ? crypto::Scheme::secp256k1 : chain_scheme(scheme);
  return SecretBytes{crypto::generate_secret_key(number, entropy)};
}

}  // namespace wusong::suite::internal

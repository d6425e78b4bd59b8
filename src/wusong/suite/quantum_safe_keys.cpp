// SPDX-License-Identifier: Apache-2.0
// ML-DSA, SLH-DSA and ML-KEM as keys of the suite.
#include "wusong/crypto/password.hpp"
#include "wusong/pq/ml_dsa.hpp"
#include "wusong/pq/slh_dsa.hpp"
#include "wusong/suite/internal/parts.hpp"

namespace wusong::suite::internal {
namespace {

/// ML-DSA and SLH-DSA, whose classes have the same functions.
template <typename Key>
struct SignaturePublic final : PublicParts {
  SignaturePublic(const Scheme& of, BytesView bytes, Key made)
      : PublicParts{of, bytes}, key{std::move(made)} {}
  Result<void> verify(BytesView message, BytesView signature) const override {
    return key.verify(message, {}, signature);
  }
  Key key;
};
template <typename Key>
struct SignatureSecret final : SecretParts {
  SignatureSecret(BytesView bytes, Key made) : SecretParts{bytes}, key{std::move(made)} {}
  Bytes public_key() const override { return to_bytes(key.public_key().encoded()); }
  Result<Bytes> sign(BytesView message, io::Entropy& entropy) const override {
    return key.sign(message, {}, entropy);
  }
  Key key;
};

struct MlKemPublic final : PublicParts {
  MlKemPublic(const Scheme& of, BytesView bytes, pq::MlKemEncapsulationKey made)
      : PublicParts{of, bytes}, key{std::move(made)} {}
  Result<pq::Encapsulated> encapsulate(io::Entropy& entropy) const override {
    return key.encapsulate(entropy);
  }
  pq::MlKemEncapsulationKey key;
};
struct MlKemSecret final : SecretParts {
  MlKemSecret(BytesView bytes, pq::MlKemDecapsulationKey made)
      : SecretParts{bytes}, key{std::move(made)} {}
  Bytes public_key() const override { return to_bytes(key.encapsulation_key().encoded()); }
  Result<SecretBytes> decapsulate(BytesView ciphertext) const override {
    return key.decapsulate(ciphertext);
  }
  pq::MlKemDecapsulationKey key;
};

template <typename Key, typename Set>
MadePublic make_signature_public(const Scheme& scheme, BytesView encoded) {
  WUSONG_TRY(auto key, Key::decode(static_cast<Set>(scheme.set), encoded));
  return std::make_unique<SignaturePublic<Key>>(scheme, encoded, std::move(key));
}

MadeSecret make_ml_dsa_secret(const Scheme& scheme, BytesView secret) {
  using Key = pq::MlDsaSecretKey;
  const auto set = static_cast<pq::MlDsa>(scheme.set);
  if (secret.size() == pq::kMlDsaSeedSize) {
    return std::make_unique<SignatureSecret<Key>>(
        secret, Key::from_seed(set, secret.first<pq::kMlDsaSeedSize>()));
  }
  WUSONG_TRY(auto key, Key::decode(set, secret));
  return std::make_unique<SignatureSecret<Key>>(secret, std::move(key));
}

MadeSecret make_ml_kem_secret(const Scheme& scheme, BytesView secret) {
  using Key = pq::MlKemDecapsulationKey;
  const auto set = static_cast<pq::MlKem>(scheme.set);
  if (secret.size() == 64)
    return std::make_unique<MlKemSecret>(secret, Key::from_seed(set, secret.first<64>()));
  WUSONG_TRY(auto key, Key::decode(set, secret));
  // Only a round trip shows that the secret half is of this public half.
  const std::array<std::uint8_t, 32> probe{};
  const auto sent = key.encapsulation_key().encapsulate_internal(probe);
  WUSONG_TRY(const auto got, key.decapsulate(sent.ciphertext));
  if (!crypto::equal_secrets(as_text(got.view()), as_text(sent.shared_secret.view())))
    return fail(err::key_inconsistent);
  return std::make_unique<MlKemSecret>(secret, std::move(key));
}

}  // namespace

MadePublic make_quantum_safe_public(const Scheme& scheme, BytesView encoded) {
  if (scheme.family == Family::ml_dsa)
    return make_signature_public<pq::MlDsaPublicKey, pq::MlDsa>(scheme, encoded);
  if (scheme.family == Family::slh_dsa)
    return make_signature_public<pq::SlhDsaPublicKey, pq::SlhDsa>(scheme, encoded);
  WUSONG_TRY(auto key,
             pq::MlKemEncapsulationKey::decode(static_cast<pq::MlKem>(scheme.set), encoded));
  return std::make_unique<MlKemPublic>(scheme, encoded, std::move(key));
}

MadeSecret make_quantum_safe_secret(const Scheme& scheme, BytesView secret) {
  if (scheme.family == Family::ml_dsa) return make_ml_dsa_secret(scheme, secret);
  if (scheme.family == Family::ml_kem) return make_ml_kem_secret(scheme, secret);
  using Key = pq::SlhDsaSecretKey;
  WUSONG_TRY(auto key, Key::decode(static_cast<pq::SlhDsa>(scheme.set), secret));
  return std::make_unique<SignatureSecret<Key>>(secret, std::move(key));
}

bool expands_to(const Scheme& scheme, BytesView seed, BytesView expanded) {
  const SecretBytes made =
      scheme.family == Family::ml_dsa
          ? pq::MlDsaSecretKey::from_seed(static_cast<pq::MlDsa>(scheme.set), seed.first<32>())
                .encode()
          : pq::MlKemDecapsulationKey::from_seed(static_cast<pq::MlKem>(scheme.set),
                                                 seed.first<64>())
                .encode();
  return crypto::equal_secrets(as_text(made.view()), as_text(expanded));
}

SecretBytes generate_quantum_safe(const Scheme& scheme, io::Entropy& entropy) {
  const bool is_slh = scheme.family == Family::slh_dsa;
  Bytes bytes(is_slh ? scheme.secret_key / 4 * 3 : scheme.secret_key);
  entropy.fill(bytes);
  SecretBytes seed{std::move(bytes)};
  if (!is_slh) return seed;
  const auto key = pq::SlhDsaSecretKey::from_seed(static_cast<pq::SlhDsa>(scheme.set), seed.view());
  WUSONG_ASSERT(key.has_value());  // the table has its length
  return key->encode();
}

}  // namespace wusong::suite::internal

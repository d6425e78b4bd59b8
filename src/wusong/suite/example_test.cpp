// SPDX-License-Identifier: Apache-2.0
// How the crypto engine is used without a chain; docs/crypto/README.md points here.
#include <gtest/gtest.h>

#include "wusong/cipher/cipher.hpp"
#include "wusong/crypto/sm2.hpp"
#include "wusong/pq/ml_dsa.hpp"
#include "wusong/suite/envelope.hpp"
#include "wusong/suite/key_file.hpp"
#include "wusong/testkit/seeded_entropy.hpp"  // in a program: wusong/platform/os_entropy.hpp

namespace wusong {
namespace {

const Bytes kMessage = to_bytes(as_bytes("a permit, valid until spring"));

TEST(Example, AnySchemeByItsName) {
  testkit::SeededEntropy entropy;
  const auto key = suite::SecretKey::generate(*suite::find_scheme("ml-dsa-65"), entropy);
  ASSERT_TRUE(key.has_value());
  const auto signature = key->sign(kMessage, entropy);
  ASSERT_TRUE(signature.has_value());

  // What goes to disk, and comes back.
  const Bytes file = suite::encrypted_key_der(*key, "correct horse", entropy, 1000);
  const auto again = suite::read_secret_key(file, "correct horse");
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->public_key().verify(kMessage, *signature).has_value());

  const auto refused = again->public_key().verify(as_bytes("a permit for ever"), *signature);
  EXPECT_EQ(refused.error().name(), "pq.bad_signature");
}

TEST(Example, OneSchemesOwnFunctions) {
  testkit::SeededEntropy entropy;
  // SM2, a hundred messages at once.
  const auto secret = crypto::Sm2Secret::from(Bytes(32, 7));
  ASSERT_TRUE(secret.has_value());
  std::vector<crypto::Sm2SignRequest> requests(
      100, {&*secret, crypto::sm2_digest(secret->public_key(), kMessage)});
  std::vector<crypto::Sm2Signature> signatures(requests.size());
  ASSERT_TRUE(crypto::sm2_sign(requests, signatures).has_value());
  EXPECT_TRUE(
      crypto::sm2_verify({secret->public_key(), requests[0].digest, signatures[0]}).has_value());

  // ML-DSA with a key that is kept expanded.
  std::array<std::uint8_t, pq::kMlDsaSeedSize> seed{};
  entropy.fill(seed);
  const auto signer = pq::MlDsaSecretKey::from_seed(pq::MlDsa::ml_dsa_44, seed);
  const auto signature = signer.sign(kMessage, as_bytes("permits"), entropy);
  ASSERT_TRUE(signature.has_value());
  EXPECT_TRUE(signer.public_key().verify(kMessage, as_bytes("permits"), *signature).has_value());

  // SM4-GCM: out is ciphertext || tag.
  const auto gcm = cipher::Gcm::create(cipher::Cipher::sm4, Bytes(16, 9));
  ASSERT_TRUE(gcm.has_value());
  Bytes nonce(cipher::kGcmNonceBytes);
  entropy.fill(nonce);
  Bytes sealed(kMessage.size() + cipher::kGcmTagBytes);
  ASSERT_TRUE(gcm->seal({.nonce = nonce, .associated = {}}, kMessage, sealed).has_value());
  Bytes opened(kMessage.size());
  ASSERT_TRUE(gcm->open({.nonce = nonce, .associated = {}}, sealed, opened).has_value());
  EXPECT_EQ(opened, kMessage);
}

TEST(Example, AFileForOneReader) {
  testkit::SeededEntropy entropy;
  const auto reader = suite::SecretKey::generate(*suite::find_scheme("ml-kem-768"), entropy);
  const suite::Scheme& cipher = *suite::find_scheme("aes-256-gcm");
  Bytes sealed(kMessage.size() + suite::envelope_size(reader->scheme(), cipher));
  ASSERT_TRUE(suite::seal_to(reader->public_key(), cipher, kMessage, sealed, entropy).has_value());
  Bytes opened(kMessage.size());
  ASSERT_TRUE(suite::open_with(*reader, cipher, sealed, opened).has_value());
  EXPECT_EQ(opened, kMessage);
}

}  // namespace
}  // namespace wusong

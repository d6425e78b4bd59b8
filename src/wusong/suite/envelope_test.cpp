// SPDX-License-Identifier: Apache-2.0
#include "wusong/suite/envelope.hpp"

#include <gtest/gtest.h>

#include "wusong/cipher/errors.hpp"
#include "wusong/suite/errors.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::suite {
namespace {

const Scheme& scheme(std::string_view name) {
  return *find_scheme(name);
}
const Bytes kText = to_bytes(as_bytes("for her eyes only"));

TEST(Envelope, OpensForTheOwnerAndNobodyElse) {
  testkit::SeededEntropy entropy;
  for (const char* name : {"ml-kem-512", "ml-kem-768", "ml-kem-1024"}) {
    const auto owner = SecretKey::generate(scheme(name), entropy);
    const auto other = SecretKey::generate(scheme(name), entropy);
    const Scheme& cipher = scheme("sm4-gcm");
    Bytes sealed(kText.size() + envelope_size(scheme(name), cipher));
    ASSERT_TRUE(seal_to(owner->public_key(), cipher, kText, sealed, entropy).has_value());
    Bytes opened(kText.size());
    ASSERT_TRUE(open_with(*owner, cipher, sealed, opened).has_value());
    EXPECT_EQ(opened, kText);
    EXPECT_EQ(open_with(*other, cipher, sealed, opened).error(), cipher::err::wrong_tag);
    EXPECT_EQ(opened, Bytes(kText.size()));
    EXPECT_EQ(open_with(*owner, scheme("aes-128-gcm"), sealed, opened).error(),
              cipher::err::wrong_tag);
  }
}

TEST(Envelope, EveryChangedByteIsRefused) {
  testkit::SeededEntropy entropy;
  const auto owner = SecretKey::generate(scheme("ml-kem-768"), entropy);
  const Scheme& cipher = scheme("aes-256-gcm");
  Bytes sealed(kText.size() + envelope_size(owner->scheme(), cipher));
  ASSERT_TRUE(seal_to(owner->public_key(), cipher, kText, sealed, entropy).has_value());
  Bytes opened(kText.size());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    sealed[i] ^= 0x10;
    EXPECT_EQ(open_with(*owner, cipher, sealed, opened).error(), cipher::err::wrong_tag) << i;
    sealed[i] ^= 0x10;
  }
  EXPECT_TRUE(open_with(*owner, cipher, sealed, opened).has_value());
}

TEST(Envelope, AsksForAKeyThatEncapsulatesAndACipherWithATag) {
  testkit::SeededEntropy entropy;
  const auto signer = SecretKey::generate(scheme("ed25519"), entropy);
  const auto owner = SecretKey::generate(scheme("ml-kem-512"), entropy);
  Bytes out(4096);
  EXPECT_EQ(seal_to(signer->public_key(), scheme("sm4-gcm"), kText, out, entropy).error(),
            err::not_offered);
  EXPECT_EQ(open_with(*signer, scheme("sm4-gcm"), out, out).error(), err::not_offered);
  for (const char* name : {"aes-256-ctr", "sm4-xts", "sm3"}) {
    EXPECT_EQ(seal_to(owner->public_key(), scheme(name), kText, out, entropy).error(),
              err::not_offered);
    EXPECT_EQ(open_with(*owner, scheme(name), out, out).error(), err::not_offered);
  }
  EXPECT_EQ(seal_to(owner->public_key(), scheme("sm4-gcm"), kText, out, entropy).error(),
            err::bad_length);
}

TEST(Envelope, UnderASharedKeyEveryCipherOpensWhatItSealed) {
  testkit::SeededEntropy entropy;
  for (const Scheme& cipher : schemes()) {
    if (cipher.kind != Kind::cipher) continue;
    Bytes key(cipher.secret_key);
    entropy.fill(key);
    Bytes sealed(kText.size() + envelope_size(cipher));
    ASSERT_TRUE(seal(cipher, key, kText, sealed, entropy).has_value()) << cipher.name;
    Bytes opened(kText.size());
    ASSERT_TRUE(open(cipher, key, sealed, opened).has_value()) << cipher.name;
    EXPECT_EQ(opened, kText);
    if (envelope_size(cipher) > 0)
      EXPECT_EQ(open(cipher, key, sealed, sealed).error(), err::bad_length);
  }
}

}  // namespace
}  // namespace wusong::suite

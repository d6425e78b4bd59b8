// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "wusong/cipher/errors.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/suite/digest.hpp"
#include "wusong/suite/envelope.hpp"
#include "wusong/suite/errors.hpp"
#include "wusong/suite/key.hpp"
#include "wusong/suite/symmetric.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::suite {
namespace {

const Bytes kMessage = to_bytes(as_bytes("what is signed, sealed and hashed"));

TEST(Schemes, HaveOneNameEachAndSayWhatTheyAre) {
  std::set<std::string_view> names;
  for (const Scheme& scheme : schemes()) {
    EXPECT_TRUE(names.insert(scheme.name).second) << scheme.name;
    EXPECT_EQ(find_scheme(scheme.name), &scheme);
    EXPECT_EQ(scheme.is_standard(),
              !scheme.name.starts_with("wusong-") && scheme.name != "sm2+ml-dsa-44")
        << scheme.name;
  }
  EXPECT_EQ(find_scheme("rot13"), nullptr);
  EXPECT_EQ(scheme_named(Kind::digest, "sm2").error(), err::unknown_scheme);
}

TEST(Keys, WhatOneSignsItVerifiesAndNothingElse) {
  testkit::SeededEntropy entropy;
  for (const Scheme& scheme : schemes()) {
    if (scheme.kind != Kind::signature || scheme.name == "rsa") continue;
    if (testkit::quick() && scheme.result > 17'088) continue;  // seconds under sanitizers
    const auto key = SecretKey::generate(scheme, entropy);
    ASSERT_TRUE(key.has_value()) << scheme.name;
    EXPECT_EQ(key->secret().size(), scheme.secret_key) << scheme.name;
    EXPECT_EQ(key->public_key().encoded().size(), scheme.public_key) << scheme.name;
    auto signature = key->sign(kMessage, entropy);
    ASSERT_TRUE(signature.has_value()) << scheme.name;
    EXPECT_EQ(signature->size(), scheme.result) << scheme.name;
    EXPECT_TRUE(key->public_key().verify(kMessage, *signature).has_value()) << scheme.name;
    EXPECT_FALSE(key->public_key().verify(as_bytes("another"), *signature).has_value());
    (*signature)[signature->size() / 2] ^= 1;
    EXPECT_FALSE(key->public_key().verify(kMessage, *signature).has_value()) << scheme.name;
    EXPECT_FALSE(key->public_key().verify(kMessage, {}).has_value()) << scheme.name;
    EXPECT_EQ(key->decapsulate({}).error(), err::not_offered);
    EXPECT_EQ(key->public_key().encapsulate(entropy).error(), err::not_offered);
  }
}

TEST(Keys, ManyAnswerAsEach) {
  testkit::SeededEntropy entropy;
  std::vector<SecretKey> keys;
  for (const char* name : {"ed25519", "sm2", "secp256k1", "p256", "ml-dsa-44", "sm2"})
    keys.push_back(*SecretKey::generate(*find_scheme(name), entropy));
  std::vector<Bytes> signatures;
  for (const SecretKey& key : keys) signatures.push_back(*key.sign(kMessage, entropy));
  signatures[1][40] ^= 1;
  std::vector<VerifyRequest> requests;
  for (std::size_t i = 0; i < keys.size(); ++i)
    requests.push_back({&keys[i].public_key(), kMessage, signatures[i]});
  const auto verdicts = verify_batch(requests);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(verdicts[i].has_value(), i != 1) << i;
    EXPECT_EQ(verdicts[i], requests[i].key->verify(kMessage, signatures[i]));
  }
  const BytesView messages[] = {kMessage, as_bytes("a"), as_bytes("")};
  for (const SecretKey& key : keys) {
    const auto many = key.sign_batch(messages, entropy);
    ASSERT_TRUE(many.has_value() && many->size() == 3);
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_TRUE(key.public_key().verify(messages[i], (*many)[i]).has_value());
  }
}

TEST(Keys, EncapsulationGivesBothTheSameSecret) {
  testkit::SeededEntropy entropy;
  for (const Scheme& scheme : schemes()) {
    if (scheme.kind != Kind::encapsulation) continue;
    const auto key = SecretKey::generate(scheme, entropy);
    auto sent = key->public_key().encapsulate(entropy);
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(sent->ciphertext.size(), scheme.result);
    const auto got = key->decapsulate(sent->ciphertext);
    EXPECT_TRUE(std::ranges::equal(got->view(), sent->shared_secret.view()));
    sent->ciphertext[5] ^= 1;
    EXPECT_FALSE(
        std::ranges::equal(key->decapsulate(sent->ciphertext)->view(), sent->shared_secret.view()));
    EXPECT_FALSE(key->decapsulate({}).has_value());
    EXPECT_EQ(key->sign(kMessage, entropy).error(), err::not_offered);
  }
}

TEST(Keys, TwoOwnersAgreeAndOthersDoNot) {
  testkit::SeededEntropy entropy;
  for (const char* name : {"x25519", "sm2", "p256", "secp256k1", "secp256k1-keccak256"}) {
    const auto hers = SecretKey::generate(*find_scheme(name), entropy);
    const auto his = SecretKey::generate(*find_scheme(name), entropy);
    const auto other = SecretKey::generate(*find_scheme(name), entropy);
    const auto found = hers->agree(his->public_key());
    ASSERT_TRUE(found.has_value()) << name;
    EXPECT_TRUE(std::ranges::equal(found->view(), his->agree(hers->public_key())->view())) << name;
    EXPECT_FALSE(std::ranges::equal(found->view(), other->agree(hers->public_key())->view()));
    const auto signer = SecretKey::generate(*find_scheme("ed25519"), entropy);
    EXPECT_EQ(hers->agree(signer->public_key()).error(), err::not_offered);
    EXPECT_EQ(signer->agree(hers->public_key()).error(), err::not_offered);
    const auto key = agree_on_key(*hers, his->public_key(), 16);
    EXPECT_TRUE(
        std::ranges::equal(key->view(), agree_on_key(*his, hers->public_key(), 16)->view()));
    EXPECT_FALSE(std::ranges::equal(key->view(), found->view().first(16)));
  }
}

TEST(Keys, WrongLengthsAndWrongKindsAreNamed) {
  testkit::SeededEntropy entropy;
  for (const Scheme& scheme : schemes()) {
    EXPECT_FALSE(SecretKey::decode(scheme, Bytes(7)).has_value()) << scheme.name;
    EXPECT_FALSE(PublicKey::decode(scheme, Bytes(7)).has_value()) << scheme.name;
  }
  EXPECT_EQ(SecretKey::generate(*find_scheme("sm3"), entropy).error(), err::unknown_scheme);
  EXPECT_EQ(SecretKey::generate(*find_scheme("rsa"), entropy).error(), err::not_offered);
}

TEST(Symmetric, EverySchemeOpensWhatItSealed) {
  testkit::SeededEntropy entropy;
  for (const Scheme& scheme : schemes()) {
    if (scheme.kind != Kind::cipher) continue;
    Bytes secret(scheme.secret_key);
    entropy.fill(secret);
    Bytes nonce(scheme.public_key);
    entropy.fill(nonce);
    const auto key = SymmetricKey::create(scheme, secret);
    ASSERT_TRUE(key.has_value()) << scheme.name;
    for (const std::size_t size : {16, 100, 4095, 4096, 4100, 4111, 4112, 20'000}) {
      Bytes text(size);
      entropy.fill(text);
      Bytes sealed(size + scheme.result);
      ASSERT_TRUE(key->encrypt({.nonce = nonce, .associated = {}}, text, sealed).has_value())
          << scheme.name << " " << size;
      EXPECT_FALSE(std::ranges::equal(BytesView{sealed}.first(size), text));
      Bytes opened(size);
      ASSERT_TRUE(key->decrypt({.nonce = nonce, .associated = {}}, sealed, opened).has_value());
      EXPECT_EQ(opened, text) << scheme.name << " " << size;
      if (scheme.result == 0) continue;
      sealed[size / 2] ^= 1;
      EXPECT_EQ(key->decrypt({.nonce = nonce, .associated = {}}, sealed, opened).error(),
                cipher::err::wrong_tag);
    }
    const Bytes long_nonce(scheme.public_key + 1);
    EXPECT_EQ(key->encrypt({.nonce = long_nonce, .associated = {}}, secret, secret).error(),
              err::bad_length);
  }
}

TEST(Digests, GiveThePublishedValuesInAnyPieces) {
  // Of "abc", from each function's own specification.
  const std::pair<const char*, const char*> known[] = {
      {"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"sha512",
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
      {"sha3-256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
      {"sha3-512",
       "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
       "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"},
      {"sm3", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
      {"keccak256", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
      {"blake2b-512",
       "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
       "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"},
      {"ripemd160", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
  };
  for (const auto& [name, value] : known) {
    EXPECT_EQ(codec::to_hex(*digest(name, as_bytes("abc"))), value) << name;
    auto pieces = Digest::create(name);
    pieces->add(as_bytes("a"));
    pieces->add({});
    pieces->add(as_bytes("bc"));
    EXPECT_EQ(codec::to_hex(pieces->finish()), value) << name;
    EXPECT_EQ(find_scheme(name)->result, codec::from_hex(value)->size());
  }
  EXPECT_EQ(digest("sm4-gcm", {}).error(), err::unknown_scheme);
  EXPECT_EQ(digest_batch("sm4-gcm", {}).error(), err::unknown_scheme);
}

TEST(Digests, OfManyAreThoseOfEach) {
  const Bytes text(700, 'a');
  std::vector<BytesView> messages;
  for (std::size_t i = 0; i < 37; ++i) messages.push_back(BytesView{text}.first(i * 97 % 701));
  for (const Scheme& scheme : schemes()) {
    if (scheme.kind != Kind::digest) continue;
    Bytes expected;
    for (const BytesView each : messages) append(expected, *digest(scheme.name, each));
    EXPECT_EQ(*digest_batch(scheme.name, messages), expected) << scheme.name;
  }
}

}  // namespace
}  // namespace wusong::suite

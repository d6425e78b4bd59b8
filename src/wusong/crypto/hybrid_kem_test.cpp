// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/hybrid_kem.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/pq/errors.hpp"
#include "wusong/testkit/seeded_entropy.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::crypto {
namespace {

constexpr HybridKem kAll[] = {HybridKem::x25519_ml_kem_768, HybridKem::sm2_ml_kem_768};
constexpr std::size_t kLatticeKey = 1'184;
constexpr std::size_t kLatticeCiphertext = 1'088;

Bytes hex(std::string_view text) {
  auto out = codec::from_hex(text);
  EXPECT_TRUE(out.has_value());
  return out ? *std::move(out) : Bytes{};
}
HybridDecapsulationKey key_of(HybridKem kem, std::uint8_t fill) {
  const Bytes seed(32, fill);
  auto key = HybridDecapsulationKey::from_seed(kem, HybridKemSeed{seed});
  EXPECT_TRUE(key.has_value());
  return *std::move(key);
}
bool same(const SecretBytes& a, const SecretBytes& b) {
  return std::ranges::equal(a.view(), b.view());
}

struct Published {
  std::string_view seed;
  std::string_view coins;
  std::string_view secret;
  std::string_view key_sha256;
  std::string_view ciphertext_sha256;
};
/// @source draft-connolly-cfrg-xwing-kem-10, appendix C: spec/test-vectors.json at commit 9b6ce9e;
///         long values by their SHA-256
constexpr Published kXWing[] = {
    {"7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26",
     "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2"
     "35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2",
     "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384",
     "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb",
     "17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33"},
    {"badfd6dfaac359a5efbb7bcc4b59d538df9a04302e10c8bc1cbf1a0b3a5120ea",
     "17cda7cfad765f5623474d368ccca8af0007cd9f5e4c849f167a580b14aabdef"
     "aee7eef47cb0fca9767be1fda69419dfb927e9df07348b196691abaeb580b32d",
     "f2e86241c64d60f6649fbc6c5b7d17180b780a3f34355e64a85749949c45f150",
     "c42ba5f8430d7d2c83739338203819f090e8303ce9c8b02107c272bfa5376916",
     "1661ea86d608a1924ba30840cb0a65f13ae051e3aec9cf0f064efc0bc92f2154"},
    {"ef58538b8d23f87732ea63b02b4fa0f4873360e2841928cd60dd4cee8cc0d4c9",
     "22a96188d032675c8ac850933c7aff1533b94c834adbb69c6115bad4692d8619"
     "f90b0cdf8a7b9c264029ac185b70b83f2801f2f4b3f70c593ea3aeeb613a7f1b",
     "953f7f4e8c5b5049bdc771d1dffada0dd961477d1a2ae0988baa7ea6898d893f",
     "6b080d6b84f095342092fa7a22423e58bd681397ad0ef00eac92bd254db4fa95",
     "d3ca5578500344b5896cffc4fd740c9311946b82951df155e6fd86a7966b43c6"}};

TEST(HybridKem, ThePublishedVectorsOfXWingComeOut) {
  for (const Published& vector : kXWing) {
    const Bytes seed = hex(vector.seed);
    const Bytes coins = hex(vector.coins);
    const auto key =
        HybridDecapsulationKey::from_seed(HybridKem::x25519_ml_kem_768, HybridKemSeed{seed});
    ASSERT_TRUE(key);
    EXPECT_EQ(to_bytes(hash::sha256(key->encapsulation_key())), hex(vector.key_sha256));
    const auto sent = hybrid_encapsulate_with(HybridKem::x25519_ml_kem_768,
                                              key->encapsulation_key(), HybridKemCoins{coins});
    ASSERT_TRUE(sent);
    EXPECT_EQ(to_bytes(hash::sha256(sent->ciphertext)), hex(vector.ciphertext_sha256));
    EXPECT_EQ(to_bytes(sent->shared_secret.view()), hex(vector.secret));
    const auto received = key->decapsulate(sent->ciphertext);
    ASSERT_TRUE(received);
    EXPECT_TRUE(same(*received, sent->shared_secret));
  }
  testkit::record_vectors("draft-connolly-cfrg-xwing-kem", std::size(kXWing));
}

/// There are no vectors of others for this one: the bytes are frozen instead.
TEST(HybridKem, TheBytesOfTheVariantOverSm2AreFrozen) {
  const auto key = key_of(HybridKem::sm2_ml_kem_768, 7);
  const Bytes coins(64, 9);
  const auto sent = hybrid_encapsulate_with(HybridKem::sm2_ml_kem_768, key.encapsulation_key(),
                                            HybridKemCoins{coins});
  ASSERT_TRUE(sent);
  EXPECT_EQ(codec::to_hex(hash::sm3(key.encapsulation_key())),
            "d51ace245d3d5615898f117063323ae0bba530a927d237d5b2b9d3777b22a07a");
  EXPECT_EQ(codec::to_hex(hash::sm3(sent->ciphertext)),
            "b73d2d74c67c4deb4a774575eadc34927a717325dad35d4cd6765790e31bcff2");
  EXPECT_EQ(codec::to_hex(sent->shared_secret.view()),
            "236baa01bab20c415ffb1c2dd5ad37fb953c6ea64f3ac847bbd89137d99a074e");
}

TEST(HybridKem, BothSidesHaveTheSameSecretAndEachTimeAnother) {
  testkit::SeededEntropy entropy;
  for (const HybridKem kem : kAll) {
    SCOPED_TRACE(shape_of(kem).name);
    for (int i = 0; i < 10; ++i) {
      const auto key = HybridDecapsulationKey::generate(kem, entropy);
      ASSERT_TRUE(key);
      EXPECT_EQ(key->encapsulation_key().size(), shape_of(kem).encapsulation_key);
      const auto first = hybrid_encapsulate(kem, key->encapsulation_key(), entropy);
      const auto second = hybrid_encapsulate(kem, key->encapsulation_key(), entropy);
      ASSERT_TRUE(first && second);
      EXPECT_EQ(first->ciphertext.size(), shape_of(kem).ciphertext);
      EXPECT_FALSE(same(first->shared_secret, second->shared_secret));
      const auto received = key->decapsulate(first->ciphertext);
      ASSERT_TRUE(received);
      EXPECT_TRUE(same(*received, first->shared_secret));
    }
  }
}

/// Each half alone changes the secret: neither is decoration.
TEST(HybridKem, EachHalfOfACiphertextAndOfAKeyEntersTheSecret) {
  for (const HybridKem kem : kAll) {
    SCOPED_TRACE(shape_of(kem).name);
    const auto key = key_of(kem, 1);
    const auto other = key_of(kem, 2);
    const Bytes coins(64, 3);
    const auto sent = *hybrid_encapsulate_with(kem, key.encapsulation_key(), HybridKemCoins{coins});
    const auto foreign =
        *hybrid_encapsulate_with(kem, other.encapsulation_key(), HybridKemCoins{Bytes(64, 4)});
    for (const std::size_t from : {std::size_t{0}, kLatticeCiphertext}) {
      Bytes mixed = sent.ciphertext;
      const std::size_t end = from == 0 ? kLatticeCiphertext : mixed.size();
      std::copy(foreign.ciphertext.begin() + static_cast<std::ptrdiff_t>(from),
                foreign.ciphertext.begin() + static_cast<std::ptrdiff_t>(end),
                mixed.begin() + static_cast<std::ptrdiff_t>(from));
      const auto received = key.decapsulate(mixed);
      ASSERT_TRUE(received);
      EXPECT_FALSE(same(*received, sent.shared_secret)) << from;
    }
    for (const std::size_t from : {std::size_t{0}, kLatticeKey}) {
      Bytes mixed = to_bytes(key.encapsulation_key());
      const std::size_t end = from == 0 ? kLatticeKey : mixed.size();
      const BytesView foreign_key = other.encapsulation_key();
      std::copy(foreign_key.begin() + static_cast<std::ptrdiff_t>(from),
                foreign_key.begin() + static_cast<std::ptrdiff_t>(end),
                mixed.begin() + static_cast<std::ptrdiff_t>(from));
      const auto to_mixed = hybrid_encapsulate_with(kem, mixed, HybridKemCoins{coins});
      ASSERT_TRUE(to_mixed);
      EXPECT_FALSE(same(to_mixed->shared_secret, sent.shared_secret)) << from;
    }
  }
}

TEST(HybridKem, WrongLengthsAndPointsThatAreNoKeysAreRefused) {
  const Bytes coins(64, 3);
  for (const HybridKem kem : kAll) {
    SCOPED_TRACE(shape_of(kem).name);
    const auto key = key_of(kem, 1);
    const BytesView encoded = key.encapsulation_key();
    const auto sent = *hybrid_encapsulate_with(kem, encoded, HybridKemCoins{coins});
    const auto refused = [&](BytesView of) {
      return hybrid_encapsulate_with(kem, of, HybridKemCoins{coins}).error();
    };
    EXPECT_EQ(refused(encoded.first(encoded.size() - 1)), err::bad_length);
    EXPECT_EQ(refused({}), err::bad_length);
    EXPECT_EQ(key.decapsulate(BytesView{sent.ciphertext}.subspan(1)).error(), err::bad_length);
    EXPECT_EQ(key.decapsulate({}).error(), err::bad_length);
    Bytes changed = to_bytes(encoded);
    std::fill(changed.begin() + kLatticeKey, changed.end(), std::uint8_t{0});  // no point, or zero
    const ErrorInfo& no_key =
        kem == HybridKem::x25519_ml_kem_768 ? err::no_agreement : err::bad_public_key;
    EXPECT_EQ(refused(changed), no_key);
    changed = to_bytes(encoded);
    changed[0] = changed[1] = changed[2] = 0xff;  // coefficients above the modulus
    EXPECT_EQ(refused(changed), pq::err::key_not_reduced);
    changed = sent.ciphertext;
    std::fill(changed.begin() + kLatticeCiphertext, changed.end(), std::uint8_t{0});
    EXPECT_EQ(key.decapsulate(changed).error(), no_key);
  }
}

TEST(HybridKem, APointOffSm2sCurveOrWithACoordinateAboveThePrimeIsRefused) {
  const auto key = key_of(HybridKem::sm2_ml_kem_768, 1);
  Bytes off = to_bytes(key.encapsulation_key());
  off.back() ^= 1;
  const Bytes coins(64, 3);
  EXPECT_EQ(hybrid_encapsulate_with(HybridKem::sm2_ml_kem_768, off, HybridKemCoins{coins}).error(),
            err::bad_public_key);
  Bytes above = to_bytes(key.encapsulation_key());
  std::fill(above.begin() + kLatticeKey, above.begin() + kLatticeKey + 32, std::uint8_t{0xff});
  EXPECT_EQ(
      hybrid_encapsulate_with(HybridKem::sm2_ml_kem_768, above, HybridKemCoins{coins}).error(),
      err::bad_public_key);
}

}  // namespace
}  // namespace wusong::crypto

// SPDX-License-Identifier: Apache-2.0
#include "wusong/pq/ml_kem.hpp"

#include <gtest/gtest.h>

#include "wusong/pq/errors.hpp"
#include "wusong/pq/internal/provider.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::pq {
namespace {

constexpr MlKem kSets[] = {MlKem::ml_kem_512, MlKem::ml_kem_768, MlKem::ml_kem_1024};

MlKemDecapsulationKey key_of(MlKem set) {
  const Bytes seed(64, 9);
  return MlKemDecapsulationKey::from_seed(set, MlKemSeed{seed});
}

TEST(MlKem, BothSidesHaveTheSameSecret) {
  testkit::SeededEntropy entropy;
  for (const MlKem set : kSets) {
    const auto key = key_of(set);
    const auto sender = MlKemEncapsulationKey::decode(set, key.encapsulation_key().encoded());
    ASSERT_TRUE(sender);
    for (int i = 0; i < 20; ++i) {
      const auto sent = sender->encapsulate(entropy);
      EXPECT_EQ(sent.ciphertext.size(), shape_of(set).ciphertext);
      const auto received = key.decapsulate(sent.ciphertext);
      ASSERT_TRUE(received);
      EXPECT_TRUE(std::ranges::equal(received->view(), sent.shared_secret.view()));
    }
  }
}

TEST(MlKem, AChangedCiphertextGivesASecretThatNobodyKnows) {
  testkit::SeededEntropy entropy;
  for (const MlKem set : kSets) {
    const auto key = key_of(set);
    const auto sent = key.encapsulation_key().encapsulate(entropy);
    for (std::size_t at = 0; at < sent.ciphertext.size(); at += 61) {
      Bytes changed = sent.ciphertext;
      changed[at] ^= 0x10;
      const auto first = key.decapsulate(changed);
      const auto second = key.decapsulate(changed);
      ASSERT_TRUE(first && second);
      EXPECT_FALSE(std::ranges::equal(first->view(), sent.shared_secret.view()));
      EXPECT_TRUE(std::ranges::equal(first->view(), second->view()));
    }
  }
}

TEST(MlKem, LengthsAreChecked) {
  for (const MlKem set : kSets) {
    const auto key = key_of(set);
    const BytesView encoded = key.encapsulation_key().encoded();
    EXPECT_EQ(MlKemEncapsulationKey::decode(set, encoded.first(encoded.size() - 1)).error(),
              err::public_key_length);
    EXPECT_EQ(MlKemDecapsulationKey::decode(set, key.encode().view().first(64)).error(),
              err::secret_key_length);
    const Bytes ciphertext(shape_of(set).ciphertext + 1);
    EXPECT_EQ(key.decapsulate(ciphertext).error(), err::ciphertext_length);
    EXPECT_EQ(key.decapsulate({}).error(), err::ciphertext_length);
  }
}

TEST(MlKem, AKeyHasOneEncoding) {
  for (const MlKem set : kSets) {
    const auto key = key_of(set);
    Bytes encoded = to_bytes(key.encapsulation_key().encoded());
    encoded[0] = 0x01;
    encoded[1] |= 0x0d;  // 3,329 and above
    EXPECT_EQ(MlKemEncapsulationKey::decode(set, encoded).error(), err::key_not_reduced);
  }
}

TEST(MlKem, ADecapsulationKeyComesBackFromItsEncodingAndAChangedOneDoesNot) {
  for (const MlKem set : kSets) {
    const auto key = key_of(set);
    const auto encoded = key.encode();
    const auto again = MlKemDecapsulationKey::decode(set, encoded.view());
    ASSERT_TRUE(again);
    EXPECT_TRUE(std::ranges::equal(again->encode().view(), encoded.view()));
    const auto error_with = [&](std::size_t at, std::uint8_t byte) {
      Bytes changed = to_bytes(encoded.view());
      changed[at] = byte == 0 ? static_cast<std::uint8_t>(changed[at] ^ 1) : byte;
      changed[at + 1] |= byte;
      const auto decoded = MlKemDecapsulationKey::decode(set, changed);
      EXPECT_FALSE(decoded);
      return decoded ? Error{err::signing_fault} : decoded.error();
    };
    EXPECT_EQ(error_with(0, 0xff), err::secret_out_of_range);
    EXPECT_EQ(error_with(encoded.view().size() - 64, 0), err::key_inconsistent);
    // The last byte of the public half: of rho, so its coefficients stay valid.
    EXPECT_EQ(error_with(encoded.view().size() - 65, 0), err::key_inconsistent);
  }
}

}  // namespace
}  // namespace wusong::pq

// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/sealed.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/password.hpp"

namespace wusong::crypto {
namespace {

class Counting final : public io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_{1};
};

Bytes hex(std::string_view text) {
  return codec::from_hex(text).value_or(Bytes{});
}
const Bytes kKey = hex("0123456789abcdeffedcba9876543210");

TEST(Sealed, OpensWhatItSealedAtEveryLength) {
  Counting entropy;
  const Bytes associated = hex("00ff");
  for (std::size_t size = 0; size < 70; ++size) {
    const Bytes plain(size, static_cast<std::uint8_t>(size));
    const auto opened = open_sealed(kKey, seal(kKey, plain, associated, entropy), associated);
    ASSERT_TRUE(opened.has_value());
    EXPECT_TRUE(std::ranges::equal(opened->view(), plain));
  }
}

TEST(Sealed, RefusesAnyChangedBitAnotherKeyOrOtherAssociatedData) {
  Counting entropy;
  const Bytes plain = hex("00112233445566778899");
  const Bytes sealed = seal(kKey, plain, {}, entropy);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes changed = sealed;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1u << bit % 8));
    EXPECT_EQ(open_sealed(kKey, changed, {}).error(), Error{err::bad_seal});
  }
  Bytes other = kKey;
  other[0] ^= 1;
  EXPECT_FALSE(open_sealed(other, sealed, {}).has_value());
  EXPECT_FALSE(open_sealed(kKey, sealed, hex("01")).has_value());
  EXPECT_EQ(open_sealed(kKey, BytesView{sealed}.first(27), {}).error(), Error{err::bad_length});
}

TEST(Sealed, NeverUsesANonceTwice) {
  Counting entropy;
  EXPECT_NE(seal(kKey, kKey, {}, entropy), seal(kKey, kKey, {}, entropy));
}

TEST(Password, MatchesItselfAndNothingElse) {
  const auto hash = hash_password("correct horse", kPasswordCostLeast);
  ASSERT_TRUE(hash.has_value());
  EXPECT_TRUE(hash->starts_with("$argon2id$"));
  EXPECT_TRUE(password_matches(*hash, "correct horse"));
  EXPECT_FALSE(password_matches(*hash, "correct horsf"));
  EXPECT_FALSE(password_matches(*hash, ""));
  EXPECT_FALSE(password_matches("", "correct horse"));
  EXPECT_FALSE(password_matches(std::string(4096, 'x'), "correct horse"));
  EXPECT_NE(*hash, *hash_password("correct horse", kPasswordCostLeast));
  EXPECT_FALSE(password_outdated(*hash, kPasswordCostLeast));
  EXPECT_TRUE(password_outdated(*hash));
}

TEST(Password, SecretsAreComparedWhole) {
  EXPECT_TRUE(equal_secrets("abc", "abc"));
  EXPECT_FALSE(equal_secrets("abc", "abd"));
  EXPECT_FALSE(equal_secrets("abc", "ab"));
  EXPECT_TRUE(equal_secrets("", ""));
}

}  // namespace
}  // namespace wusong::crypto

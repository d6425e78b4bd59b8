// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/sm2_encryption.hpp"

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/internal/curve_numbers.hpp"
#include "wusong/crypto/internal/test_curve_peer.hpp"
#include "wusong/crypto/sm2_exchange.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/testkit/seeded_entropy.hpp"

namespace wusong::crypto {
namespace {

using internal::for_each_curve_provider;
using internal::Number;

Bytes hex(std::string_view text) {
  return codec::from_hex(text).value_or(Bytes{});
}
Sm2Secret secret_of(std::string_view digits) {
  auto out = Sm2Secret::from(hex(digits));
  EXPECT_TRUE(out);
  return std::move(*out);
}
/// These bytes first, then others.
class Scripted final : public io::Entropy {
 public:
  explicit Scripted(std::vector<Bytes> first) : first_{std::move(first)} {}
  void fill(std::span<std::uint8_t> out) noexcept override {
    if (next_ >= first_.size()) return rest_.fill(out);
    std::ranges::copy(first_[next_++], out.begin());
  }

 private:
  std::vector<Bytes> first_;
  std::size_t next_{0};
  testkit::SeededEntropy rest_;
};
Bytes scalar(std::uint8_t last) {
  Bytes out(32);
  out.back() = last;
  return out;
}

/// @source GB/T 32918.5-2017, annex C
constexpr std::string_view kSecret =
    "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
constexpr std::string_view kText = "encryption standard";

TEST(Sm2Encryption, TheStandardsExampleIsOurs) {
  for_each_curve_provider([](const internal::CurveProvider&) {
    const Sm2Secret secret = secret_of(kSecret);
    EXPECT_EQ(codec::to_hex(secret.public_key()),
              "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
              "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
    Scripted entropy{{hex("59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21")}};
    const auto sealed = sm2_encrypt(secret.public_key(), as_bytes(kText), entropy);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(codec::to_hex(*sealed),
              "04"
              "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
              "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
              "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
              "21886ca989ca9c7d58087307ca93092d651efa");
    const auto opened = sm2_decrypt(secret, *sealed);
    ASSERT_TRUE(opened);
    EXPECT_EQ(as_text(opened->view()), kText);
  });
}

TEST(Sm2Encryption, OpensWithTheSecretAloneAtEveryLength) {
  const Sm2Secret secret = secret_of(kSecret);
  const auto other = Sm2Secret::from(Bytes(32, 5));
  testkit::SeededEntropy entropy;
  for (const std::size_t size : {1u, 2u, 31u, 32u, 33u, 64u, 511u, 512u, 513u, 5000u}) {
    Bytes text(size);
    entropy.fill(text);
    const auto sealed = sm2_encrypt(secret.public_key(), text, entropy);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed->size(), size + kSm2CiphertextAdds);
    const auto opened = sm2_decrypt(secret, *sealed);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(std::ranges::equal(opened->view(), text));
    EXPECT_FALSE(sm2_decrypt(*other, *sealed));
  }
}

TEST(Sm2Encryption, EveryChangedByteIsRefusedByName) {
  const Sm2Secret secret = secret_of(kSecret);
  testkit::SeededEntropy entropy;
  const auto sealed = sm2_encrypt(secret.public_key(), as_bytes(kText), entropy);
  ASSERT_TRUE(sealed);
  for (std::size_t i = 0; i < sealed->size(); ++i) {
    Bytes changed = *sealed;
    changed[i] ^= static_cast<std::uint8_t>(1 << (i % 8));
    const auto opened = sm2_decrypt(secret, changed);
    ASSERT_FALSE(opened) << i;
    EXPECT_EQ(opened.error(), i < 65 ? Error{err::bad_point} : Error{err::bad_ciphertext}) << i;
  }
}

TEST(Sm2Encryption, WhatIsNoPointOrHasNoLengthIsRefusedByName) {
  for_each_curve_provider([](const internal::CurveProvider&) {
    const Sm2Secret secret = secret_of(kSecret);
    testkit::SeededEntropy entropy;
    const auto encrypt = [&](BytesView key, BytesView text) {
      const auto made = sm2_encrypt(key, text, entropy);
      return made ? std::string_view{} : made.error().name();
    };
    const auto decrypt = [&](BytesView sealed) {
      const auto made = sm2_decrypt(secret, sealed);
      return made ? std::string_view{} : made.error().name();
    };
    const Bytes text(20, 1);
    EXPECT_EQ(encrypt(secret.public_key(), {}), "crypto.bad_length");
    EXPECT_EQ(encrypt(secret.public_key(), Bytes(kSm2TextMost + 1)), "crypto.bad_length");
    EXPECT_EQ(encrypt(Bytes(65, 4), text), "crypto.bad_length");
    EXPECT_EQ(encrypt(Bytes(64), text), "crypto.bad_public_key");
    EXPECT_EQ(encrypt(Bytes(64, 1), text), "crypto.bad_public_key");
    EXPECT_EQ(encrypt(Bytes(64, 0xff), text), "crypto.bad_public_key");

    EXPECT_EQ(decrypt({}), "crypto.bad_length");
    EXPECT_EQ(decrypt(Bytes(kSm2CiphertextAdds, 4)), "crypto.bad_length");
    EXPECT_EQ(decrypt(Bytes(kSm2CiphertextAdds + kSm2TextMost + 1, 4)), "crypto.bad_length");
    for (const std::uint8_t each : {std::uint8_t{0}, std::uint8_t{4}, std::uint8_t{0xff}})
      EXPECT_EQ(decrypt(Bytes(kSm2CiphertextAdds + 1, each)), "crypto.bad_point");
    // Of the curve, but with an ordinate above the prime.
    const auto sealed = sm2_encrypt(secret.public_key(), text, entropy);
    ASSERT_TRUE(sealed);
    Bytes above = *sealed;
    std::fill_n(above.begin() + 33, 32, std::uint8_t{0xff});
    EXPECT_EQ(decrypt(above), "crypto.bad_point");
  });
}

/// Scalars whose mask of one byte is zero: every 256th.
TEST(Sm2Encryption, AMaskOfZerosIsNeitherMadeNorTaken) {
  const Sm2Secret secret = secret_of(kSecret);
  const auto key = internal::load_point<internal::Sm2Curve>(secret.public_key());
  const internal::PeerCurve peer{NID_sm2};
  const auto shared_of = [&](std::uint64_t k) { return *peer.sum(Number{}, Number{k}, *key); };
  std::uint64_t k = 1;
  while (sm2_derive(internal::store_point(shared_of(k)), 1).view()[0] != 0) ++k;

  Bytes drawn(32);
  math::store_be_limbs(Number{k}, drawn.data());
  Scripted entropy{{drawn, scalar(200)}};
  const Bytes text{0x5a};
  const auto sealed = sm2_encrypt(secret.public_key(), text, entropy);
  ASSERT_TRUE(sealed);
  EXPECT_TRUE(std::ranges::equal(BytesView{*sealed}.subspan(1, 64),
                                 internal::store_point(*peer.multiple(Number{200}))));

  // The same by hand, with a right digest.
  const auto shared = internal::store_point(shared_of(k));
  Bytes named = to_bytes(BytesView{shared}.first(32));
  append(named, text);
  append(named, BytesView{shared}.last(32));
  Bytes forged{4};
  append(forged, internal::store_point(*peer.multiple(Number{k})));
  append(forged, hash::sm3(named));
  append(forged, text);
  const auto opened = sm2_decrypt(secret, forged);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), err::bad_ciphertext);
}

TEST(Sm2Encryption, ScalarsOutOfRangeAreDrawnAgain) {
  const Sm2Secret secret = secret_of(kSecret);
  Scripted entropy{{Bytes(32), Bytes(32, 0xff), scalar(9)}};
  const auto sealed = sm2_encrypt(secret.public_key(), as_bytes(kText), entropy);
  ASSERT_TRUE(sealed);
  EXPECT_TRUE(
      std::ranges::equal(BytesView{*sealed}.subspan(1, 64),
                         internal::store_point(*internal::PeerCurve{NID_sm2}.multiple(Number{9}))));
}

}  // namespace
}  // namespace wusong::crypto

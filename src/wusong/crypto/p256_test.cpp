// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/p256.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/errors.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::crypto {
namespace {

Bytes hex(std::string_view text) {
  return codec::from_hex(text).value_or(Bytes{});
}

/// Counts up, so that a test gives the same keys each time.
class Counter final : public io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_{1};
};

/// @source RFC 6979, A.2.5: P-256 with SHA-256
constexpr std::string_view kSecret =
    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";

TEST(P256, KeyAndSignaturesAreThoseOfRfc6979) {
  const auto key = p256_public_key(hex(kSecret));
  ASSERT_TRUE(key);
  EXPECT_EQ(codec::to_hex(*key),
            "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  const auto sample = p256_sign(hash::sha256(as_bytes("sample")), hex(kSecret));
  ASSERT_TRUE(sample);
  EXPECT_EQ(codec::to_hex(*sample),
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  const auto test = p256_sign(hash::sha256(as_bytes("test")), hex(kSecret));
  ASSERT_TRUE(test);
  EXPECT_EQ(codec::to_hex(*test),
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
            "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083");
}

TEST(P256, ASignatureHoldsForItsMessageAndKeyOnly) {
  Counter entropy;
  const auto secret = p256_generate(entropy);
  const auto other = p256_generate(entropy);
  const auto key = p256_public_key(secret.view()).value_or(PointBytes{});
  const auto digest = hash::sha256(as_bytes("message"));
  auto signature = p256_sign(digest, secret.view()).value_or(PointBytes{});
  EXPECT_TRUE(p256_verify(digest, key, signature));
  EXPECT_FALSE(p256_verify(hash::sha256(as_bytes("messagf")), key, signature));
  EXPECT_FALSE(
      p256_verify(digest, p256_public_key(other.view()).value_or(PointBytes{}), signature));
  EXPECT_FALSE(p256_verify(digest, BytesView{key}.first(63), signature));
  signature[40] = static_cast<std::uint8_t>(signature[40] ^ 1);
  EXPECT_FALSE(p256_verify(digest, key, signature));
}

TEST(P256, ScalarsOutsideTheOrderAreRefused) {
  const Bytes zero(32);
  const Bytes order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  EXPECT_FALSE(p256_public_key(zero));
  EXPECT_FALSE(p256_public_key(order));
  EXPECT_FALSE(p256_sign(Hash{}, order));
  EXPECT_FALSE(p256_public_key(Bytes(31, 1)));
}

TEST(Points, TheShortFormGivesThePointBackOnEveryCurve) {
  Counter entropy;
  for (const auto& [curve, scheme] :
       {std::pair{Curve::secp256k1, Scheme::secp256k1}, std::pair{Curve::sm2, Scheme::sm2}}) {
    for (int i = 0; i < 8; ++i) {
      const auto signer = make_signer(scheme, generate_secret_key(scheme, entropy));
      ASSERT_TRUE(signer);
      const auto point = decompress_point(curve, compress_point((*signer)->public_key()));
      ASSERT_TRUE(point);
      EXPECT_TRUE(std::ranges::equal(*point, (*signer)->public_key()));
      EXPECT_TRUE(point_on_curve(curve, *point));
      EXPECT_FALSE(point_on_curve(Curve::p256, *point));
    }
  }
}

TEST(Points, WhatIsNoPointIsRefused) {
  const Bytes above(33, 0xff);
  EXPECT_FALSE(decompress_point(Curve::p256, above));
  Bytes tagged(33, 0);
  tagged[0] = 4;
  EXPECT_FALSE(decompress_point(Curve::p256, tagged));
  EXPECT_FALSE(decompress_point(Curve::p256, Bytes(32)));
  // x = 5 has no y on secp256k1.
  Bytes five(33, 0);
  five[0] = 2;
  five[32] = 5;
  EXPECT_FALSE(decompress_point(Curve::secp256k1, five));
}

}  // namespace
}  // namespace wusong::crypto

// SPDX-License-Identifier: Apache-2.0
// The examples that the standards print.
#include <gtest/gtest.h>

#include "wusong/cipher/internal/test_providers.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::cipher {
namespace {

using internal::for_each_provider;

Bytes hex(std::string_view text) {
  auto out = codec::from_hex(text);
  EXPECT_TRUE(out.has_value());
  return out.value_or(Bytes{});
}

Bytes encrypt_block(Cipher cipher, BytesView key, BytesView block) {
  const ExpandedKey expanded{cipher, key};
  Bytes out(16);
  expanded.kernels().encrypt(expanded.schedule(), block.data(), out.data(), 1);
  Bytes back(16);
  expanded.kernels().decrypt(expanded.schedule(), out.data(), back.data(), 1);
  EXPECT_EQ(back, to_bytes(block));
  return out;
}

const char* const kSm4Key = "0123456789abcdeffedcba9876543210";

TEST(Gbt32907, OneEncryptionOfAnnexA) {
  testkit::record_vectors("GB/T 32907-2016", 1);
  for_each_provider([] {
    EXPECT_EQ(encrypt_block(Cipher::sm4, hex(kSm4Key), hex(kSm4Key)),
              hex("681edf34d206965e86b3e94f536e4246"));
  });
}

TEST(Gbt32907, AMillionEncryptionsOfAnnexA) {
  testkit::record_vectors("GB/T 32907-2016", 1);
  // One block waits for the last, and the portable code does sixteen in the time of one.
  for_each_provider([] {
    const ExpandedKey key{Cipher::sm4, hex(kSm4Key)};
    if (&key.provider() == &internal::kPortable && testkit::quick()) return;
    Bytes block = hex(kSm4Key);
    for (int i = 0; i < 1'000'000; ++i)
      key.kernels().encrypt(key.schedule(), block.data(), block.data(), 1);
    EXPECT_EQ(block, hex("595298c7c6fd271f0402f804c33d3f66"));
  });
}

TEST(Fips197, CiphersOfAppendixC) {
  testkit::record_vectors("FIPS 197", 2);
  const Bytes plaintext = hex("00112233445566778899aabbccddeeff");
  for_each_provider([&plaintext] {
    EXPECT_EQ(encrypt_block(Cipher::aes128, hex("000102030405060708090a0b0c0d0e0f"), plaintext),
              hex("69c4e0d86a7b0430d8cdb78070b4c55a"));
    EXPECT_EQ(encrypt_block(Cipher::aes256,
                            hex("000102030405060708090a0b0c0d0e0f"
                                "101112131415161718191a1b1c1d1e1f"),
                            plaintext),
              hex("8ea2b7ca516745bfeafc49904b496089"));
  });
}

TEST(Sp80038a, CounterModeOfAppendixF5) {
  testkit::record_vectors("NIST SP 800-38A", 2);
  const Bytes plaintext =
      hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
          "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  const auto start = CounterBlock::from(hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"));
  for_each_provider([&] {
    Bytes out(plaintext.size());
    const auto aes128 = Ctr::create(Cipher::aes128, hex("2b7e151628aed2a6abf7158809cf4f3c"));
    ASSERT_TRUE(aes128->apply(start, 0, plaintext, out));
    EXPECT_EQ(out, hex("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                       "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"));
    const auto aes256 = Ctr::create(Cipher::aes256, hex("603deb1015ca71be2b73aef0857d7781"
                                                        "1f352c073b6108d72d9810a30914dff4"));
    ASSERT_TRUE(aes256->apply(start, 0, plaintext, out));
    EXPECT_EQ(out, hex("601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
                       "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"));
  });
}

const char* const kRfc8998Plaintext =
    "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
    "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa";

template <typename Mode>
void expect_sealed(const Mode& mode, const Header& header, const Bytes& plaintext,
                   const Bytes& sealed, std::size_t tag_bytes = 16) {
  EXPECT_EQ(internal::seal(mode, header, plaintext, tag_bytes), sealed);
  const auto opened = internal::open(mode, header, sealed, tag_bytes);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(*opened, plaintext);
}

TEST(Rfc8998, Sm4InBothModesOfAppendixA) {
  testkit::record_vectors("RFC 8998", 2);
  const Bytes nonce = hex("00001234567800000000abcd");
  const Bytes associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  for_each_provider([&] {
    const Header header{.nonce = nonce, .associated = associated};
    expect_sealed(*Gcm::create(Cipher::sm4, hex(kSm4Key)), header, hex(kRfc8998Plaintext),
                  hex("17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
                      "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
                      "83de3541e4c2b58177e065a9bf7b62ec"));
    expect_sealed(*Ccm::create(Cipher::sm4, hex(kSm4Key)), header, hex(kRfc8998Plaintext),
                  hex("48af93501fa62adbcd414cce6034d895dda1bf8f132f042098661572e7483094"
                      "fd12e518ce062c98acee28d95df4416bed31a2f04476c18bb40c84a74b97dc5b"
                      "16842d4fa186f56ab33256971fa110f4"));
  });
}

TEST(Sp80038c, ExamplesOneToThree) {
  testkit::record_vectors("NIST SP 800-38C", 3);
  const Bytes key = hex("404142434445464748494a4b4c4d4e4f");
  const Bytes nonce = hex("101112131415161718191a1b");
  const Bytes associated = hex("000102030405060708090a0b0c0d0e0f10111213");
  const Bytes plaintext = hex("202122232425262728292a2b2c2d2e2f3031323334353637");
  for_each_provider([&] {
    expect_sealed(
        *Ccm::create(Cipher::aes128, key, 4),
        {.nonce = BytesView{nonce}.first(7), .associated = BytesView{associated}.first(8)},
        {plaintext.begin(), plaintext.begin() + 4}, hex("7162015b4dac255d"), 4);
    expect_sealed(
        *Ccm::create(Cipher::aes128, key, 6),
        {.nonce = BytesView{nonce}.first(8), .associated = BytesView{associated}.first(16)},
        {plaintext.begin(), plaintext.begin() + 16},
        hex("d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd"), 6);
    expect_sealed(*Ccm::create(Cipher::aes128, key, 8), {.nonce = nonce, .associated = associated},
                  plaintext,
                  hex("e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951"), 8);
  });
}

TEST(Gbt17964, XtsWithItsOwnOrderOfBits) {
  testkit::record_vectors("GB/T 17964-2021", 2);
  for_each_provider([] {
    const auto check = [](TweakOrder order, const Bytes& key, const Bytes& unit,
                          const Bytes& plaintext, const Bytes& expected) {
      const auto xts = Xts::create(Cipher::sm4, key, order);
      Bytes out(plaintext.size());
      ASSERT_TRUE(xts->encrypt(DataUnit::from(unit), plaintext, out));
      EXPECT_EQ(out, expected);
      ASSERT_TRUE(xts->decrypt(DataUnit::from(unit), out, out));
      EXPECT_EQ(out, plaintext);
    };
    const Bytes key = hex("2b7e151628aed2a6abf7158809cf4f3c000102030405060708090a0b0c0d0e0f");
    const Bytes unit = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    const Bytes plaintext = hex(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc119"
        "1a0a52eff69f2445df4f9b17");
    check(
        TweakOrder::gbt17964, key, unit, plaintext,
        hex("e9538251c71d7b80bbe4483fef497bd12c5c581bd6242fc51e08964fb4f60fdb0ba42f63499279213d318d"
            "2c11f6886e903be7f93a1b3479"));
    check(
        TweakOrder::ieee1619, key, unit, plaintext,
        hex("e9538251c71d7b80bbe4483fef497bd1b3db1a3e60408c575d63ff7db39f83260869f9e2585fec9f0b863b"
            "f8fd784b8627d16c0db6d2cfc7"));
    check(TweakOrder::gbt17964,
          hex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0"),
          hex("9a785634120000000000000000000000"), hex("000102030405060708090a0b0c0d0e0f10"),
          hex("9e52443a35410ca0ba5637b94c0766f469"));
  });
}

}  // namespace
}  // namespace wusong::cipher

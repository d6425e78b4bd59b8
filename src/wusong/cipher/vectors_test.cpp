// SPDX-License-Identifier: Apache-2.0
// Wycheproof's vectors (Apache-2.0), by every provider.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "wusong/cipher/internal/test_providers.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/testkit/vectors.hpp"

namespace wusong::cipher {
namespace {

using codec::JsonValue;

Bytes bytes_at(const JsonValue& object, std::string_view key) {
  auto out = codec::from_hex(object.string_at(key).value_or("?"));
  EXPECT_TRUE(out.has_value()) << key;
  return out.value_or(Bytes{});
}

std::size_t number_at(const JsonValue& object, std::string_view key) {
  return object.at(key)->u64().value_or(0);
}

/// What a file holds: some tests have keys of 192 bits, for which we have no cipher.
struct Vectors {
  std::string_view name;
  std::size_t ours;
  std::size_t others = 0;
  std::size_t keys = 1;  // in one of its keys
};

std::optional<Cipher> cipher_of(const Vectors& vectors, std::size_t key_bits) {
  if (vectors.name.starts_with("sm4")) return Cipher::sm4;
  if (key_bits == 128) return Cipher::aes128;
  if (key_bits == 256) return Cipher::aes256;
  return std::nullopt;
}

/// Calls check(cipher, group, test, is_valid) for each of a file's tests that are ours, once for
/// each provider; false where there is no such file.
template <typename Check>
bool for_each_test(const Vectors& vectors, Check check) {
  testkit::record_vectors("C2SP/wycheproof", vectors.ours);
  const auto text =
      testkit::read_vector(std::string{"wycheproof/testvectors_v1/"} + std::string{vectors.name});
  if (!text) return false;
  const auto document = codec::JsonDocument::parse(*text);
  EXPECT_TRUE(document.has_value());
  if (!document) return true;
  internal::for_each_provider([&] {
    std::size_t ours = 0;
    std::size_t others = 0;
    for (const auto& group : document->root().at("testGroups")->items()) {
      const auto cipher = cipher_of(vectors, number_at(group, "keySize") / vectors.keys);
      for (const auto& test : group.at("tests")->items()) {
        ++(cipher ? ours : others);
        if (!cipher) continue;
        SCOPED_TRACE(number_at(test, "tcId"));
        check(*cipher, group, test, *test.string_at("result") == "valid");
      }
    }
    EXPECT_EQ(ours, vectors.ours);
    EXPECT_EQ(others, vectors.others);
  });
  return true;
}

template <typename Mode>
void check_authenticated(const Result<Mode>& mode, const JsonValue& test, bool is_valid,
                         std::size_t tag_bytes) {
  if (!mode) {
    EXPECT_FALSE(is_valid);
    return;
  }
  const Bytes nonce = bytes_at(test, "iv");
  const Bytes associated = bytes_at(test, "aad");
  const Bytes text = bytes_at(test, "msg");
  Bytes sealed = bytes_at(test, "ct");
  append(sealed, bytes_at(test, "tag"));
  const Header header{.nonce = nonce, .associated = associated};
  const auto opened = internal::open(*mode, header, sealed, tag_bytes);
  ASSERT_EQ(opened.has_value(), is_valid);
  if (!is_valid) return;
  EXPECT_EQ(*opened, text);
  EXPECT_EQ(internal::seal(*mode, header, text, tag_bytes), sealed);
}

template <typename Make>
bool run_authenticated(const Vectors& vectors, Make make) {
  return for_each_test(vectors, [&make](Cipher cipher, const JsonValue& group,
                                        const JsonValue& test, bool is_valid) {
    const std::size_t tag_bytes = number_at(group, "tagSize") / 8;
    check_authenticated(make(cipher, bytes_at(test, "key"), tag_bytes), test, is_valid, tag_bytes);
  });
}

Result<Gcm> make_gcm(Cipher cipher, const Bytes& key, std::size_t tag_bytes) {
  EXPECT_EQ(tag_bytes, kGcmTagBytes);
  return Gcm::create(cipher, key);
}
Result<Ccm> make_ccm(Cipher cipher, const Bytes& key, std::size_t tag_bytes) {
  return Ccm::create(cipher, key, tag_bytes);
}

TEST(Wycheproof, AesGcm) {
  if (!run_authenticated({.name = "aes_gcm_test.json", .ours = 213, .others = 103}, make_gcm))
    GTEST_SKIP() << "vectors not found";
}
TEST(Wycheproof, Sm4Gcm) {
  if (!run_authenticated({.name = "sm4_gcm_test.json", .ours = 104}, make_gcm))
    GTEST_SKIP() << "vectors not found";
}
TEST(Wycheproof, AesCcm) {
  if (!run_authenticated({.name = "aes_ccm_test.json", .ours = 368, .others = 184}, make_ccm))
    GTEST_SKIP() << "vectors not found";
}
TEST(Wycheproof, Sm4Ccm) {
  if (!run_authenticated({.name = "sm4_ccm_test.json", .ours = 184}, make_ccm))
    GTEST_SKIP() << "vectors not found";
}

TEST(Wycheproof, AesXts) {
  const bool found = for_each_test(
      {.name = "aes_xts_test.json", .ours = 82, .others = 41, .keys = 2},
      [](Cipher cipher, const JsonValue& /*group*/, const JsonValue& test, bool is_valid) {
        ASSERT_TRUE(is_valid);
        const auto xts = Xts::create(cipher, bytes_at(test, "key"), TweakOrder::ieee1619);
        ASSERT_TRUE(xts.has_value());
        Bytes unit = bytes_at(test, "iv");
        unit.resize(16);  // the number of a data unit, its lowest byte first
        const Bytes text = bytes_at(test, "msg");
        Bytes out(text.size());
        ASSERT_TRUE(xts->encrypt(DataUnit::from(unit), text, out));
        EXPECT_EQ(out, bytes_at(test, "ct"));
        ASSERT_TRUE(xts->decrypt(DataUnit::from(unit), out, out));
        EXPECT_EQ(out, text);
      });
  if (!found) GTEST_SKIP() << "vectors not found";
}

}  // namespace
}  // namespace wusong::cipher

// SPDX-License-Identifier: Apache-2.0
// Wycheproof's vectors (Apache-2.0), by every provider.
#include <gtest/gtest.h>

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

/// Calls check(group, test, is_valid) for each of a file's tests, once for each provider; nothing
/// where there is no such file.
template <typename Check>
void for_each_test(std::string_view name, std::size_t expected, Check check) {
  testkit::record_vectors("C2SP/wycheproof", expected);
  const auto text =
      testkit::read_vector(std::string{"wycheproof/testvectors_v1/"} + std::string{name});
  if (!text) GTEST_SKIP() << "vectors not found";
  const auto document = codec::JsonDocument::parse(*text);
  ASSERT_TRUE(document.has_value());
  internal::for_each_provider([&] {
    std::size_t count = 0;
    for (const auto& group : document->root().at("testGroups")->items()) {
      for (const auto& test : group.at("tests")->items()) {
        SCOPED_TRACE(test.at("tcId")->u64().value_or(0));
        check(group, test, *test.string_at("result") == "valid");
        ++count;
      }
    }
    EXPECT_EQ(count, expected);
  });
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

std::size_t number_at(const JsonValue& object, std::string_view key) {
  return object.at(key)->u64().value_or(0);
}

/// Nothing for keys of 192 bits: we have no such cipher.
std::optional<Cipher> aes_of(std::size_t key_bits) {
  if (key_bits == 128) return Cipher::aes128;
  if (key_bits == 256) return Cipher::aes256;
  return std::nullopt;
}

template <typename Make>
void run_authenticated(std::string_view name, std::size_t expected, bool is_sm4, Make make) {
  for_each_test(name, expected, [&](const JsonValue& group, const JsonValue& test, bool is_valid) {
    const auto cipher = is_sm4 ? std::optional{Cipher::sm4} : aes_of(number_at(group, "keySize"));
    if (!cipher) return;
    const std::size_t tag_bytes = number_at(group, "tagSize") / 8;
    check_authenticated(make(*cipher, bytes_at(test, "key"), tag_bytes), test, is_valid, tag_bytes);
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
  run_authenticated("aes_gcm_test.json", 316, false, make_gcm);
}
TEST(Wycheproof, Sm4Gcm) {
  run_authenticated("sm4_gcm_test.json", 104, true, make_gcm);
}
TEST(Wycheproof, AesCcm) {
  run_authenticated("aes_ccm_test.json", 552, false, make_ccm);
}
TEST(Wycheproof, Sm4Ccm) {
  run_authenticated("sm4_ccm_test.json", 184, true, make_ccm);
}

TEST(Wycheproof, AesXts) {
  for_each_test(
      "aes_xts_test.json", 123, [](const JsonValue& group, const JsonValue& test, bool is_valid) {
        const auto cipher = aes_of(number_at(group, "keySize") / 2);
        if (!cipher) return;
        ASSERT_TRUE(is_valid);
        const auto xts = Xts::create(*cipher, bytes_at(test, "key"), TweakOrder::ieee1619);
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
}

}  // namespace
}  // namespace wusong::cipher

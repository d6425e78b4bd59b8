// SPDX-License-Identifier: Apache-2.0
#include "wusong/crypto/keystore.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/json.hpp"
#include "wusong/crypto/errors.hpp"

namespace wusong::crypto {
namespace {

class CountingEntropy final : public io::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) noexcept override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_{0};
};

constexpr KeystoreCost kCheap{.scrypt_n = 2, .scrypt_r = 8, .scrypt_p = 1};

std::string make(BytesView secret, std::string_view password, std::string_view scheme) {
  CountingEntropy entropy;
  return encrypt_keystore(secret, password, "00112233445566778899aabbccddeeff00112233", scheme,
                          kCheap, entropy);
}

/// `text` with one part replaced, which must be there.
std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto position = text.find(from);
  EXPECT_NE(position, std::string::npos) << from;
  return position == std::string::npos ? text : text.replace(position, from.size(), to);
}

TEST(Keystore, OpensWithItsPasswordOnly) {
  for (const std::size_t size : {1u, 16u, 32u, 48u, 1024u}) {
    const Bytes secret(size, 0x5a);
    const std::string file = make(secret, "correct horse", "");
    const auto opened = decrypt_keystore(file, "correct horse");
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->secret_key, secret);
    EXPECT_EQ(opened->scheme, "secp256k1");
    EXPECT_EQ(decrypt_keystore(file, "correct horsf").error(), Error{err::wrong_password});
    EXPECT_EQ(decrypt_keystore(file, "").error(), Error{err::wrong_password});
  }
}

TEST(Keystore, KeepsTheSchemeAndAnEmptyPasswordWorks) {
  const auto opened = decrypt_keystore(make(Bytes(32, 1), "", "sm2"), "");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->scheme, "sm2");
}

TEST(Keystore, TellsTheAccountThatItNames) {
  const std::string file = make(Bytes(32, 1), "p", "sm2");
  EXPECT_EQ(decrypt_keystore(file, "p")->address, "00112233445566778899aabbccddeeff00112233");
  EXPECT_EQ(decrypt_keystore(replaced(file, "\"address\"", "\"name\""), "p")->address, "");
}

TEST(Keystore, HasTheMembersOtherToolsRead) {
  const auto document = codec::JsonDocument::parse(make(Bytes(32, 1), "p", "secp256k1"));
  ASSERT_TRUE(document);
  const auto root = document->root();
  EXPECT_EQ(root.at("version")->u64(), 3u);
  EXPECT_EQ(root.string_at("address"), "00112233445566778899aabbccddeeff00112233");
  EXPECT_EQ(root.string_at("id")->size(), 36u);
  EXPECT_EQ(root.string_at("id")->at(14), '4');
  EXPECT_FALSE(root.find("wusong_scheme"));
  EXPECT_EQ(root.at("crypto")->string_at("cipher"), "aes-128-ctr");
  EXPECT_EQ(root.at("crypto")->string_at("kdf"), "scrypt");
}

TEST(Keystore, MalformedFilesAreRefused) {
  const std::string file = make(Bytes(32, 1), "p", "");
  for (const std::string_view text :
       {"", "{}", "[]", "null", "{\"version\":3}", "{\"version\":\"3\"}"})
    EXPECT_EQ(decrypt_keystore(text, "p").error(), Error{err::bad_keystore}) << text;
  for (const std::string_view member :
       {"ciphertext", "cipherparams", "iv", "kdf", "kdfparams", "dklen", "n", "salt", "mac"}) {
    const std::string name = "\"" + std::string{member} + "\"";
    EXPECT_EQ(decrypt_keystore(replaced(file, name, "\"other\""), "p").error(),
              Error{err::bad_keystore})
        << member;
  }
  EXPECT_EQ(decrypt_keystore(replaced(file, "\"n\":2", "\"n\":3"), "p").error(),
            Error{err::bad_keystore});
  EXPECT_EQ(decrypt_keystore(replaced(file, "\"n\":2", "\"n\":1"), "p").error(),
            Error{err::bad_keystore});
  EXPECT_EQ(decrypt_keystore(replaced(file, "\"r\":8", "\"r\":0"), "p").error(),
            Error{err::bad_keystore});
}

TEST(Keystore, UnknownAlgorithmsAndCostsAboveTheLimitAreRefusedBeforeAnyWork) {
  const std::string file = make(Bytes(32, 1), "p", "");
  const std::pair<std::string_view, std::string_view> changes[] = {
      {"\"version\":3", "\"version\":4"},
      {"aes-128-ctr", "aes-128-cbc"},
      {"\"scrypt\"", "\"argon2\""},
      {"\"dklen\":32", "\"dklen\":64"},
      {"\"n\":2", "\"n\":4194304"},
      {"\"n\":2", "\"n\":9223372036854775808"},
      {"\"r\":8", "\"r\":18446744073709551615"},
      {"\"p\":1", "\"p\":18446744073709551615"},
      {"\"p\":1", "\"p\":4294967296"},
  };
  for (const auto& [from, to] : changes)
    EXPECT_EQ(decrypt_keystore(replaced(file, from, to), "p").error(),
              Error{err::unsupported_keystore})
        << to;
}

TEST(Keystore, AChangedCiphertextFailsItsMac) {
  const std::string file = make(Bytes(32, 1), "p", "");
  const auto start = file.find("\"ciphertext\":\"") + 14;
  for (std::size_t i = 0; i < 64; i += 9) {
    std::string changed = file;
    changed[start + i] = changed[start + i] == '0' ? '1' : '0';
    EXPECT_EQ(decrypt_keystore(changed, "p").error(), Error{err::wrong_password});
  }
}

}  // namespace
}  // namespace wusong::crypto

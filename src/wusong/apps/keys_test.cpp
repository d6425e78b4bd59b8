// SPDX-License-Identifier: Apache-2.0
#include "wusong/apps/keys.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "wusong/apps/account_command.hpp"
#include "wusong/apps/network_create.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/platform/os_entropy.hpp"
#include "wusong/testkit/test_folder.hpp"

namespace wusong::apps {
namespace {

using testkit::TestFolder;

constexpr crypto::KeystoreCost kCheap{.scrypt_n = 2, .scrypt_r = 1, .scrypt_p = 1};

unsigned mode_of(const std::filesystem::path& file) {
  struct stat status{};
  EXPECT_EQ(::stat(file.c_str(), &status), 0);
  return status.st_mode & 0777;
}

void write(const std::filesystem::path& file, const std::string& text, unsigned mode) {
  std::ofstream{file} << text;
  ASSERT_EQ(::chmod(file.c_str(), mode), 0);
}

TEST(Keys, EverySchemeReadsBack) {
  const TestFolder folder;
  platform::OsEntropy entropy;
  for (const crypto::SchemeInfo& info : crypto::scheme_table()) {
    const Bytes secret = crypto::generate_secret_key(info.scheme, entropy);
    const auto file = folder.path() / (std::string{info.name} + ".json");
    ASSERT_TRUE(write_key(file, info.scheme, secret, "pass", kCheap));
    EXPECT_EQ(mode_of(file), 0600u);
    const auto read = read_key(file, "pass");
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->scheme, info.scheme);
    EXPECT_TRUE(std::ranges::equal(read->secret.view(), secret));
    const auto wrong = read_key(file, "Pass");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().name(), "crypto.wrong_password");
  }
}

TEST(Keys, AFileNamesTheAccountThatItsKeySignsFor) {
  const TestFolder folder;
  const Address account = Address::from(Bytes(20, 0x77));
  const auto file = folder.path() / "moved.json";
  ASSERT_TRUE(write_key(file, crypto::Scheme::ml_dsa_44, Bytes(32, 1), "a", kCheap, account));
  auto moved = account_of(std::move(*read_key(file, "a")));
  ASSERT_TRUE(moved) << moved.error().detail;
  EXPECT_EQ(moved->address, account);
  EXPECT_NE(moved->key_address, account);
  const auto own = folder.path() / "own.json";
  ASSERT_TRUE(write_key(own, crypto::Scheme::ml_dsa_44, Bytes(32, 1), "a", kCheap));
  const auto first = account_of(std::move(*read_key(own, "a")));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->address, moved->key_address);
  EXPECT_EQ(first->key_address, first->address);
}

TEST(Keys, AnExistingFileIsNeverOverwritten) {
  const TestFolder folder;
  const Bytes secret(32, 1);
  const auto file = folder.path() / "key.json";
  ASSERT_TRUE(write_key(file, crypto::Scheme::secp256k1, secret, "a", kCheap));
  const auto again = write_key(file, crypto::Scheme::secp256k1, Bytes(32, 2), "b", kCheap);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().name(), "apps.already_exists");
  EXPECT_TRUE(read_key(file, "a"));
}

TEST(Keys, UnusableKeysAreRefused) {
  const TestFolder folder;
  EXPECT_FALSE(
      write_key(folder.path() / "zero.json", crypto::Scheme::secp256k1, Bytes(32, 0), "a", kCheap));
  EXPECT_FALSE(
      write_key(folder.path() / "short.json", crypto::Scheme::ed25519, Bytes(31, 1), "a", kCheap));
  write(folder.path() / "none.json", "{\"version\":3}", 0600);
  EXPECT_FALSE(read_key(folder.path() / "none.json", "a"));
}

TEST(Keys, APasswordOthersCanReadIsRefused) {
  const TestFolder folder;
  const auto file = folder.path() / "password";
  write(file, "secret\nmore\n", 0644);
  const auto open = read_password(file);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().name(), "apps.bad_key_file");
  EXPECT_NE(open.error().detail.find("chmod 600"), std::string::npos);
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  EXPECT_EQ(read_password(file).value_or(""), "secret");
}

TEST(Keys, ACredentialOfTheServiceManagerMayShowItsAccessList) {
  const TestFolder folder;
  const auto file = folder.path() / "server.key";
  write(file, "k", 0600);
  EXPECT_TRUE(check_private(file));
  ASSERT_EQ(::chmod(file.c_str(), 0440), 0);
  EXPECT_FALSE(check_private(file));
  ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", file.parent_path().c_str(), 1), 0);
  EXPECT_TRUE(check_private(file));
  ASSERT_EQ(::chmod(file.c_str(), 0444), 0);
  EXPECT_FALSE(check_private(file)) << "everybody may never read it";
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(Keys, AGeneratedPasswordHas256Bits) {
  const TestFolder folder;
  const auto file = folder.path() / "password";
  const auto made = create_password(file);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->size(), 64u);
  EXPECT_EQ(mode_of(file), 0600u);
  EXPECT_EQ(read_password(file).value_or(""), *made);
  EXPECT_FALSE(create_password(file));
}

TEST(Signer, DevelopmentAccountsSignForTheirAddresses) {
  for (std::uint64_t i = 0; i < 10; ++i) {
    const auto key =
        open_signer({.from = {}, .dev_account = i, .keystore = {}, .password_file = {}});
    ASSERT_TRUE(key);
    const auto signer = crypto::make_signer(key->scheme, key->secret.view());
    ASSERT_TRUE(signer);
    const auto expected = codec::fixed_from_hex<Address>(kDevAccounts[i].address);
    EXPECT_EQ(crypto::address_of(key->scheme, (*signer)->public_key()), *expected);
  }
  EXPECT_FALSE(open_signer({.from = {}, .dev_account = 10, .keystore = {}, .password_file = {}}));
}

TEST(Signer, AnAddressIsLookedUpInTheKeystore) {
  const TestFolder folder;
  const auto password = folder.path() / "password";
  write(password, "pass\n", 0600);
  const std::string address = "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf";  // of secret key 1
  Bytes one(32, 0);
  one.back() = 1;
  ASSERT_TRUE(write_key(folder.path() / (address + ".json"), crypto::Scheme::secp256k1, one, "pass",
                        kCheap));
  SignerChoice choice{.from = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
                      .dev_account = {},
                      .keystore = folder.path(),
                      .password_file = password};
  ASSERT_TRUE(open_signer(choice));
  choice.from = "0x0000000000000000000000000000000000000001";
  EXPECT_EQ(open_signer(choice).error().name(), "apps.not_found");
  choice.from = "../password";
  EXPECT_EQ(open_signer(choice).error().name(), "apps.bad_argument");
  choice.from = "";
  EXPECT_EQ(open_signer(choice).error().name(), "apps.bad_argument");
}

}  // namespace
}  // namespace wusong::apps

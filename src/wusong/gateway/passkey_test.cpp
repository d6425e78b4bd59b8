// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/bound_keys.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/testkit/authenticator.hpp"
#include "wusong/testkit/identity_world.hpp"

namespace wusong::gateway {
namespace {

using testkit::Authenticator;

class PasskeyTest : public testkit::IdentityWorld {
 protected:
  std::string challenge(const std::string& path, testkit::Browser& browser) {
    const auto response = post(path, "{}", browser);
    EXPECT_EQ(response.status, 200u) << response.body;
    const auto parsed = codec::JsonDocument::parse(response.body);
    return std::string{*parsed->root().at("publicKey")->string_at("challenge")};
  }
  Response add(const Authenticator& device, testkit::Browser& browser) {
    return post("/api/v1/passkeys/register/finish",
                device.registration(challenge("/api/v1/passkeys/register/begin", browser)),
                browser);
  }
  Response use(const Authenticator& device, testkit::Browser& browser,
               std::string_view owner = {}) {
    return post("/api/v1/passkeys/login/finish",
                device.assertion(challenge("/api/v1/passkeys/login/begin", browser), owner),
                browser);
  }
};

// @row 16
TEST_F(PasskeyTest, APasskeyOfEitherKindSignsItsOwnerIn) {
  auto owner = person("zhang");
  for (const auto kind : {identity::KeyKind::p256, identity::KeyKind::ed25519}) {
    const Authenticator device{kind, entropy_};
    testkit::Browser browser;
    EXPECT_EQ(use(device, browser).status, 401u);  // not registered
    const auto added = add(device, owner);
    ASSERT_EQ(added.status, 200u) << added.body;
    EXPECT_NE(added.body.find("电脑"), std::string::npos);
    const auto used = use(device, browser);
    ASSERT_EQ(used.status, 200u) << used.body;
    EXPECT_TRUE(signed_in(browser));
  }
  testkit::Browser nobody;
  EXPECT_EQ(post("/api/v1/passkeys/register/begin", "{}", nobody).status, 401u);
}

TEST_F(PasskeyTest, EveryCheckOfARegistrationCounts) {
  auto owner = person("zhang");
  const auto refused = [&](auto&& bend) {
    Authenticator device{identity::KeyKind::p256, entropy_};
    bend(device);
    return add(device, owner).status == 401;
  };
  EXPECT_TRUE(refused([](auto& device) { device.origin = "https://evil.example"; }));
  EXPECT_TRUE(refused([](auto& device) { device.origin = "http://data.example.cn"; }));
  EXPECT_TRUE(refused([](auto& device) { device.domain = "example.cn"; }));
  EXPECT_TRUE(refused([](auto& device) { device.flags = 0x01; }));  // not verified
  EXPECT_TRUE(refused([](auto& device) { device.flags = 0x04; }));  // not present
  EXPECT_TRUE(refused([](auto& device) { device.flags = 0x15; }));  // backed up, not eligible
  EXPECT_TRUE(refused([](auto& device) { device.more = R"(,"crossOrigin":true)"; }));
  EXPECT_TRUE(refused([](auto& device) { device.more = R"(,"topOrigin":"https://a.example")"; }));
  EXPECT_TRUE(refused([](auto& device) { device.key[5] ^= 1; }));  // off the curve
  EXPECT_FALSE(refused([](auto&) {}));

  // An answer to another account's challenge, and an assertion's challenge.
  auto other = person("li-si", "440524188001010014");
  const Authenticator device{identity::KeyKind::p256, entropy_};
  const auto theirs = challenge("/api/v1/passkeys/register/begin", other);
  EXPECT_EQ(post("/api/v1/passkeys/register/finish", device.registration(theirs), owner).status,
            401u);
  const auto login = challenge("/api/v1/passkeys/login/begin", owner);
  EXPECT_EQ(post("/api/v1/passkeys/register/finish", device.registration(login), owner).status,
            401u);
}

TEST_F(PasskeyTest, EveryCheckOfAnAssertionCounts) {
  auto owner = person("zhang");
  Authenticator device{identity::KeyKind::p256, entropy_};
  ASSERT_EQ(add(device, owner).status, 200u);
  const auto refused = [&](auto&& bend) {
    Authenticator bent{identity::KeyKind::p256, entropy_};
    bent.id = device.id;
    bent.key = device.key;
    bent.secret = SecretBytes{to_bytes(device.secret.view())};
    bend(bent);
    testkit::Browser browser;
    return use(bent, browser).status == 401 && !signed_in(browser);
  };
  EXPECT_TRUE(refused([](auto& bent) { bent.origin = "https://data.example.cn:8443"; }));
  EXPECT_TRUE(refused([](auto& bent) { bent.domain = "evil.example"; }));
  EXPECT_TRUE(refused([](auto& bent) { bent.flags = 0x04; }));
  EXPECT_TRUE(refused([](auto& bent) { bent.flags = 0x01; }));
  EXPECT_TRUE(refused([&](auto& bent) { bent.secret = crypto::p256_generate(entropy_); }));
  EXPECT_TRUE(refused([](auto& bent) { bent.id[0] ^= 1; }));
  EXPECT_FALSE(refused([](auto&) {}));

  testkit::Browser browser;
  EXPECT_EQ(use(device, browser, "AAAA").status, 401u);  // another owner's handle
  const auto asked = challenge("/api/v1/passkeys/login/begin", browser);
  const auto body = device.assertion(asked);
  EXPECT_EQ(post("/api/v1/passkeys/login/finish", body, browser).status, 200u);
  testkit::Browser second;
  EXPECT_EQ(post("/api/v1/passkeys/login/finish", body, second).status, 401u);  // again
}

TEST_F(PasskeyTest, ACounterThatDoesNotGrowIsACopy) {
  auto owner = person("zhang");
  Authenticator device{identity::KeyKind::ed25519, entropy_};
  device.count = 7;
  ASSERT_EQ(add(device, owner).status, 200u);
  testkit::Browser browser;
  EXPECT_EQ(use(device, browser).status, 401u);
  device.count = 8;
  EXPECT_EQ(use(device, browser).status, 200u);
  testkit::Browser second;
  EXPECT_EQ(use(device, second).status, 401u);
  device.count = 0;
  EXPECT_EQ(use(device, second).status, 401u);
}

TEST_F(PasskeyTest, ACredentialHasOneOwnerWhoCanRemoveIt) {
  auto owner = person("zhang");
  auto other = person("li-si", "440524188001010014");
  const Authenticator device{identity::KeyKind::p256, entropy_};
  ASSERT_EQ(add(device, owner).status, 200u);
  EXPECT_EQ(add(device, other).status, 409u);
  const std::string path = "/api/v1/passkeys/" + base64url(device.id);
  EXPECT_EQ(post(path, "", other, "DELETE").status, 404u);
  EXPECT_EQ(post(path, "", owner, "DELETE").status, 200u);
  testkit::Browser browser;
  EXPECT_EQ(use(device, browser).status, 401u);
}

}  // namespace
}  // namespace wusong::gateway

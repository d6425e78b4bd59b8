// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/passkey.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/passkey_cbor.hpp"
#include "wusong/testkit/identity_world.hpp"

namespace wusong::gateway {
namespace {

/// CBOR of the few shapes that an authenticator writes.
Bytes head(unsigned type, std::uint64_t value) {
  Bytes out;
  const auto first = [&](unsigned more) {
    out.push_back(static_cast<std::uint8_t>(type << 5 | more));
  };
  if (value < 24) {
    first(static_cast<unsigned>(value));
  } else if (value < 256) {
    first(24);
    out.push_back(static_cast<std::uint8_t>(value));
  } else {
    first(25);
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
  }
  return out;
}
Bytes integer(std::int64_t value) {
  return value >= 0 ? head(0, static_cast<std::uint64_t>(value))
                    : head(1, static_cast<std::uint64_t>(-1 - value));
}
Bytes string(BytesView bytes) {
  Bytes out = head(2, bytes.size());
  append(out, bytes);
  return out;
}
Bytes text(std::string_view value) {
  Bytes out = head(3, value.size());
  append(out, as_bytes(value));
  return out;
}
Bytes join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const auto& part : parts) append(out, part);
  return out;
}
Bytes der_integer(BytesView value) {
  while (value.size() > 1 && value[0] == 0) value = value.subspan(1);
  Bytes out{0x02};
  const bool pad = (value[0] & 0x80) != 0;
  out.push_back(static_cast<std::uint8_t>(value.size() + (pad ? 1 : 0)));
  if (pad) out.push_back(0);
  append(out, value);
  return out;
}

/// What the browser and the authenticator would send; each member can be bent.
struct Authenticator {
  explicit Authenticator(KeyKind kind_, io::Entropy& entropy) : kind{kind_} {
    id.resize(32);
    entropy.fill(id);
    if (kind == KeyKind::p256) {
      secret = crypto::p256_generate(entropy);
      key = to_bytes(*crypto::p256_public_key(secret.view()));
    } else {
      signer = std::move(*crypto::make_signer(
          crypto::Scheme::ed25519, crypto::generate_secret_key(crypto::Scheme::ed25519, entropy)));
      key = to_bytes(signer->public_key());
    }
  }
  Bytes cose() const {
    if (kind == KeyKind::p256) {
      return join({head(5, 5), integer(1), integer(2), integer(3), integer(-7), integer(-1),
                   integer(1), integer(-2), string(BytesView{key}.first(32)), integer(-3),
                   string(BytesView{key}.last(32))});
    }
    return join({head(5, 4), integer(1), integer(1), integer(3), integer(-8), integer(-1),
                 integer(6), integer(-2), string(key)});
  }
  Bytes data(bool with_key) const {
    Bytes out = to_bytes(crypto::sha256(as_bytes(domain)));
    out.push_back(static_cast<std::uint8_t>(flags | (with_key ? 0x40 : 0)));
    for (int shift = 24; shift >= 0; shift -= 8) {
      out.push_back(static_cast<std::uint8_t>(count >> shift));
    }
    if (!with_key) return out;
    out.resize(out.size() + 16);  // AAGUID
    out.push_back(static_cast<std::uint8_t>(id.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(id.size()));
    append(out, id);
    append(out, cose());
    return out;
  }
  std::string client_data(std::string_view type, std::string_view challenge) const {
    return R"({"type":")" + std::string{type} + R"(","challenge":")" + std::string{challenge} +
           R"(","origin":")" + origin + "\"" + more + "}";
  }
  Bytes attestation() const {
    return join({head(5, 3), text("fmt"), text("none"), text("attStmt"), head(5, 0),
                 text("authData"), string(data(true))});
  }
  Bytes sign(BytesView authenticator, std::string_view client) const {
    Bytes message = to_bytes(authenticator);
    append(message, crypto::sha256(as_bytes(client)));
    if (signer) return signer->sign(message);
    const auto raw = *crypto::p256_sign(crypto::sha256(message), secret.view());
    const Bytes both =
        join({der_integer(BytesView{raw}.first(32)), der_integer(BytesView{raw}.last(32))});
    Bytes out{0x30, static_cast<std::uint8_t>(both.size())};
    append(out, both);
    return out;
  }
  std::string registration(std::string_view challenge) const {
    return R"({"id":")" + base64url(id) + R"(","type":"public-key","name":"电脑","response":{)" +
           R"("clientDataJSON":")" +
           base64url(as_bytes(client_data("webauthn.create", challenge))) +
           R"(","attestationObject":")" + base64url(attestation()) + "\"}}";
  }
  std::string assertion(std::string_view challenge, std::string_view owner = {}) const {
    const std::string client = client_data("webauthn.get", challenge);
    const Bytes authenticator = data(false);
    return R"({"id":")" + base64url(id) + R"(","type":"public-key","response":{)" +
           R"("clientDataJSON":")" + base64url(as_bytes(client)) + R"(","authenticatorData":")" +
           base64url(authenticator) + R"(","signature":")" +
           base64url(sign(authenticator, client)) + R"(","userHandle":")" + std::string{owner} +
           "\"}}";
  }

  KeyKind kind;
  Bytes id{};
  Bytes key{};
  std::unique_ptr<crypto::Signer> signer{};
  crypto::SecretBytes secret{};
  std::string domain{"data.example.cn"};
  std::string origin{"https://data.example.cn"};
  std::string more{R"(,"crossOrigin":false)"};
  unsigned flags{0x05};  // present and verified
  std::uint32_t count{0};
};

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
  for (const auto kind : {KeyKind::p256, KeyKind::ed25519}) {
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
    Authenticator device{KeyKind::p256, entropy_};
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
  const Authenticator device{KeyKind::p256, entropy_};
  const auto theirs = challenge("/api/v1/passkeys/register/begin", other);
  EXPECT_EQ(post("/api/v1/passkeys/register/finish", device.registration(theirs), owner).status,
            401u);
  const auto login = challenge("/api/v1/passkeys/login/begin", owner);
  EXPECT_EQ(post("/api/v1/passkeys/register/finish", device.registration(login), owner).status,
            401u);
}

TEST_F(PasskeyTest, EveryCheckOfAnAssertionCounts) {
  auto owner = person("zhang");
  Authenticator device{KeyKind::p256, entropy_};
  ASSERT_EQ(add(device, owner).status, 200u);
  const auto refused = [&](auto&& bend) {
    Authenticator bent{KeyKind::p256, entropy_};
    bent.id = device.id;
    bent.key = device.key;
    bent.secret = crypto::SecretBytes{to_bytes(device.secret.view())};
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
  Authenticator device{KeyKind::ed25519, entropy_};
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
  const Authenticator device{KeyKind::p256, entropy_};
  ASSERT_EQ(add(device, owner).status, 200u);
  EXPECT_EQ(add(device, other).status, 409u);
  const std::string path = "/api/v1/passkeys/" + base64url(device.id);
  EXPECT_EQ(post(path, "", other, "DELETE").status, 404u);
  EXPECT_EQ(post(path, "", owner, "DELETE").status, 200u);
  testkit::Browser browser;
  EXPECT_EQ(use(device, browser).status, 401u);
}

TEST(Attestation, TrailingBytesAndOtherFormatsAreRefused) {
  testkit::SeededEntropy entropy;
  const Authenticator device{KeyKind::p256, entropy};
  Bytes whole = device.attestation();
  ASSERT_TRUE(read_attestation(whole));
  whole.push_back(0);
  EXPECT_FALSE(read_attestation(whole));
  EXPECT_FALSE(read_attestation(join({head(5, 3), text("fmt"), text("fido-u2f"), text("attStmt"),
                                      head(5, 0), text("authData"), string(device.data(true))})));
  EXPECT_FALSE(
      read_attestation(join({head(5, 3), text("fmt"), text("none"), text("attStmt"), head(5, 1),
                             text("x"), integer(1), text("authData"), string(device.data(true))})));
  Bytes data = device.data(true);
  ASSERT_TRUE(read_authenticator_data(data));
  data.push_back(0);
  EXPECT_FALSE(read_authenticator_data(data));
  EXPECT_FALSE(read_authenticator_data(Bytes(36)));
}

TEST(Cose, TwiceTheSameLabelOrAnotherAlgorithmIsRefused) {
  testkit::SeededEntropy entropy;
  const Authenticator device{KeyKind::ed25519, entropy};
  EXPECT_TRUE(read_cose_key(device.cose()));
  EXPECT_FALSE(read_cose_key(join({head(5, 4), integer(1), integer(1), integer(3), integer(-8),
                                   integer(3), integer(-8), integer(-2), string(device.key)})));
  EXPECT_FALSE(read_cose_key(join({head(5, 4), integer(1), integer(1), integer(3), integer(-7),
                                   integer(-1), integer(6), integer(-2), string(device.key)})));
}

TEST(Cbor, OnlyShortestFormsAndDefiniteLengthsAreRead) {
  const auto reads = [](std::string_view hex) {
    const auto bytes = codec::from_hex(hex).value_or(Bytes{});
    CborReader reader{bytes};
    return reader.skip() && reader.rest().empty();
  };
  // RFC 8949, appendix A.
  for (const auto good : {"00", "17", "1818", "1903e8", "1a000f4240", "20", "3863", "f4", "f6",
                          "4401020304", "6161", "62c3bc", "83010203", "a201020304", "a0"}) {
    EXPECT_TRUE(reads(good)) << good;
  }
  for (const auto bad : {"1817", "190017", "1a00000017", "5f42010243030405ff", "9fff", "c074",
                         "f90000", "fb3ff199999999999a", "62c328", "8301", "a1", "5818", "",
                         "9bffffffffffffffff", "81818181818181818181", "f7", "f8ff"}) {
    EXPECT_FALSE(reads(bad)) << bad;
  }
}

TEST(DerSignature, HasOneForm) {
  const auto read = [](std::string_view hex) {
    return read_der_signature(codec::from_hex(hex).value_or(Bytes{})).has_value();
  };
  EXPECT_TRUE(read("3006020101020102"));
  EXPECT_TRUE(read("300702020080020102"));
  EXPECT_FALSE(read("30060201010201"));      // too short
  EXPECT_FALSE(read("300602010102010200"));  // a byte behind
  EXPECT_FALSE(read("300702020001020102"));  // a zero too many
  EXPECT_FALSE(read("3006020181020102"));    // negative
  EXPECT_FALSE(read("308106020101020102"));  // a length too long
}

}  // namespace
}  // namespace wusong::gateway

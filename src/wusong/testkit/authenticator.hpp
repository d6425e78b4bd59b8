// SPDX-License-Identifier: Apache-2.0
// An authenticator and the browser in front of it, for tests of passkeys.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/codec/base64.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/sealed.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/identity/did.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::testkit {

namespace cbor {

/// CBOR of the few shapes that an authenticator writes.
inline Bytes head(unsigned type, std::uint64_t value) {
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
inline Bytes integer(std::int64_t value) {
  return value >= 0 ? head(0, static_cast<std::uint64_t>(value))
                    : head(1, static_cast<std::uint64_t>(-1 - value));
}
inline Bytes string(BytesView bytes) {
  Bytes out = head(2, bytes.size());
  append(out, bytes);
  return out;
}
inline Bytes text(std::string_view value) {
  Bytes out = head(3, value.size());
  append(out, as_bytes(value));
  return out;
}
inline Bytes join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const auto& part : parts) append(out, part);
  return out;
}
inline Bytes der_integer(BytesView value) {
  while (value.size() > 1 && value[0] == 0) value = value.subspan(1);
  Bytes out{0x02};
  const bool pad = (value[0] & 0x80) != 0;
  out.push_back(static_cast<std::uint8_t>(value.size() + (pad ? 1 : 0)));
  if (pad) out.push_back(0);
  append(out, value);
  return out;
}

}  // namespace cbor

/// What the browser and the authenticator would send; each member can be bent.
struct Authenticator {
  explicit Authenticator(identity::KeyKind kind_, io::Entropy& entropy) : kind{kind_} {
    id.resize(32);
    entropy.fill(id);
    if (kind == identity::KeyKind::p256) {
      secret = crypto::p256_generate(entropy);
      key = to_bytes(*crypto::p256_public_key(secret.view()));
    } else {
      signer = std::move(*crypto::make_signer(
          crypto::Scheme::ed25519, crypto::generate_secret_key(crypto::Scheme::ed25519, entropy)));
      key = to_bytes(signer->public_key());
    }
  }
  Bytes cose() const {
    if (kind == identity::KeyKind::p256) {
      return cbor::join({cbor::head(5, 5), cbor::integer(1), cbor::integer(2), cbor::integer(3),
                         cbor::integer(-7), cbor::integer(-1), cbor::integer(1), cbor::integer(-2),
                         cbor::string(BytesView{key}.first(32)), cbor::integer(-3),
                         cbor::string(BytesView{key}.last(32))});
    }
    return cbor::join({cbor::head(5, 4), cbor::integer(1), cbor::integer(1), cbor::integer(3),
                       cbor::integer(-8), cbor::integer(-1), cbor::integer(6), cbor::integer(-2),
                       cbor::string(key)});
  }
  Bytes data(bool with_key) const {
    Bytes out = to_bytes(hash::sha256(as_bytes(domain)));
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
    return cbor::join({cbor::head(5, 3), cbor::text("fmt"), cbor::text("none"),
                       cbor::text("attStmt"), cbor::head(5, 0), cbor::text("authData"),
                       cbor::string(data(true))});
  }
  Bytes sign(BytesView authenticator, std::string_view client) const {
    Bytes message = to_bytes(authenticator);
    append(message, hash::sha256(as_bytes(client)));
    if (signer) return signer->sign(message);
    const auto raw = *crypto::p256_sign(hash::sha256(message), secret.view());
    const Bytes both = cbor::join(
        {cbor::der_integer(BytesView{raw}.first(32)), cbor::der_integer(BytesView{raw}.last(32))});
    Bytes out{0x30, static_cast<std::uint8_t>(both.size())};
    append(out, both);
    return out;
  }
  std::string registration(std::string_view challenge) const {
    return R"({"id":")" + codec::base64url(id) +
           R"(","type":"public-key","name":"电脑","response":{)" + R"("clientDataJSON":")" +
           codec::base64url(as_bytes(client_data("webauthn.create", challenge))) +
           R"(","attestationObject":")" + codec::base64url(attestation()) + "\"}}";
  }
  std::string assertion(std::string_view challenge, std::string_view owner = {}) const {
    const std::string client = client_data("webauthn.get", challenge);
    const Bytes authenticator = data(false);
    return R"({"id":")" + codec::base64url(id) + R"(","type":"public-key","response":{)" +
           R"("clientDataJSON":")" + codec::base64url(as_bytes(client)) +
           R"(","authenticatorData":")" + codec::base64url(authenticator) + R"(","signature":")" +
           codec::base64url(sign(authenticator, client)) + R"(","userHandle":")" +
           std::string{owner} + "\"}}";
  }

  identity::KeyKind kind;
  Bytes id{};
  Bytes key{};
  std::unique_ptr<crypto::Signer> signer{};
  SecretBytes secret{};
  std::string domain{"data.example.cn"};
  std::string origin{"https://data.example.cn"};
  std::string more{R"(,"crossOrigin":false)"};
  unsigned flags{0x05};  // present and verified
  std::uint32_t count{0};
};

}  // namespace wusong::testkit

// SPDX-License-Identifier: Apache-2.0
#include "wusong/identity/passkey.hpp"

#include "wusong/codec/base64.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/password.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/identity/errors.hpp"
#include "wusong/identity/passkey_cbor.hpp"

namespace wusong::identity {
namespace {

constexpr std::size_t kCredentialIdMost = 1023;  // bytes; Web Authentication, section 4

// Flags of authenticator data.
constexpr unsigned kUserPresent = 0x01;
constexpr unsigned kUserVerified = 0x04;
constexpr unsigned kBackupEligible = 0x08;
constexpr unsigned kBackedUp = 0x10;
constexpr unsigned kCredential = 0x40;
constexpr unsigned kExtensions = 0x80;

/// An INTEGER of DER: not negative, no leading zero without need, at most 32 bytes of value.
Result<void> der_integer(BytesView& rest, std::uint8_t* out) {
  if (rest.size() < 2 || rest[0] != 0x02) return fail(err::malformed);
  const std::size_t size = rest[1];
  if (size == 0 || size > 33 || rest.size() < 2 + size) return fail(err::malformed);
  BytesView value = rest.subspan(2, size);
  rest = rest.subspan(2 + size);
  if ((value[0] & 0x80) != 0) return fail(err::malformed);
  if (value[0] == 0) {
    if (size == 1 || (value[1] & 0x80) == 0) return fail(err::malformed);
    value = value.subspan(1);
  }
  if (value.size() > 32) return fail(err::malformed);
  std::ranges::copy(value, out + (32 - value.size()));
  return {};
}

/// What the browser signed along.
Result<void> check_client_data(BytesView client_data, std::string_view type,
                               std::string_view challenge, std::string_view origin) {
  auto parsed = codec::JsonDocument::parse(as_text(client_data));
  if (!parsed || !parsed->root().is_object()) return fail(err::malformed);
  const auto root = parsed->root();
  const auto is = [&](std::string_view name, std::string_view wanted) {
    const auto found = root.string_at(name);
    return found && *found == wanted;
  };
  if (!is("type", type) || !is("origin", origin)) return fail(err::not_proved);
  WUSONG_TRY(const auto said, challenge_of(client_data));
  if (!crypto::equal_secrets(said, challenge)) return fail(err::not_proved);
  // A page of another site that frames ours is not where people sign in.
  if (const auto cross = root.find("crossOrigin")) {
    const auto value = cross->boolean();
    if (!value || *value) return fail(err::not_proved);
  }
  if (root.find("topOrigin")) return fail(err::not_proved);
  return {};
}

Result<AuthenticatorData> check_authenticator(const RelyingParty& party, BytesView bytes) {
  WUSONG_TRY(auto out, read_authenticator_data(bytes));
  if (out.rp_hash != hash::sha256(as_bytes(party.id))) return fail(err::not_proved);
  if (!out.user_present || !out.user_verified) return fail(err::not_proved);
  if (out.backed_up && !out.backup_eligible) return fail(err::not_proved);
  return out;
}

}  // namespace

Result<CoseKey> read_cose_key(BytesView bytes) {
  CborReader reader{bytes};
  WUSONG_TRY(const auto members, reader.map());
  if (members != 4 && members != 5) return fail(err::malformed);
  std::optional<std::int64_t> type;
  std::optional<std::int64_t> algorithm;
  std::optional<std::int64_t> curve;
  std::optional<BytesView> x;
  std::optional<BytesView> y;
  for (std::uint64_t i = 0; i < members; ++i) {
    WUSONG_TRY(const auto label, reader.integer());
    auto* const number = label == 1    ? &type
                         : label == 3  ? &algorithm
                         : label == -1 ? &curve
                                       : nullptr;
    auto* const part = label == -2 ? &x : label == -3 ? &y : nullptr;
    if (number != nullptr && !*number) {
      WUSONG_TRY(*number, reader.integer());
    } else if (part != nullptr && !*part) {
      WUSONG_TRY(*part, reader.bytes());
    } else {
      return fail(err::malformed);
    }
  }
  if (!type || !algorithm || !curve || !x || x->size() != 32) return fail(err::malformed);
  CoseKey out;
  out.key.bytes = to_bytes(*x);
  if (*type == 2 && *algorithm == -7 && *curve == 1 && y && y->size() == 32) {
    out.key.kind = KeyKind::p256;
    append(out.key.bytes, *y);
    if (!crypto::point_on_curve(crypto::Curve::p256, out.key.bytes)) return fail(err::malformed);
  } else if (*type == 1 && *algorithm == -8 && *curve == 6 && !y) {
    out.key.kind = KeyKind::ed25519;
  } else {
    return fail(err::malformed);
  }
  out.size = bytes.size() - reader.rest().size();
  return out;
}

Result<AuthenticatorData> read_authenticator_data(BytesView bytes) {
  if (bytes.size() < 37) return fail(err::malformed);
  AuthenticatorData out;
  out.rp_hash = Hash::from(bytes.first(32));
  const unsigned flags = bytes[32];
  out.user_present = (flags & kUserPresent) != 0;
  out.user_verified = (flags & kUserVerified) != 0;
  out.backup_eligible = (flags & kBackupEligible) != 0;
  out.backed_up = (flags & kBackedUp) != 0;
  for (const auto byte : bytes.subspan(33, 4)) out.sign_count = out.sign_count << 8 | byte;
  BytesView rest = bytes.subspan(37);
  if ((flags & kCredential) != 0) {
    if (rest.size() < 18) return fail(err::malformed);
    const std::size_t size = std::size_t{rest[16]} << 8 | rest[17];
    rest = rest.subspan(18);
    if (size == 0 || size > kCredentialIdMost || size > rest.size()) return fail(err::malformed);
    AuthenticatorData::Credential credential;
    credential.id = to_bytes(rest.first(size));
    WUSONG_TRY(auto key, read_cose_key(rest.subspan(size)));
    rest = rest.subspan(size + key.size);
    credential.key = std::move(key.key);
    out.credential = std::move(credential);
  }
  if ((flags & kExtensions) != 0) {
    CborReader reader{rest};
    CborReader kind{rest};
    WUSONG_CHECK(kind.map());
    WUSONG_CHECK(reader.skip());
    rest = reader.rest();
  }
  if (!rest.empty()) return fail(err::malformed);
  return out;
}

Result<BytesView> read_attestation(BytesView bytes) {
  CborReader reader{bytes};
  WUSONG_TRY(const auto members, reader.map());
  if (members != 3) return fail(err::malformed);
  std::optional<std::string_view> format;
  std::optional<std::uint64_t> statement;
  std::optional<BytesView> data;
  for (std::uint64_t i = 0; i < members; ++i) {
    WUSONG_TRY(const auto name, reader.text());
    if (name == "fmt" && !format) {
      WUSONG_TRY(format, reader.text());
    } else if (name == "attStmt" && !statement) {
      CborReader size{reader.rest()};
      WUSONG_TRY(statement, size.map());
      WUSONG_CHECK(reader.skip());
    } else if (name == "authData" && !data) {
      WUSONG_TRY(data, reader.bytes());
    } else {
      return fail(err::malformed);
    }
  }
  if (!format || !statement || !data || !reader.rest().empty()) return fail(err::malformed);
  const bool none = *format == "none" && *statement == 0;
  if (!none && *format != "packed") return fail(err::malformed);
  return *data;
}

Result<std::array<std::uint8_t, 64>> read_der_signature(BytesView der) {
  if (der.size() < 8 || der[0] != 0x30 || der[1] != der.size() - 2 || der[1] > 0x7f) {
    return fail(err::malformed);
  }
  BytesView rest = der.subspan(2);
  std::array<std::uint8_t, 64> out{};
  WUSONG_CHECK(der_integer(rest, out.data()));
  WUSONG_CHECK(der_integer(rest, out.data() + 32));
  if (!rest.empty()) return fail(err::malformed);
  return out;
}

Result<std::string> challenge_of(BytesView client_data) {
  const auto parsed = codec::JsonDocument::parse(as_text(client_data));
  if (!parsed) return fail(err::malformed);
  const auto text = parsed->root().string_at("challenge");
  if (!text) return fail(err::malformed);
  const auto bytes = codec::strict_base64url(*text);
  if (!bytes || bytes->size() != 32) return fail(err::malformed);
  return codec::to_hex(*bytes);
}

Result<AuthenticatorData> check_registration(const RelyingParty& party, std::string_view challenge,
                                             const PasskeyAnswer& answer) {
  WUSONG_CHECK(check_client_data(answer.client_data, "webauthn.create", challenge, party.origin));
  WUSONG_TRY(const auto data, read_attestation(answer.authenticator));
  WUSONG_TRY(auto out, check_authenticator(party, data));
  if (!out.credential) return fail(err::malformed);
  return out;
}

Result<AuthenticatorData> check_assertion(const RelyingParty& party, std::string_view challenge,
                                          const KnownCredential& known,
                                          const PasskeyAnswer& answer) {
  WUSONG_CHECK(check_client_data(answer.client_data, "webauthn.get", challenge, party.origin));
  WUSONG_TRY(auto out, check_authenticator(party, answer.authenticator));
  if (out.credential) return fail(err::malformed);
  Bytes text = answer.authenticator;
  append(text, hash::sha256(answer.client_data));
  if (known.key.kind == KeyKind::p256) {
    WUSONG_TRY(const auto signature, read_der_signature(answer.signature));
    if (!crypto::p256_verify(hash::sha256(text), known.key.bytes, signature)) {
      return fail(err::not_proved);
    }
  } else if (!crypto::verify(crypto::Scheme::ed25519, known.key.bytes, text, answer.signature)) {
    return fail(err::not_proved);
  }
  // A counter that stands still has been copied.
  if ((out.sign_count != 0 || known.sign_count != 0) && out.sign_count <= known.sign_count) {
    return fail(err::not_proved);
  }
  return out;
}

}  // namespace wusong::identity

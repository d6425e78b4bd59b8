// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/passkey.hpp"

#include "wusong/codec/base64.hpp"
#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/crypto/hash.hpp"
#include "wusong/crypto/p256.hpp"
#include "wusong/crypto/password.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/passkey_cbor.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/gateway/tokens.hpp"

namespace wusong::gateway {
namespace {

constexpr std::size_t kCredentialIdMost = 1023;  // bytes; Web Authentication, section 4

enum Flag : unsigned {
  kUserPresent = 0x01,
  kUserVerified = 0x04,
  kBackupEligible = 0x08,
  kBackedUp = 0x10,
  kCredential = 0x40,
  kExtensions = 0x80
};

/// An INTEGER of DER: not negative, no leading zero without need, at most 32 bytes of value.
Result<void> der_integer(BytesView& rest, std::uint8_t* out) {
  if (rest.size() < 2 || rest[0] != 0x02) return fail(err::bad_request);
  const std::size_t size = rest[1];
  if (size == 0 || size > 33 || rest.size() < 2 + size) return fail(err::bad_request);
  BytesView value = rest.subspan(2, size);
  rest = rest.subspan(2 + size);
  if ((value[0] & 0x80) != 0) return fail(err::bad_request);
  if (value[0] == 0) {
    if (size == 1 || (value[1] & 0x80) == 0) return fail(err::bad_request);
    value = value.subspan(1);
  }
  if (value.size() > 32) return fail(err::bad_request);
  std::ranges::copy(value, out + (32 - value.size()));
  return {};
}

/// What the browser signed along.
Result<void> check_client_data(BytesView client_data, std::string_view type,
                               std::string_view challenge, std::string_view origin) {
  auto parsed = codec::JsonDocument::parse(as_text(client_data));
  if (!parsed || !parsed->root().is_object()) return fail(err::bad_request);
  const auto root = parsed->root();
  const auto is = [&](std::string_view name, std::string_view wanted) {
    const auto found = root.string_at(name);
    return found && *found == wanted;
  };
  if (!is("type", type) || !is("origin", origin)) return fail(err::forbidden);
  WUSONG_TRY(const auto said, challenge_of(client_data));
  if (!crypto::equal_secrets(said, challenge)) return fail(err::forbidden);
  // A page of another site that frames ours is not where people sign in.
  if (const auto cross = root.find("crossOrigin")) {
    const auto value = cross->boolean();
    if (!value || *value) return fail(err::forbidden);
  }
  if (root.find("topOrigin")) return fail(err::forbidden);
  return {};
}

Result<AuthenticatorData> check_authenticator(const RelyingParty& party, BytesView bytes) {
  WUSONG_TRY(auto out, read_authenticator_data(bytes));
  if (out.rp_hash != crypto::sha256(as_bytes(party.id))) return fail(err::forbidden);
  if (!out.user_present || !out.user_verified) return fail(err::forbidden);
  if (out.backed_up && !out.backup_eligible) return fail(err::forbidden);
  return out;
}

Passkey passkey_of(const Row& row) {
  Passkey out;
  out.id = text_of(row[0]);
  out.account = text_of(row[1]);
  out.name = text_of(row[2]);
  out.key.kind = text_of(row[3]) == name_of(KeyKind::p256) ? KeyKind::p256 : KeyKind::ed25519;
  out.key.bytes = blob_of(row[4]);
  out.sign_count = static_cast<std::uint32_t>(number_of(row[5]));
  out.created = static_cast<std::uint64_t>(number_of(row[6]));
  out.used = static_cast<std::uint64_t>(number_of(row[7]));
  out.backed_up = number_of(row[8]) != 0;
  return out;
}

}  // namespace

Result<CoseKey> read_cose_key(BytesView bytes) {
  CborReader reader{bytes};
  WUSONG_TRY(const auto members, reader.map());
  if (members != 4 && members != 5) return fail(err::bad_request);
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
      return fail(err::bad_request);
    }
  }
  if (!type || !algorithm || !curve || !x || x->size() != 32) return fail(err::bad_request);
  CoseKey out;
  out.key.bytes = to_bytes(*x);
  if (*type == 2 && *algorithm == -7 && *curve == 1 && y && y->size() == 32) {
    out.key.kind = KeyKind::p256;
    append(out.key.bytes, *y);
    if (!crypto::point_on_curve(crypto::Curve::p256, out.key.bytes)) return fail(err::bad_request);
  } else if (*type == 1 && *algorithm == -8 && *curve == 6 && !y) {
    out.key.kind = KeyKind::ed25519;
  } else {
    return fail(err::bad_request);
  }
  out.size = bytes.size() - reader.rest().size();
  return out;
}

Result<AuthenticatorData> read_authenticator_data(BytesView bytes) {
  if (bytes.size() < 37) return fail(err::bad_request);
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
    if (rest.size() < 18) return fail(err::bad_request);
    const std::size_t size = std::size_t{rest[16]} << 8 | rest[17];
    rest = rest.subspan(18);
    if (size == 0 || size > kCredentialIdMost || size > rest.size()) return fail(err::bad_request);
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
  if (!rest.empty()) return fail(err::bad_request);
  return out;
}

Result<BytesView> read_attestation(BytesView bytes) {
  CborReader reader{bytes};
  WUSONG_TRY(const auto members, reader.map());
  if (members != 3) return fail(err::bad_request);
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
      return fail(err::bad_request);
    }
  }
  if (!format || !statement || !data || !reader.rest().empty()) return fail(err::bad_request);
  const bool none = *format == "none" && *statement == 0;
  if (!none && *format != "packed") return fail(err::bad_request);
  return *data;
}

Result<std::array<std::uint8_t, 64>> read_der_signature(BytesView der) {
  if (der.size() < 8 || der[0] != 0x30 || der[1] != der.size() - 2 || der[1] > 0x7f) {
    return fail(err::bad_request);
  }
  BytesView rest = der.subspan(2);
  std::array<std::uint8_t, 64> out{};
  WUSONG_CHECK(der_integer(rest, out.data()));
  WUSONG_CHECK(der_integer(rest, out.data() + 32));
  if (!rest.empty()) return fail(err::bad_request);
  return out;
}

Result<std::string> challenge_of(BytesView client_data) {
  const auto parsed = codec::JsonDocument::parse(as_text(client_data));
  if (!parsed) return fail(err::bad_request);
  const auto text = parsed->root().string_at("challenge");
  if (!text) return fail(err::bad_request);
  const auto bytes = codec::strict_base64url(*text);
  if (!bytes || bytes->size() != 32) return fail(err::bad_request);
  return codec::to_hex(*bytes);
}

Result<AuthenticatorData> check_registration(const RelyingParty& party, std::string_view challenge,
                                             const PasskeyAnswer& answer) {
  WUSONG_CHECK(check_client_data(answer.client_data, "webauthn.create", challenge, party.origin));
  WUSONG_TRY(const auto data, read_attestation(answer.authenticator));
  WUSONG_TRY(auto out, check_authenticator(party, data));
  if (!out.credential) return fail(err::bad_request);
  return out;
}

Result<AuthenticatorData> check_assertion(const RelyingParty& party, std::string_view challenge,
                                          const Passkey& passkey, const PasskeyAnswer& answer) {
  WUSONG_CHECK(check_client_data(answer.client_data, "webauthn.get", challenge, party.origin));
  WUSONG_TRY(auto out, check_authenticator(party, answer.authenticator));
  if (out.credential) return fail(err::bad_request);
  Bytes text = answer.authenticator;
  append(text, crypto::sha256(answer.client_data));
  if (passkey.key.kind == KeyKind::p256) {
    WUSONG_TRY(const auto signature, read_der_signature(answer.signature));
    if (!crypto::p256_verify(crypto::sha256(text), passkey.key.bytes, signature)) {
      return fail(err::forbidden);
    }
  } else if (!crypto::verify(crypto::Scheme::ed25519, passkey.key.bytes, text, answer.signature)) {
    return fail(err::forbidden);
  }
  // A counter that stands still has been copied.
  if ((out.sign_count != 0 || passkey.sign_count != 0) && out.sign_count <= passkey.sign_count) {
    return fail(err::forbidden);
  }
  return out;
}

Result<void> Passkeys::add(const Passkey& passkey) {
  return transact(*db_, [&]() -> Result<void> {
    WUSONG_TRY(const auto existing, find(passkey.id));
    if (existing) return fail(err::name_taken);
    WUSONG_TRY(const auto all, list(passkey.account));
    if (all.size() >= kMost) return fail(err::quota);
    WUSONG_CHECK(run(*db_,
                     "INSERT INTO passkeys(id, account, name, algorithm, public_key, sign_count, "
                     "created, used, backed_up) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)",
                     sql(passkey.id), sql(passkey.account), sql(passkey.name),
                     sql(name_of(passkey.key.kind)), sql(passkey.key.bytes),
                     sql(std::uint64_t{passkey.sign_count}), sql(passkey.created),
                     sql(std::int64_t{passkey.backed_up ? 1 : 0})));
    return {};
  });
}

Result<std::optional<Passkey>> Passkeys::find(std::string_view id) {
  WUSONG_TRY(const auto row,
             find_row(*db_,
                      "SELECT id, account, name, algorithm, public_key, sign_count, created, used, "
                      "backed_up FROM passkeys WHERE id = $1",
                      sql(id)));
  if (!row) return std::optional<Passkey>{};
  return std::optional{passkey_of(*row)};
}

Result<std::vector<Passkey>> Passkeys::list(std::string_view account) {
  WUSONG_TRY(const auto rows,
             find_rows(*db_,
                       "SELECT id, account, name, algorithm, public_key, sign_count, created, "
                       "used, backed_up FROM passkeys WHERE account = $1 ORDER BY created, id",
                       sql(account)));
  std::vector<Passkey> out;
  for (const auto& row : rows.rows) out.push_back(passkey_of(row));
  return out;
}

Result<bool> Passkeys::mark_used(const Passkey& passkey, std::uint32_t sign_count, UnixMillis now) {
  WUSONG_TRY(
      const auto count,
      run(*db_, "UPDATE passkeys SET sign_count = $1, used = $2 WHERE id = $3 AND sign_count = $4",
          sql(std::uint64_t{sign_count}), sql(now.value), sql(passkey.id),
          sql(std::uint64_t{passkey.sign_count})));
  return count == 1;
}

Result<bool> Passkeys::remove(std::string_view id, std::string_view account) {
  WUSONG_TRY(const auto count, run(*db_, "DELETE FROM passkeys WHERE id = $1 AND account = $2",
                                   sql(id), sql(account)));
  return count > 0;
}

}  // namespace wusong::gateway

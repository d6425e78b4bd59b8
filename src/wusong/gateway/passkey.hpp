// SPDX-License-Identifier: Apache-2.0
// Passkeys: what an authenticator answers when one is made and when one is used.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/time.hpp"
#include "wusong/gateway/did.hpp"
#include "wusong/io/sql.hpp"

namespace wusong::gateway {

/// Whom the authenticator answered: `id` is the domain, `origin` scheme, host and port.
struct RelyingParty {
  std::string id;
  std::string origin;
};

struct AuthenticatorData {
  Hash rp_hash;
  bool user_present{false};
  bool user_verified{false};
  bool backup_eligible{false};
  bool backed_up{false};
  std::uint32_t sign_count{0};
  struct Credential {
    Bytes id;
    PublicKey key;  // P-256 or Ed25519
  };
  std::optional<Credential> credential;
};
struct CoseKey {
  PublicKey key;
  std::size_t size{0};  // bytes that it took
};
/// ES256 (-7) and EdDSA (-8) with exactly their members. @errors err::bad_request
/// @source RFC 9052, section 7; RFC 9053, section 7
[[nodiscard]] Result<CoseKey> read_cose_key(BytesView bytes);
/// All of it, to the last byte. @errors err::bad_request
/// @source Web Authentication Level 3, section 6.1
[[nodiscard]] Result<AuthenticatorData> read_authenticator_data(BytesView bytes);
/// The authenticator data inside. "none" must be empty; a "packed" statement is passed over: where
/// no attestation is asked for it vouches for nothing. @errors err::bad_request
[[nodiscard]] Result<BytesView> read_attestation(BytesView bytes);
/// r || s out of DER. @errors err::bad_request for any second way to write one
[[nodiscard]] Result<std::array<std::uint8_t, 64>> read_der_signature(BytesView der);
/// The challenge of a clientDataJSON in hex, to look it up with. @errors err::bad_request
[[nodiscard]] Result<std::string> challenge_of(BytesView client_data);

/// One ceremony's answer.
struct PasskeyAnswer {
  Bytes client_data;
  Bytes authenticator;  // attestation object, or authenticator data
  Bytes signature;      // of an assertion
};
/// Type, challenge, origin, no other frame, domain, user present and verified.
/// @errors err::bad_request (malformed), err::forbidden (does not hold)
/// @source Web Authentication Level 3, section 7.1
[[nodiscard]] Result<AuthenticatorData> check_registration(const RelyingParty& party,
                                                           std::string_view challenge,
                                                           const PasskeyAnswer& answer);
struct Passkey {
  std::string id;  // base64url
  std::string account;
  std::string name;
  PublicKey key;
  std::uint32_t sign_count{0};
  std::uint64_t created{0};
  std::uint64_t used{0};
  bool backed_up{false};
};
/// Also the signature, and a counter that grows unless the authenticator keeps none.
/// @errors err::bad_request, err::forbidden
/// @source Web Authentication Level 3, section 7.2
[[nodiscard]] Result<AuthenticatorData> check_assertion(const RelyingParty& party,
                                                        std::string_view challenge,
                                                        const Passkey& passkey,
                                                        const PasskeyAnswer& answer);

/// @thread as its connection
class Passkeys {
 public:
  static constexpr std::size_t kMost = 10;  // of one account
  explicit Passkeys(io::SqlConnection& db) : db_{&db} {}
  /// @errors err::name_taken where the credential is known, err::quota
  [[nodiscard]] Result<void> add(const Passkey& passkey);
  [[nodiscard]] Result<std::optional<Passkey>> find(std::string_view id);
  [[nodiscard]] Result<std::vector<Passkey>> list(std::string_view account);
  /// False where another assertion has moved the counter on in the meantime.
  [[nodiscard]] Result<bool> mark_used(const Passkey& passkey, std::uint32_t sign_count,
                                       UnixMillis now);
  [[nodiscard]] Result<bool> remove(std::string_view id, std::string_view account);

 private:
  io::SqlConnection* db_;
};

}  // namespace wusong::gateway

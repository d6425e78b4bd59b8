// SPDX-License-Identifier: Apache-2.0
// Passkeys: what an authenticator answers when one is made and when one is used.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/identity/did.hpp"

namespace wusong::identity {

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
/// ES256 (-7) and EdDSA (-8) with exactly their members. @errors err::malformed
/// @source RFC 9052, section 7; RFC 9053, section 7
[[nodiscard]] Result<CoseKey> read_cose_key(BytesView bytes);
/// All of it, to the last byte. @errors err::malformed
/// @source Web Authentication Level 3, section 6.1
[[nodiscard]] Result<AuthenticatorData> read_authenticator_data(BytesView bytes);
/// The authenticator data inside. "none" must be empty; a "packed" statement is passed over: where
/// no attestation is asked for it vouches for nothing. @errors err::malformed
[[nodiscard]] Result<BytesView> read_attestation(BytesView bytes);
/// r || s out of DER. @errors err::malformed for any second way to write one
[[nodiscard]] Result<std::array<std::uint8_t, 64>> read_der_signature(BytesView der);
/// The challenge of a clientDataJSON in hex, to look it up with. @errors err::malformed
[[nodiscard]] Result<std::string> challenge_of(BytesView client_data);

/// One ceremony's answer.
struct PasskeyAnswer {
  Bytes client_data;
  Bytes authenticator;  // attestation object, or authenticator data
  Bytes signature;      // of an assertion
};
/// Type, challenge, origin, no other frame, domain, user present and verified.
/// @errors err::malformed (malformed), err::not_proved (does not hold)
/// @source Web Authentication Level 3, section 7.1
[[nodiscard]] Result<AuthenticatorData> check_registration(const RelyingParty& party,
                                                           std::string_view challenge,
                                                           const PasskeyAnswer& answer);
/// What is known of a credential from before.
struct KnownCredential {
  PublicKey key;
  std::uint32_t sign_count{0};
};
/// Also the signature, and a counter that grows unless the authenticator keeps none.
/// @errors err::malformed, err::not_proved
/// @source Web Authentication Level 3, section 7.2
[[nodiscard]] Result<AuthenticatorData> check_assertion(const RelyingParty& party,
                                                        std::string_view challenge,
                                                        const KnownCredential& known,
                                                        const PasskeyAnswer& answer);

}  // namespace wusong::identity

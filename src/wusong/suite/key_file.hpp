// SPDX-License-Identifier: Apache-2.0
// Keys in files as other programs read them: PEM or DER of SubjectPublicKeyInfo, PKCS #8 and
// encrypted PKCS #8, and public keys out of certificates.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wusong/io/entropy.hpp"
#include "wusong/suite/key.hpp"

namespace wusong::suite {

enum class Holds : std::uint8_t { public_key, certificate, secret_key, encrypted_secret_key };

/// What a file has, opened as far as it opens without a passphrase.
struct KeyFile {
  Holds holds;
  SecretBytes der;  // the structure itself
};
inline constexpr std::size_t kKeyFileSizeMax = 1u << 20;
/// PEM with anything before it, or DER. @errors err::no_key (also of an empty file, or a larger
/// one)
[[nodiscard]] Result<KeyFile> open_key_file(BytesView file);

/// From a public key, a certificate or a secret key that is not encrypted.
/// @errors err::no_key, err::passphrase_needed, err::bad_der, err::unknown_algorithm, and those of
///         PublicKey::decode
/// @source RFC 5280 section 4.1, RFC 8410, 5480, 9881, 9909, 9935
[[nodiscard]] Result<PublicKey> read_public_key(BytesView file);
/// The passphrase is not asked for where the file is not encrypted.
/// @errors err::no_key (also: a public key), err::passphrase_needed, err::wrong_passphrase,
///         err::cost_too_high, err::bad_der, err::unknown_algorithm, err::not_offered (RSA),
///         err::key_inconsistent, and those of SecretKey::decode
/// @source RFC 5958, RFC 8018
[[nodiscard]] Result<SecretKey> read_secret_key(BytesView file,
                                                std::optional<std::string_view> passphrase);

/// SubjectPublicKeyInfo.
Bytes public_key_der(const PublicKey& key);
/// PKCS #8, not encrypted.
SecretBytes secret_key_der(const SecretKey& key);
/// What one guess of a passphrase costs whoever steals the file: 0.2 s.
inline constexpr int kPassphraseRounds = 600'000;
/// PKCS #8 under a passphrase: PBES2, PBKDF2 with HMAC-SHA256, AES-256-CBC.
Bytes encrypted_key_der(const SecretKey& key, std::string_view passphrase, io::Entropy& entropy,
                        int rounds = kPassphraseRounds);
/// @source RFC 7468
SecretBytes to_pem(Holds holds, BytesView der);

/// "2.16.840.1.101.3.4.3.17": of the algorithm; curves: of the curve.
std::string_view identifier_of(const Scheme& scheme) noexcept;

/// ECDSA and SM2 signatures are DER in files; others are as they are.
Bytes signature_to_file(const Scheme& scheme, BytesView signature);
/// @errors err::bad_signature_encoding
[[nodiscard]] Result<Bytes> signature_from_file(const Scheme& scheme, BytesView file);

}  // namespace wusong::suite

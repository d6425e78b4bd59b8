// SPDX-License-Identifier: Apache-2.0
// Keys of any scheme that signs, encapsulates or agrees, by the scheme's name.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/secret_bytes.hpp"
#include "wusong/io/entropy.hpp"
#include "wusong/pq/ml_kem.hpp"
#include "wusong/suite/scheme.hpp"

namespace wusong::suite {

namespace internal {
struct PublicParts;
struct SecretParts;
}  // namespace internal

/// @thread const functions are safe from any thread
class PublicKey {
 public:
  /// @shape   the scheme's own encoding: curves x || y or 32 bytes; RSA the DER of RSAPublicKey
  /// @errors  err::unknown_scheme (a cipher, a digest), err::bad_length, and what the scheme finds
  [[nodiscard]] static Result<PublicKey> decode(const Scheme& scheme, BytesView encoded);

  const Scheme& scheme() const noexcept;
  BytesView encoded() const noexcept;
  /// Of an account with this key, where the chain knows the scheme.
  std::optional<Address> address() const noexcept;

  /// @shape   curves r || s or R || s; the post-quantum ones with an empty context
  /// @errors  err::not_offered, and the scheme's own: a name ending in bad_signature, or what is
  ///          wrong with its form
  [[nodiscard]] Result<void> verify(BytesView message, BytesView signature) const;
  /// @errors err::not_offered
  [[nodiscard]] Result<pq::Encapsulated> encapsulate(io::Entropy& entropy) const;
  /// A key or a short record for the secret's owner: sm2. The sender is not authenticated.
  /// @shape  C1 || C3 || C2, crypto::kSm2CiphertextAdds longer; sm2_cipher_to_der for files
  /// @errors err::not_offered, crypto::err::bad_length (an empty text, or one above
  ///         crypto::kSm2TextMost)
  [[nodiscard]] Result<Bytes> encrypt(BytesView text, io::Entropy& entropy) const;

  PublicKey(PublicKey&&) noexcept;
  PublicKey& operator=(PublicKey&&) noexcept;
  ~PublicKey();

 private:
  explicit PublicKey(std::unique_ptr<internal::PublicParts> parts) noexcept;
  std::unique_ptr<internal::PublicParts> parts_;
};

struct VerifyRequest {
  const PublicKey* key;
  BytesView message;
  BytesView signature;
};
/// What verify gives for each, in their order; Ed25519 and SM2 cost a fraction when they are many.
std::vector<Result<void>> verify_batch(std::span<const VerifyRequest> requests);

/// Cleared when it goes.
/// @thread const functions are safe from any thread
class SecretKey {
 public:
  /// @errors err::not_offered (RSA)
  [[nodiscard]] static Result<SecretKey> generate(const Scheme& scheme, io::Entropy& entropy);
  /// @shape   what secret() gives; ML-DSA and ML-KEM: the seed, or the expanded key
  /// @errors  err::not_offered, err::bad_length, err::key_inconsistent, and what the scheme finds
  [[nodiscard]] static Result<SecretKey> decode(const Scheme& scheme, BytesView secret);

  const Scheme& scheme() const noexcept { return public_.scheme(); }
  const PublicKey& public_key() const noexcept { return public_; }
  /// The shortest form that is known: of ML-DSA and ML-KEM the seed, unless decode had none.
  BytesView secret() const noexcept;

  /// ML-DSA and SLH-DSA are hedged by `entropy`; the others need none.
  /// @errors err::not_offered, the scheme's fault check
  [[nodiscard]] Result<Bytes> sign(BytesView message, io::Entropy& entropy) const;
  /// What sign gives for each; Ed25519 and SM2 cost a fraction when they are many.
  [[nodiscard]] Result<std::vector<Bytes>> sign_batch(std::span<const BytesView> messages,
                                                      io::Entropy& entropy) const;
  /// @errors err::not_offered, pq::err::ciphertext_length
  [[nodiscard]] Result<SecretBytes> decapsulate(BytesView ciphertext) const;
  /// What encrypt made, or its DER form.
  /// @errors err::not_offered, err::bad_ciphertext_encoding, those of crypto::sm2_decrypt
  [[nodiscard]] Result<SecretBytes> decrypt(BytesView ciphertext) const;
  /// The secret that both owners find: x25519, sm2, p256, secp256k1. It is no key yet, and proves
  /// nobody's name: see agree_on_key.
  /// @errors err::not_offered (also: keys of two schemes), crypto::err::no_agreement
  /// @source RFC 7748, section 6.1; SEC 1, section 3.3.1
  [[nodiscard]] Result<SecretBytes> agree(const PublicKey& peer) const;

  SecretKey(SecretKey&&) noexcept;
  SecretKey& operator=(SecretKey&&) noexcept;
  ~SecretKey();

 private:
  SecretKey(std::unique_ptr<internal::SecretParts> parts, PublicKey public_key) noexcept;
  std::unique_ptr<internal::SecretParts> parts_;
  PublicKey public_;
};

}  // namespace wusong::suite

// SPDX-License-Identifier: Apache-2.0
// Signature schemes under their registered numbers: accounts, votes and node keys name theirs by
// it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/io/entropy.hpp"
#include "wusong/math/uint256.hpp"

namespace wusong::crypto {

/// Registered in one table (scheme_table); numbers are permanent and appear in transactions.
enum class Scheme : std::uint8_t {
  secp256k1 = 1,
  ed25519 = 2,
  sm2 = 3,
  ml_dsa_44 = 4,
  ml_dsa_65 = 5,
  ed25519_ml_dsa_44 = 6,  // composites: both halves must verify (ADR 0029)
  sm2_ml_dsa_44 = 7,
};

struct SchemeInfo {
  Scheme scheme;
  std::string_view name;        // "ed25519", "ml-dsa-44", "ed25519+ml-dsa-44"
  std::size_t secret_key_size;  // ML-DSA: the seed; a composite: the seed, then the classical one
  std::size_t public_key_size;  // secp256k1, sm2: x || y; a composite: ML-DSA's, then the other
  std::size_t signature_size;   // secp256k1, sm2: r || s; a composite: ML-DSA's, then the other
};
/// No scheme has longer ones.
inline constexpr std::size_t kPublicKeySizeMax = 1'952;
inline constexpr std::size_t kSignatureSizeMax = 3'309;

std::span<const SchemeInfo> scheme_table() noexcept;
const SchemeInfo* find_scheme(std::uint8_t number) noexcept;
const SchemeInfo* find_scheme(std::string_view name) noexcept;

/// Verifies over `message`. ed25519 signs the message itself; secp256k1 signs keccak256(message);
/// sm2 signs SM3(Z || message) with the default user id 1234567812345678; ML-DSA signs the message
/// with an empty context; composites sign what internal/scheme.hpp says.
/// @errors err::unknown_scheme, err::bad_public_key, err::bad_length, err::bad_signature
[[nodiscard]] Result<void> verify(Scheme scheme, BytesView public_key, BytesView message,
                                  BytesView signature) noexcept;
namespace internal {
struct ExpandedKey;
}  // namespace internal
struct VerifyRequest {
  Scheme scheme;
  BytesView public_key;
  BytesView message;
  BytesView signature;
  const internal::ExpandedKey* expanded{nullptr};  // of this key; set by what keeps keys
};
/// What verify gives for each, in their order; with ed25519 and sm2, the more of a scheme at once,
/// the less each costs. @errors as verify
std::vector<Result<void>> verify_batch(std::span<const VerifyRequest> requests);

/// A public key with its scheme.
struct SchemeKey {
  Scheme scheme;
  BytesView public_key;
};

/// Public keys of signers that come again and again, expanded once: verifying then costs a third
/// with ed25519, sm2 and ML-DSA. Never changes, so any thread may use it. key_cache.hpp has one for
/// signers that nobody can name beforehand.
class KnownKeys {
 public:
  using Key = SchemeKey;
  /// Of other sizes than their schemes': passed over, as verifying refuses them.
  /// @unit 8 KiB a key with ed25519, 4 with sm2, 20 or 37 with ML-DSA, nothing with secp256k1
  explicit KnownKeys(std::span<const Key> keys);
  ~KnownKeys();
  KnownKeys(KnownKeys&&) noexcept;
  KnownKeys& operator=(KnownKeys&&) noexcept;

 private:
  friend std::vector<Result<void>> verify_batch(std::span<const VerifyRequest>, const KnownKeys&);
  std::map<std::pair<Scheme, Bytes>, internal::ExpandedKey> keys_;
};
/// The same verdicts, whether a key is known or not.
std::vector<Result<void>> verify_batch(std::span<const VerifyRequest> requests,
                                       const KnownKeys& known);

/// A secret key that signs; zeroised when destroyed. Constant time.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual Scheme scheme() const noexcept = 0;
  virtual BytesView public_key() const noexcept = 0;
  virtual Bytes sign(BytesView message) const noexcept = 0;
  /// What sign gives for each; with ed25519 and sm2, the more at once, the less each costs.
  virtual std::vector<Bytes> sign_batch(std::span<const BytesView> messages) const;
};
/// @errors err::bad_secret_key, err::unknown_scheme
[[nodiscard]] Result<std::unique_ptr<Signer>> make_signer(Scheme scheme,
                                                          BytesView secret_key) noexcept;
/// A fresh secret key of the scheme's size.
Bytes generate_secret_key(Scheme scheme, io::Entropy& entropy) noexcept;

/// The address of an account with this key, the last 20 bytes of a digest: secp256k1 as Ethereum,
/// keccak256(x || y); sm2 and its composite SM3(scheme number || public key); others
/// keccak256(scheme number || public key). The same on every chain, whatever its profile.
Address address_of(Scheme scheme, BytesView public_key) noexcept;
/// address_of each, at a fraction of the cost.
std::vector<Address> addresses_of(std::span<const SchemeKey> keys);

/// An Ethereum signature over a 32-byte digest.
struct EcdsaSignature {
  U256 r;
  U256 s;
  std::uint8_t y_parity{0};  // 0 or 1
};
/// The signer's address. Any s in [1, n-1] is accepted: callers that need low s (EIP-2) check it.
/// @errors err::bad_signature
[[nodiscard]] Result<Address> ecdsa_recover(const Hash& digest,
                                            const EcdsaSignature& signature) noexcept;
struct RecoveryRequest {
  Hash digest;
  EcdsaSignature signature;
};
/// What ecdsa_recover gives for each, in their order; the more at once, the less each costs.
/// @errors err::bad_signature
std::vector<Result<Address>> ecdsa_recover_batch(std::span<const RecoveryRequest> requests);
/// The signer's public key, x || y. @errors err::bad_signature
[[nodiscard]] Result<std::array<std::uint8_t, 64>> ecdsa_recover_key(
    const Hash& digest, const EcdsaSignature& signature) noexcept;
/// RFC 6979 nonce, low s. @errors err::bad_secret_key
[[nodiscard]] Result<EcdsaSignature> ecdsa_sign(const Hash& digest, BytesView secret_key) noexcept;
/// With a given digest; unlike `verify`, either s is accepted, as other programs give both.
/// Key x || y, signature r || s. @errors err::bad_length, err::bad_public_key, err::bad_signature
[[nodiscard]] Result<void> ecdsa_verify(const Hash& digest, BytesView public_key,
                                        BytesView signature) noexcept;
/// n/2 of secp256k1, EIP-2's limit for s.
bool is_low_s(const U256& s) noexcept;

/// NIST P-256 with a given digest (EIP-7951). False for any invalid input.
bool p256_verify(const Hash& digest, const U256& r, const U256& s, const U256& x,
                 const U256& y) noexcept;

}  // namespace wusong::crypto

// SPDX-License-Identifier: Apache-2.0
// ML-DSA, the lattice signature of FIPS 204 (once CRYSTALS-Dilithium).
#pragma once

#include <memory>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/secret_bytes.hpp"
#include "wusong/io/entropy.hpp"

namespace wusong::pq {

namespace internal {
struct Provider;
const Provider& fastest_provider() noexcept;
struct MlDsaParameters;
struct MlDsaPublicParts;
struct MlDsaSecretParts;
}  // namespace internal

/// NIST's security categories 2, 3 and 5.
enum class MlDsa : std::uint8_t { ml_dsa_44, ml_dsa_65, ml_dsa_87 };

struct MlDsaShape {
  std::string_view name;
  std::size_t public_key;
  std::size_t secret_key;
  std::size_t signature;
};
const MlDsaShape& shape_of(MlDsa set) noexcept;

inline constexpr std::size_t kMlDsaSeedSize = 32;
inline constexpr std::size_t kContextSizeMax = 255;
using MlDsaSeed = std::span<const std::uint8_t, kMlDsaSeedSize>;
/// The digest of the key's digest and the message with its context: what is really signed.
using MlDsaMu = std::array<std::uint8_t, 64>;

/// A public key with its matrix expanded: keep it where one signer is verified often.
/// @thread const functions are safe from any thread
class MlDsaPublicKey {
 public:
  /// @errors err::public_key_length
  /// @cost   allocates 20, 37 or 65 KiB; most of a verification's time
  /// @source FIPS 204, algorithm 23
  [[nodiscard]] static Result<MlDsaPublicKey> decode(
      MlDsa set, BytesView encoded,
      const internal::Provider& provider = internal::fastest_provider());

  MlDsa set() const noexcept;
  BytesView encoded() const noexcept;

  /// @errors err::signature_length, err::context_too_long, err::response_too_large,
  ///         err::hint_encoding, err::bad_signature
  /// @cost   variable time: public inputs only
  /// @source FIPS 204, algorithms 3 and 8
  [[nodiscard]] Result<void> verify(BytesView message, BytesView context,
                                    BytesView signature) const;
  /// For a message whose digest was made elsewhere.
  [[nodiscard]] Result<void> verify_mu(const MlDsaMu& mu, BytesView signature) const;
  /// @errors err::context_too_long
  /// @source FIPS 204, algorithm 7, line 6, over algorithm 2, line 10
  [[nodiscard]] Result<MlDsaMu> mu_of(BytesView message, BytesView context) const;

  MlDsaPublicKey(MlDsaPublicKey&&) noexcept;
  MlDsaPublicKey& operator=(MlDsaPublicKey&&) noexcept;
  ~MlDsaPublicKey();

 private:
  friend class MlDsaSecretKey;
  explicit MlDsaPublicKey(std::unique_ptr<internal::MlDsaPublicParts> parts) noexcept;
  std::unique_ptr<internal::MlDsaPublicParts> parts_;
};

/// A secret key, expanded; cleared when it goes. Every signature is verified before it is given
/// out.
/// @cost   constant time, but for the number of attempts, which says nothing of the key
/// @thread const functions are safe from any thread
class MlDsaSecretKey {
 public:
  /// @source FIPS 204, algorithm 6
  static MlDsaSecretKey from_seed(
      MlDsa set, MlDsaSeed seed, const internal::Provider& provider = internal::fastest_provider());
  /// @errors err::secret_key_length, err::secret_out_of_range, err::key_inconsistent
  /// @source FIPS 204, algorithm 25, and that the parts belong together
  [[nodiscard]] static Result<MlDsaSecretKey> decode(
      MlDsa set, BytesView encoded,
      const internal::Provider& provider = internal::fastest_provider());

  SecretBytes encode() const;
  const MlDsaPublicKey& public_key() const noexcept;

  /// Hedged: what `entropy` gives protects against faults and leaks, and need not be good.
  /// @errors err::context_too_long, err::signing_fault
  /// @source FIPS 204, algorithm 2
  [[nodiscard]] Result<Bytes> sign(BytesView message, BytesView context,
                                   io::Entropy& entropy) const;
  /// The same key, message and context give the same bytes.
  [[nodiscard]] Result<Bytes> sign_deterministic(BytesView message, BytesView context) const;
  /// @errors err::signing_fault
  /// @source FIPS 204, algorithm 7, from line 7
  [[nodiscard]] Result<Bytes> sign_mu(const MlDsaMu& mu, MlDsaSeed randomness) const;

  MlDsaSecretKey(MlDsaSecretKey&&) noexcept;
  MlDsaSecretKey& operator=(MlDsaSecretKey&&) noexcept;
  ~MlDsaSecretKey();

 private:
  MlDsaSecretKey(std::unique_ptr<internal::MlDsaSecretParts> parts,
                 MlDsaPublicKey public_key) noexcept;
  std::unique_ptr<internal::MlDsaSecretParts> parts_;
  MlDsaPublicKey public_;
};

}  // namespace wusong::pq

// SPDX-License-Identifier: Apache-2.0
// ML-KEM, the lattice key encapsulation of FIPS 203 (once CRYSTALS-Kyber).
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
struct MlKemPublicParts;
struct MlKemSecretParts;
}  // namespace internal

/// NIST's security categories 1, 3 and 5.
enum class MlKem : std::uint8_t { ml_kem_512, ml_kem_768, ml_kem_1024 };

struct MlKemShape {
  std::string_view name;
  std::size_t encapsulation_key;
  std::size_t decapsulation_key;
  std::size_t ciphertext;
};
const MlKemShape& shape_of(MlKem set) noexcept;

inline constexpr std::size_t kSharedSecretSize = 32;
using MlKemMessage = std::span<const std::uint8_t, 32>;
using MlKemSeed = std::span<const std::uint8_t, 64>;

struct Encapsulated {
  Bytes ciphertext;
  SecretBytes shared_secret;
};

/// The public half, checked and with its matrix expanded.
/// @thread const functions are safe from any thread
class MlKemEncapsulationKey {
 public:
  /// @errors err::public_key_length, err::key_not_reduced
  /// @source FIPS 203, section 7.2, the checks of the key
  [[nodiscard]] static Result<MlKemEncapsulationKey> decode(
      MlKem set, BytesView encoded,
      const internal::Provider& provider = internal::fastest_provider());

  MlKem set() const noexcept;
  BytesView encoded() const noexcept;

  /// A fresh secret for the key's owner, and the ciphertext that carries it.
  /// @cost   constant time
  /// @source FIPS 203, algorithm 20
  Encapsulated encapsulate(io::Entropy& entropy) const;
  /// With chosen randomness, which must be secret and never used twice: for test vectors.
  /// @source FIPS 203, algorithm 17
  Encapsulated encapsulate_internal(MlKemMessage message) const;

  MlKemEncapsulationKey(MlKemEncapsulationKey&&) noexcept;
  MlKemEncapsulationKey& operator=(MlKemEncapsulationKey&&) noexcept;
  ~MlKemEncapsulationKey();

 private:
  friend class MlKemDecapsulationKey;
  explicit MlKemEncapsulationKey(std::unique_ptr<internal::MlKemPublicParts> parts) noexcept;
  std::unique_ptr<internal::MlKemPublicParts> parts_;
};

/// The secret half; cleared when it goes.
/// @thread const functions are safe from any thread
class MlKemDecapsulationKey {
 public:
  /// @shape  d, then z, 32 bytes each
  /// @source FIPS 203, algorithm 16
  static MlKemDecapsulationKey from_seed(
      MlKem set, MlKemSeed seed, const internal::Provider& provider = internal::fastest_provider());
  /// @errors err::secret_key_length, err::secret_out_of_range, err::key_not_reduced,
  ///         err::key_inconsistent (the hash of the public half is not the one that lies beside it)
  /// @source FIPS 203, section 7.3, the checks of the key
  [[nodiscard]] static Result<MlKemDecapsulationKey> decode(
      MlKem set, BytesView encoded,
      const internal::Provider& provider = internal::fastest_provider());

  SecretBytes encode() const;
  const MlKemEncapsulationKey& encapsulation_key() const noexcept;

  /// The secret that the ciphertext carries; one that nobody knows if the ciphertext was not made
  /// by encapsulation.
  /// @errors err::ciphertext_length
  /// @cost   constant time, and does not tell which of the two it gave
  /// @source FIPS 203, algorithms 21 and 18
  [[nodiscard]] Result<SecretBytes> decapsulate(BytesView ciphertext) const;

  MlKemDecapsulationKey(MlKemDecapsulationKey&&) noexcept;
  MlKemDecapsulationKey& operator=(MlKemDecapsulationKey&&) noexcept;
  ~MlKemDecapsulationKey();

 private:
  MlKemDecapsulationKey(std::unique_ptr<internal::MlKemSecretParts> parts,
                        MlKemEncapsulationKey public_key) noexcept;
  std::unique_ptr<internal::MlKemSecretParts> parts_;
  MlKemEncapsulationKey public_;
};

}  // namespace wusong::pq

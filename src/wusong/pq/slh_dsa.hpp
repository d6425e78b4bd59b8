// SPDX-License-Identifier: Apache-2.0
// SLH-DSA, the hash-based signature of FIPS 205 (once SPHINCS+), the same over SM3, and our own
// compact form of it.
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
struct SlhPublicParts;
struct SlhSecretParts;
}  // namespace internal

/// Small (s) and fast (f) sets. The last five are no standard: SLH-DSA-SHA2-128 with SM3 for
/// SHA-256; and compact ones in the family of SPHINCS+C, whose one-time keys have counters instead
/// of checksums.
/// @source docs/crypto/hash-based.md for the compact sets
enum class SlhDsa : std::uint8_t {
  sha2_128s,
  sha2_128f,
  sha2_192s,
  sha2_192f,
  sha2_256s,
  sha2_256f,
  shake_128s,
  shake_128f,
  shake_192s,
  shake_192f,
  shake_256s,
  shake_256f,
  sm3_128s,
  sm3_128f,
  compact_sha2,
  compact_shake,
  compact_sm3,
};
inline constexpr std::size_t kSlhDsaSets = 17;

struct SlhDsaShape {
  std::string_view name;
  std::size_t n;  // bytes of a hash; a seed has three of them, a public key two, a secret key four
  std::size_t signature;
};
const SlhDsaShape& shape_of(SlhDsa set) noexcept;

/// @thread const functions are safe from any thread
class SlhDsaPublicKey {
 public:
  /// @errors err::public_key_length
  [[nodiscard]] static Result<SlhDsaPublicKey> decode(
      SlhDsa set, BytesView encoded,
      const internal::Provider& provider = internal::fastest_provider());

  SlhDsa set() const noexcept;
  BytesView encoded() const noexcept;

  /// @errors err::signature_length, err::context_too_long, err::bad_signature
  /// @cost   variable time: public inputs only
  /// @source FIPS 205, algorithm 24
  [[nodiscard]] Result<void> verify(BytesView message, BytesView context,
                                    BytesView signature) const;
  /// Of a message that carries its context already.
  /// @source FIPS 205, algorithm 20
  [[nodiscard]] Result<void> verify_internal(BytesView message, BytesView signature) const;

  SlhDsaPublicKey(SlhDsaPublicKey&&) noexcept;
  SlhDsaPublicKey& operator=(SlhDsaPublicKey&&) noexcept;
  ~SlhDsaPublicKey();

 private:
  friend class SlhDsaSecretKey;
  explicit SlhDsaPublicKey(std::unique_ptr<internal::SlhPublicParts> parts) noexcept;
  std::unique_ptr<internal::SlhPublicParts> parts_;
};

/// A secret key with the uppermost of its trees; cleared when it goes.
/// @cost   constant time, as the order of all hashes depends on public values only
/// @thread const functions are safe from any thread
class SlhDsaSecretKey {
 public:
  /// @shape  SK.seed, SK.prf, PK.seed: three times n bytes
  /// @errors err::seed_length
  /// @cost   one tree of 2^(h/d) leaves: between 0.5 and 30 ms
  /// @source FIPS 205, algorithm 18
  [[nodiscard]] static Result<SlhDsaSecretKey> from_seed(
      SlhDsa set, BytesView seed,
      const internal::Provider& provider = internal::fastest_provider());
  /// @errors err::secret_key_length, err::key_inconsistent (the root is not that of the seeds)
  /// @cost   as from_seed
  [[nodiscard]] static Result<SlhDsaSecretKey> decode(
      SlhDsa set, BytesView encoded,
      const internal::Provider& provider = internal::fastest_provider());

  SecretBytes encode() const;
  const SlhDsaPublicKey& public_key() const noexcept;

  /// Hedged by n bytes of `entropy`, which need not be good.
  /// @errors err::context_too_long, err::signing_fault
  /// @source FIPS 205, algorithm 22
  [[nodiscard]] Result<Bytes> sign(BytesView message, BytesView context,
                                   io::Entropy& entropy) const;
  [[nodiscard]] Result<Bytes> sign_deterministic(BytesView message, BytesView context) const;
  /// @shape  `randomness` n bytes
  /// @errors err::seed_length, err::signing_fault
  /// @source FIPS 205, algorithm 19
  [[nodiscard]] Result<Bytes> sign_internal(BytesView message, BytesView randomness) const;

  SlhDsaSecretKey(SlhDsaSecretKey&&) noexcept;
  SlhDsaSecretKey& operator=(SlhDsaSecretKey&&) noexcept;
  ~SlhDsaSecretKey();

 private:
  SlhDsaSecretKey(std::unique_ptr<internal::SlhSecretParts> parts,
                  SlhDsaPublicKey public_key) noexcept;
  std::unique_ptr<internal::SlhSecretParts> parts_;
  SlhDsaPublicKey public_;
};

}  // namespace wusong::pq

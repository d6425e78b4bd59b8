// SPDX-License-Identifier: Apache-2.0
// Key encapsulation that stands on a curve and on a lattice: its secret holds while either does.
#pragma once

#include <cstdint>
#include <string_view>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/secret_bytes.hpp"
#include "wusong/io/entropy.hpp"
#include "wusong/pq/ml_kem.hpp"

namespace wusong::crypto {

/// Numbers are permanent.
enum class HybridKem : std::uint8_t {
  x25519_ml_kem_768 = 1,  // X-Wing, byte for byte
  sm2_ml_kem_768 = 2,     // of the same shape over SM2's curve and SM3: ours, not a standard
};

struct HybridKemShape {
  std::string_view name;
  std::size_t encapsulation_key;  // of ML-KEM, then of the curve
  std::size_t ciphertext;         // likewise
};
const HybridKemShape& shape_of(HybridKem kem) noexcept;

using HybridKemSeed = std::span<const std::uint8_t, 32>;
/// ML-KEM's message, then the seed of the curve's one-time key.
using HybridKemCoins = std::span<const std::uint8_t, 64>;

struct HybridEncapsulated {
  Bytes ciphertext;
  SecretBytes shared_secret;  // 32 bytes
};

/// A fresh secret for the owner of `key`, and the ciphertext that carries it.
/// @errors err::bad_length, err::bad_public_key (a point off the curve), err::no_agreement (one of
///         small order), err::miscalculation, pq's key_not_reduced
/// @cost   constant time
/// @source draft-connolly-cfrg-xwing-kem-10, section 5.4; ADR 0028 for SM2
[[nodiscard]] Result<HybridEncapsulated> hybrid_encapsulate(HybridKem kem, BytesView key,
                                                            io::Entropy& entropy);
/// With chosen randomness, which must be secret and never used twice: for test vectors.
[[nodiscard]] Result<HybridEncapsulated> hybrid_encapsulate_with(HybridKem kem, BytesView key,
                                                                 HybridKemCoins coins);

/// The secret half; cleared when it goes.
/// @thread const functions are safe from any thread
class HybridDecapsulationKey {
 public:
  /// @source draft-connolly-cfrg-xwing-kem-10, section 5.2
  /// @errors err::miscalculation
  [[nodiscard]] static Result<HybridDecapsulationKey> from_seed(HybridKem kem, HybridKemSeed seed);
  [[nodiscard]] static Result<HybridDecapsulationKey> generate(HybridKem kem, io::Entropy& entropy);

  BytesView encapsulation_key() const noexcept { return encoded_; }
  /// The secret that the ciphertext carries; one that nobody knows where its lattice part was not
  /// made by encapsulation.
  /// @errors err::bad_length, err::bad_public_key, err::no_agreement, err::miscalculation
  /// @cost   constant time
  /// @source draft-connolly-cfrg-xwing-kem-10, section 5.5
  [[nodiscard]] Result<SecretBytes> decapsulate(BytesView ciphertext) const;

 private:
  HybridDecapsulationKey(HybridKem kem, pq::MlKemDecapsulationKey lattice, SecretBytes curve_secret,
                         BytesView curve_key) noexcept;
  HybridKem kem_;
  pq::MlKemDecapsulationKey lattice_;
  SecretBytes curve_secret_;
  Bytes encoded_;
};

}  // namespace wusong::crypto

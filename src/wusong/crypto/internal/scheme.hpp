// SPDX-License-Identifier: Apache-2.0
// What a row of the scheme table does.
#pragma once

#include <memory>
#include <span>

#include "wusong/crypto/ed25519.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/crypto/sm2.hpp"
#include "wusong/pq/ml_dsa.hpp"

namespace wusong::crypto::internal {

/// What is found of a public key once, for signatures to come: the parts that its scheme has.
struct ExpandedKey {
  Ed25519Table ed25519;
  Sm2Table sm2;
  std::shared_ptr<const pq::MlDsaPublicKey> ml_dsa;
};

struct Operations {
  /// Of keys and signatures of the scheme's sizes.
  void (*verify)(std::span<const VerifyRequest> requests, std::span<Result<void>> out);
  /// Of a secret of the scheme's size.
  Result<std::unique_ptr<Signer>> (*make)(BytesView secret_key) noexcept;
  bool (*valid_secret)(BytesView secret_key) noexcept;
  /// What is worth keeping of keys of the scheme's size. @shape as many as keys
  void (*expand)(std::span<const BytesView> keys, std::span<ExpandedKey> out);
  std::size_t expanded_bytes;  // of a key; zero: nothing is
};

const Operations& operations_of(Scheme scheme) noexcept;

extern const Operations kMlDsa44;
extern const Operations kMlDsa65;
extern const Operations kEd25519MlDsa44;
extern const Operations kSm2MlDsa44;

}  // namespace wusong::crypto::internal

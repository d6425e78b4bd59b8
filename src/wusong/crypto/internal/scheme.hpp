// SPDX-License-Identifier: Apache-2.0
// What a row of the scheme table does.
#pragma once

#include <map>
#include <memory>
#include <span>

#include "wusong/crypto/ed25519.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/pq/ml_dsa.hpp"

namespace wusong::crypto::internal {

/// What KnownKeys holds.
struct ExpandedKeys {
  Ed25519Keys ed25519;
  std::map<Bytes, pq::MlDsaPublicKey> ml_dsa;  // by their encoding: sets have lengths of their own
};

struct Operations {
  /// Of keys and signatures of the scheme's sizes.
  void (*verify)(std::span<const VerifyRequest> requests, std::span<Result<void>> out,
                 const ExpandedKeys& known);
  /// Of a secret of the scheme's size.
  Result<std::unique_ptr<Signer>> (*make)(BytesView secret_key) noexcept;
  bool (*valid_secret)(BytesView secret_key) noexcept;
  /// Adds what is worth keeping of a key of the scheme's size.
  void (*expand)(std::span<const BytesView> keys, ExpandedKeys& out);
};

const Operations& operations_of(Scheme scheme) noexcept;

extern const Operations kMlDsa44;
extern const Operations kMlDsa65;
extern const Operations kEd25519MlDsa44;
extern const Operations kSm2MlDsa44;

}  // namespace wusong::crypto::internal

// SPDX-License-Identifier: Apache-2.0
// The signature ports over the registered schemes of crypto.
#pragma once

#include <memory>
#include <vector>

#include "wusong/consensus/ports.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/types/epoch.hpp"

namespace wusong::consensus {

struct ValidatorKey {
  crypto::Scheme scheme;
  Bytes public_key;
};

/// The keys that vote in an epoch, in the order of their indices.
std::vector<ValidatorKey> keys_of(const types::Epoch& epoch);

class KeyVerifier final : public VoteVerifier {
 public:
  explicit KeyVerifier(std::vector<ValidatorKey> keys);
  std::size_t count() const noexcept override { return keys_.size(); }
  bool verify(ValidatorIndex validator, BytesView message, BytesView signature) const override;
  bool verify_all(std::span<const Item> items) const override;

 private:
  std::vector<ValidatorKey> keys_;
  crypto::KnownKeys known_;
};

class KeySigner final : public VoteSigner {
 public:
  /// `signer` outlives this.
  KeySigner(ValidatorIndex index, const crypto::Signer& signer) : index_{index}, signer_{signer} {}
  ValidatorIndex index() const noexcept override { return index_; }
  Bytes sign(BytesView message) const override { return signer_.sign(message); }

 private:
  ValidatorIndex index_;
  const crypto::Signer& signer_;
};

}  // namespace wusong::consensus

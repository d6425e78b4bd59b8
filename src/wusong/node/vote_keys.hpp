// SPDX-License-Identifier: Apache-2.0
// The keys that votes are signed and checked with, epoch by epoch.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "wusong/consensus/ports.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/types/epoch.hpp"

namespace wusong::node {

/// Real keys on a machine, cheaper ones under a seed.
class VoteKeys {
 public:
  virtual ~VoteKeys() = default;
  virtual std::unique_ptr<consensus::VoteVerifier> verifier(const types::Epoch& epoch) const = 0;
  /// Null where this node has no vote in the epoch. It may not outlive these keys.
  virtual std::unique_ptr<consensus::VoteSigner> signer(const types::Epoch& epoch) const = 0;
};

/// A node's own vote keys: the one in use and, before a rotation, the next.
class HeldKeys final : public VoteKeys {
 public:
  using Keys = std::vector<std::unique_ptr<crypto::Signer>>;
  /// `look_again`: asked for keys that came since, where an epoch names none of those held.
  explicit HeldKeys(Keys keys, std::function<Keys()> look_again = {})
      : keys_{std::move(keys)}, look_again_{std::move(look_again)} {}

  std::unique_ptr<consensus::VoteVerifier> verifier(const types::Epoch& epoch) const override;
  std::unique_ptr<consensus::VoteSigner> signer(const types::Epoch& epoch) const override;
  bool empty() const noexcept { return keys_.empty(); }

 private:
  std::unique_ptr<consensus::VoteSigner> find(const types::Epoch& epoch) const;

  mutable Keys keys_;
  std::function<Keys()> look_again_;
};

}  // namespace wusong::node

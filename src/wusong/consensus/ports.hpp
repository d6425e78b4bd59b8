// SPDX-License-Identifier: Apache-2.0
// What the consensus machine needs from outside: signatures, and what a block id means.
#pragma once

#include <span>

#include "wusong/consensus/types.hpp"

namespace wusong::consensus {

/// Signs with this validator's key.
class VoteSigner {
 public:
  virtual ~VoteSigner() = default;
  virtual ValidatorIndex index() const noexcept = 0;
  virtual Bytes sign(BytesView message) const = 0;
};

/// Checks signatures of the validator set.
class VoteVerifier {
 public:
  struct Item {
    ValidatorIndex validator;
    BytesView message;
    BytesView signature;
  };
  virtual ~VoteVerifier() = default;
  /// The size of the validator set.
  virtual std::size_t count() const noexcept = 0;
  virtual bool verify(ValidatorIndex validator, BytesView message, BytesView signature) const = 0;
  /// True when every item verifies. Override where a batch is cheaper than its parts.
  virtual bool verify_all(std::span<const Item> items) const {
    for (const Item& item : items)
      if (!verify(item.validator, item.message, item.signature)) return false;
    return true;
  }
};

/// Ties a block's id to its bytes, so that a relay cannot attach a foreign payload to an honest id.
class BlockIdentity {
 public:
  virtual ~BlockIdentity() = default;
  /// True when `block.payload` hashes to `block.ref.id` and itself names this view, height and
  /// parent id. Pure and cheap: no state, no execution. An application may check its header only
  /// and answer Verdict::mismatch later when the body does not fit.
  virtual bool matches(const Block& block) const = 0;
};

}  // namespace wusong::consensus

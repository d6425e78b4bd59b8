// SPDX-License-Identifier: Apache-2.0
// A secret handed to guardians: any `needed` of them give it back, fewer cannot open it.
//
// The secret, of any length and kind, is sealed under a random key; that key is shared among the
// guardians with hashes, so that nothing here falls to a quantum computer. The sealed box is no
// secret: it is kept anywhere, and its digest where it cannot be changed, such as on the chain.
#pragma once

#include <map>

#include "wusong/crypto/sealed.hpp"
#include "wusong/threshold/sharing.hpp"

namespace wusong::threshold {

/// @unit bytes
inline constexpr std::size_t kGuardedSecretMax = std::size_t{1} << 16;
/// value (32) || salt (32)
inline constexpr std::size_t kGuardianShareSize = kScalarSize + Salt::kSize;

struct Entrusted {
  Bytes box;
  Hash id;                          // the box's digest
  std::vector<SecretBytes> shares;  // for guardians 1, 2, …, each over a secret channel
};
/// @errors err::bad_threshold, err::message_too_long
[[nodiscard]] Result<Entrusted> entrust(const Group& group, Threshold threshold, BytesView secret,
                                        io::Entropy& entropy);

/// A box whose digest was compared.
/// @shape version 1 || needed || total || a hash a guardian || needed scalars || sealed secret
class GuardedBox {
 public:
  /// @errors err::wrong_box (another digest), err::bad_length, err::bad_threshold, err::bad_scalar
  [[nodiscard]] static Result<GuardedBox> open(const Group& group, BytesView box, const Hash& id);
  /// What a guardian does when it receives its share, and before it says that it has it.
  /// @errors err::bad_length, err::bad_scalar, err::unknown_party, err::bad_share
  [[nodiscard]] Result<SaltedShare> check(Party guardian, BytesView share) const;
  Threshold threshold() const noexcept { return dealing_.threshold; }

 private:
  friend class Recovery;
  GuardedBox(const Group& group, BytesView box) : group_{&group}, box_{to_bytes(box)} {}
  const Group* group_;
  Bytes box_;
  HashDealing dealing_;
  std::size_t head_size_{0};
};

/// Gathers shares, in any order, until there are enough.
class Recovery {
 public:
  explicit Recovery(GuardedBox box) noexcept : box_{std::move(box)} {}
  /// A wrong share names its guardian and changes nothing: others go on.
  /// Faults: those of GuardedBox::check, err::duplicate
  [[nodiscard]] Outcome<void> add(Party guardian, BytesView share);
  bool is_complete() const noexcept { return shares_.size() >= box_.threshold().needed; }
  /// @errors err::too_few_shares, err::wrong_box (its owner sealed something else)
  [[nodiscard]] Result<SecretBytes> secret() const;

 private:
  GuardedBox box_;
  std::map<Party, Scalar> shares_;
};

}  // namespace wusong::threshold

// SPDX-License-Identifier: Apache-2.0
// What a replica knows about one view.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "wusong/consensus/machine.hpp"
#include "wusong/consensus/messages.hpp"

namespace wusong::consensus::internal {

/// The first vote of each validator, of one kind, in one view.
class VoteTally {
 public:
  const Vote* find(ValidatorIndex validator) const {
    const auto found = votes_.find(validator);
    return found == votes_.end() ? nullptr : &found->second;
  }
  /// The validator has not voted yet. @return how many have voted the same.
  std::size_t add(Vote vote) {
    const VoteSubject subject = vote.subject;
    votes_.emplace(vote.validator, std::move(vote));
    for (auto& [known, count] : counts_)
      if (known == subject) return ++count;
    counts_.emplace_back(subject, 1);
    return 1;
  }
  std::size_t size() const noexcept { return votes_.size(); }
  std::size_t count(const VoteSubject& subject) const {
    for (const auto& [known, count] : counts_)
      if (known == subject) return count;
    return 0;
  }
  /// The lowest `size` voters for `subject`.
  Certificate certificate(const VoteSubject& subject, std::size_t size) const {
    Certificate out{.subject = subject, .signatures = {}};
    for (const auto& [validator, vote] : votes_) {
      if (out.signatures.entries.size() == size) break;
      if (vote.subject == subject) out.signatures.entries.push_back({validator, vote.signature});
    }
    return out;
  }

 private:
  std::map<ValidatorIndex, Vote> votes_;
  std::vector<std::pair<VoteSubject, std::size_t>> counts_;
};

struct ViewState {
  VoteTally notarize;
  VoteTally nullify;
  VoteTally finalize;
  std::optional<Certificate> notarization;
  std::optional<Certificate> nullification;
  std::optional<Certificate> finalization;
  std::optional<Hash> proposal;  // the first id that the leader is known to have signed
  bool leader_is_faulty{false};  // its slices are no block: the view is given up at once
  std::optional<Vote> own_notarize;
  std::optional<Vote> own_nullify;
  std::optional<Vote> own_finalize;
  std::set<std::pair<ValidatorIndex, MisbehaviourKind>> reported;

  VoteTally& tally(VoteKind kind) noexcept {
    return kind == VoteKind::notarize ? notarize : kind == VoteKind::nullify ? nullify : finalize;
  }
  std::optional<Certificate>& certificate(VoteKind kind) noexcept {
    return kind == VoteKind::notarize  ? notarization
           : kind == VoteKind::nullify ? nullification
                                       : finalization;
  }
  std::optional<Vote>& own(VoteKind kind) noexcept {
    return kind == VoteKind::notarize  ? own_notarize
           : kind == VoteKind::nullify ? own_nullify
                                       : own_finalize;
  }
  /// The certificate that makes a block of this view a legitimate parent. Finality implies it.
  const Certificate* block_certificate() const noexcept {
    return notarization ? &*notarization : finalization ? &*finalization : nullptr;
  }
  bool empty_of_votes() const noexcept {
    return notarize.size() == 0 && nullify.size() == 0 && !proposal;
  }
};

/// A block that is not final yet.
struct HeldBlock {
  enum class State : std::uint8_t { unchecked, checking, ok, bad };
  BlockPtr block;
  State state{State::unchecked};
  bool certified{false};            // a quorum stands behind it or behind a descendant
  bool stored{false};               // its record is on disk
  bool judged_as_certified{false};  // the last VerifyPayload said that a quorum stands behind it
  PeerId from{0};
};

/// A block that comes from one peer in parts.
struct Fetch {
  Block block;                           // with the bytes so far
  std::uint32_t payload_bytes{0};        // when all is here
  std::map<std::uint32_t, Bytes> ahead;  // by offset; at most kPartsPerRequest twice
  std::uint32_t asked_until{0};          // offset
  bool progressed{false};                // since the last try
};

/// A block to be fetched.
struct Want {
  View view;
  bool certified{false};
  std::optional<PeerId> source;
  std::uint32_t attempts{0};
  Instant next_try;
  std::optional<PeerId> asked;
  std::optional<Fetch> fetch;
};

/// Limits on what one peer may make this replica send.
struct PeerState {
  Instant status_answer_after;
  Instant certificates_answer_after;
  Instant block_window_end;
  std::uint32_t parts_in_window{0};
};

/// Attestations for one height, by the id they name.
struct AttestationState {
  std::map<Hash, std::map<ValidatorIndex, Bytes>> by_id;
  std::set<ValidatorIndex> reported;
  bool complete{false};
};

}  // namespace wusong::consensus::internal

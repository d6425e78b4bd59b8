// SPDX-License-Identifier: Apache-2.0
// What must never happen, whatever the faults. They look at honest nodes only, from outside.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "wusong/consensus/finality_proof.hpp"
#include "wusong/consensus/machine.hpp"
#include "wusong/sim/scenario.hpp"

namespace wusong::sim::internal {

class Checkers {
 public:
  Checkers(Hash genesis, const consensus::VoteVerifier& verifier)
      : genesis_{genesis}, verifier_{verifier} {}

  /// A message of an honest validator reaches the network.
  void on_sent(std::size_t node, BytesView bytes);
  /// An honest node is told that this block is final; `appended`: it followed the last one and its
  /// payload is valid.
  void on_final(std::size_t node, const consensus::Block& block, bool appended);
  void on_certificate(std::size_t node, const consensus::Certificate& certificate);
  void on_attested(std::size_t node, const consensus::Attested& attested);
  /// The node has synced its ledger up to here.
  void on_ledger_synced(std::size_t node, Height height);
  void on_restart(std::size_t node, const std::vector<consensus::BlockPtr>& ledger);
  void on_halt(std::size_t node, const consensus::Halt& halt);
  void violate(std::string checker, std::string detail);

  std::vector<Violation> take() { return std::move(violations_); }
  bool clean() const noexcept { return violations_.empty(); }
  Height highest() const noexcept { return agreed_.empty() ? Height{} : agreed_.rbegin()->first; }
  std::uint64_t proofs() const noexcept { return proofs_; }

 private:
  void on_vote(std::size_t node, const consensus::VoteSubject& subject);

  Hash genesis_;
  const consensus::VoteVerifier& verifier_;
  std::vector<Violation> violations_;
  std::map<Height, Hash> agreed_;
  std::map<std::tuple<std::size_t, View, consensus::VoteKind>, consensus::VoteSubject> votes_;
  std::map<std::pair<std::size_t, Height>, Hash> attested_;
  std::map<std::size_t, Height> synced_;
  std::uint64_t proofs_{0};
};

}  // namespace wusong::sim::internal

// SPDX-License-Identifier: Apache-2.0
// What consensus must never do, whatever the faults. They look at honest nodes only, from outside.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "wusong/consensus/finality_proof.hpp"
#include "wusong/consensus/messages.hpp"
#include "wusong/sim/scenario.hpp"
#include "wusong/storage/ledger.hpp"
#include "wusong/types/block.hpp"

namespace wusong::sim::internal {

class Checkers {
 public:
  /// A consensus message of an honest validator reaches the network.
  void on_sent(std::size_t node, BytesView bytes);
  /// An honest node has this block as final, durably.
  void on_final(std::size_t node, const types::Header& header, const Hash& hash);
  /// The node has synced its ledger up to here.
  void on_ledger_synced(std::size_t node, Height height);
  void on_restart(std::size_t node, const storage::Ledger& ledger);
  /// The node lost its disk: what it said before does not bind it any more.
  /// It begins above what others executed.
  void on_joined(std::size_t node, const storage::Ledger& ledger);
  void on_wiped(std::size_t node);
  /// A faulty leader has committed to fragments that are no code word, and hides the block itself.
  void on_bad_encoding(const Hash& block) { unobtainable_.insert(block); }
  /// The node's consensus holds this block.
  void on_obtained(std::size_t node, const Hash& block);
  void violate(std::string checker, std::string detail);

  std::vector<Violation> take() { return std::move(violations_); }
  bool clean() const noexcept { return violations_.empty(); }
  Height highest() const noexcept { return agreed_.empty() ? Height{} : agreed_.rbegin()->first; }
  const std::map<Height, Hash>& agreed() const noexcept { return agreed_; }

 private:
  void on_vote(std::size_t node, std::uint64_t epoch, const consensus::VoteSubject& subject);

  std::vector<Violation> violations_;
  std::map<Height, Hash> agreed_;
  // Views go on counting over epochs; those after an epoch's last block are counted twice.
  std::map<std::tuple<std::size_t, std::uint64_t, View, consensus::VoteKind>,
           consensus::VoteSubject>
      votes_;
  std::map<std::tuple<std::size_t, std::uint64_t, Height>, Hash> attested_;
  std::map<std::size_t, Height> last_;  // delivered in this life
  std::map<std::size_t, Height> synced_;
  std::set<Hash> unobtainable_;
};

}  // namespace wusong::sim::internal

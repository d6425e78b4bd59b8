// SPDX-License-Identifier: Apache-2.0
// What the chain must hold, whatever the faults: every block executed one transaction after another
// on plain maps, and by a model of the clients' few kinds of transaction that knows no EVM.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "wusong/exec/execute.hpp"
#include "wusong/node/registry.hpp"
#include "wusong/node/service.hpp"
#include "wusong/sim/internal/checkers.hpp"
#include "wusong/state/memory_state.hpp"
#include "wusong/state/state_db.hpp"

namespace wusong::sim::internal {

/// The contract that clients call: adds the call's first word to the caller's slot, and logs.
extern const Bytes kCounterCode;
Address counter_address();

/// Balances, nonces and counters by the rules of the yellow paper that these transactions need.
class Model {
 public:
  explicit Model(const node::Genesis& genesis);
  /// @return whether the transaction takes effect
  bool apply(const types::Transaction& transaction, const Address& sender);
  Hash state_root() const;

 private:
  std::map<Address, std::uint64_t> nonces_;
  std::map<Address, U256> balances_;
  std::map<Hash, U256> counters_;
};

class ChainChecker {
 public:
  /// `all_honest`: no leader has a reason to waste room in a block.
  ChainChecker(Checkers& checkers, const node::Genesis& genesis, bool all_honest);
  /// An honest node has executed this block; `now`: the true time.
  void on_executed(std::size_t node, const node::ExecutedBlock& block, UnixMillis now);
  /// It has fetched the state of this height.
  void on_joined(std::size_t node, Height height, const Hash& root);
  /// At the end: all that a node keeps is what was agreed on.
  void check_ledger(std::size_t node, const storage::Ledger& ledger, const state::StateDb& state);

  std::uint64_t proofs() const noexcept { return proofs_; }
  std::uint64_t blocks() const noexcept { return blocks_.size(); }
  /// The newest that began, in the order of all blocks executed anywhere.
  const types::Epoch& newest_epoch() const noexcept { return epochs_.back(); }

 private:
  struct Expected {
    Hash hash;
    types::ExecutionRoots roots;
    std::vector<types::Receipt> receipts;
    std::vector<Hash> transactions;
    std::vector<bool> skipped;
  };
  class Hashes final : public exec::BlockHashSource {
   public:
    Hash hash_at(std::uint64_t number) const override;
    std::vector<Hash> all;  // from height 0
  };
  const Expected* expect(const node::ExecutedBlock& block);
  void check_claims(const types::Header& header);
  void check_epoch(const types::Header& header);
  void check_proofs(const std::string& who, const storage::Ledger& ledger);
  const types::Epoch& epoch_of(Height height) const;
  void check_height(const std::string& who, Height height, const storage::Ledger& ledger);

  Checkers& checkers_;
  const bool all_honest_;
  exec::ChainRules rules_;
  state::MemoryState state_;
  std::optional<Model> model_;                   // of chains without a registry: it knows no EVM
  std::map<Height, node::Registry> registries_;  // what a height made of it, where it changed
  std::vector<types::Epoch> epochs_;
  Hashes hashes_;
  std::vector<Expected> blocks_;  // from height 1
  Height covered_;
  std::uint64_t proofs_{0};
};

}  // namespace wusong::sim::internal

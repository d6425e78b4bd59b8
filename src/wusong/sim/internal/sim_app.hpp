// SPDX-License-Identifier: Apache-2.0
// The simulated application: a block is a list of numbers, each allowed once in the chain.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "wusong/consensus/machine.hpp"

namespace wusong::sim::internal {

struct SimPayload {
  View view;
  Height height;
  Hash parent_id;
  std::vector<std::uint64_t> numbers;  // 0 is illegal
};

Bytes encode_payload(const SimPayload& payload);
std::optional<SimPayload> decode_payload(BytesView bytes);
Hash payload_id(BytesView bytes);

class SimIdentity final : public consensus::BlockIdentity {
 public:
  bool matches(const consensus::Block& block) const override;
};

/// One node's application. The ledger is what it has been told is final.
class SimApp {
 public:
  void restore(std::vector<consensus::BlockPtr> ledger);

  void submit(std::uint64_t number);
  bool has_work() const noexcept { return !pool_.empty(); }
  /// Nothing to propose: none, unless an empty block is wanted.
  std::optional<Bytes> build(const consensus::BuildPayload& request) const;
  consensus::Verdict check(const consensus::BlockPtr& block);
  void built(const consensus::BlockPtr& block);
  /// @return whether the block follows the last one.
  bool append(const consensus::BlockPtr& block);

  const std::vector<consensus::BlockPtr>& ledger() const noexcept { return ledger_; }
  consensus::BlockRef head() const;
  Height height() const noexcept { return Height{ledger_.size()}; }

 private:
  /// Numbers in the blocks after the last final one up to `tip`; none when the chain is broken.
  std::optional<std::set<std::uint64_t>> open_numbers(Hash tip) const;

  std::vector<consensus::BlockPtr> ledger_;  // height 1 first
  std::set<std::uint64_t> final_numbers_;
  std::set<std::uint64_t> pool_;
  std::map<Hash, consensus::BlockPtr> open_;
};

/// The chain's genesis id, for every scenario.
Hash sim_genesis();

}  // namespace wusong::sim::internal

// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/block_executor.hpp"

#include "wusong/exec/execute.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/validation.hpp"

namespace wusong::node {
namespace {

constexpr std::size_t kHashesKept = 256;

}  // namespace

void RecentHashes::add(Height height, const Hash& hash) {
  hashes_.emplace_back(height.value, hash);
  if (hashes_.size() > kHashesKept) hashes_.pop_front();
}

Hash RecentHashes::hash_at(std::uint64_t number) const {
  if (hashes_.empty() || number < hashes_.front().first) return {};
  const std::uint64_t index = number - hashes_.front().first;
  return index < hashes_.size() ? hashes_[static_cast<std::size_t>(index)].second : Hash{};
}

BlockExecutor::BlockExecutor(const Genesis& genesis, state::StateDb& state, storage::Ledger& ledger,
                             io::StageTimer& timer)
    : rules_{chain_rules(genesis)}, state_{state}, ledger_{ledger}, timer_{timer} {}

Result<BlockPtr> BlockExecutor::execute(const PreparedBlock& prepared) {
  const types::Header& header = prepared.block.header;
  const auto head = state_.head();
  if (!head || head->height.next() != header.number) return fail(err::ledger_gap);

  const io::StageScope scope{timer_, io::Stage::execution};
  WUSONG_TRY(const auto view, state_.view(head->height));
  WUSONG_TRY(exec::BlockOutcome outcome,
             exec::execute_block(prepared.block, prepared.senders, *view,
                                 exec::context_of(header, &hashes_), rules_));
  timer_.enter(io::Stage::trie);
  WUSONG_TRY(const Hash state_root, state_.commit(header.number, outcome.diff));
  timer_.enter(io::Stage::execution);  // the receipts root and what readers get

  auto out = std::make_shared<ExecutedBlock>();
  out->roots = exec::roots_of(outcome, state_root);
  out->skipped.reserve(outcome.refusals.size());
  for (const auto& refusal : outcome.refusals) {
    out->skipped.push_back(refusal ? refusal->info().number : std::uint16_t{0});
  }
  storage::Execution execution{
      .roots = out->roots, .receipts = std::move(outcome.receipts), .skipped = out->skipped};
  timer_.enter(io::Stage::storage);
  WUSONG_CHECK(ledger_.put_execution(header.number, prepared.transaction_hashes, execution));
  timer_.enter(io::Stage::execution);

  out->block = prepared.block;
  out->hash = prepared.hash;
  out->size_bytes = prepared.encoded.size();
  out->transaction_hashes = prepared.transaction_hashes;
  out->senders = prepared.senders;
  out->receipts = std::move(execution.receipts);
  out->logs_bloom = out->roots.logs_bloom;
  hashes_.add(header.number, prepared.hash);
  return BlockPtr{std::move(out)};
}

}  // namespace wusong::node

// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/opening.hpp"

#include "wusong/base/defect.hpp"
#include "wusong/node/errors.hpp"
#include "wusong/node/joining.hpp"
#include "wusong/state/memory_state.hpp"

namespace wusong::node {

namespace {

constexpr std::uint64_t kHashesKept = 256;  // what BLOCKHASH may ask for

/// Each step is done again if a crash came before the next one.
Result<void> write_genesis(const Genesis& genesis, const OpenedChain& chain) {
  const types::Header& header = chain.genesis_header;
  if (!chain.state->head()) {
    WUSONG_TRY(const Hash root, chain.state->commit(Height{0}, genesis_state(genesis)));
    WUSONG_ASSERT(root == header.roots.front().state_root);
    WUSONG_CHECK(chain.state->sync());
  }
  if (!chain.ledger->final_head()) {
    WUSONG_CHECK(chain.ledger->append_block(Height{0}, chain.genesis_hash,
                                            types::encode_block(header, {}), {}));
  }
  if (chain.ledger->executed_head()) return {};
  return chain.ledger->put_execution(
      Height{0}, {}, {.roots = header.roots.front(), .receipts = {}, .skipped = {}});
}

Result<void> replay(const OpenedChain& chain, io::Executor& executor,
                    const OpeningOptions& options) {
  const storage::Ledger& ledger = *chain.ledger;
  const Height receipts = *ledger.executed_head();
  if (chain.state->head()->height > receipts) WUSONG_CHECK(chain.state->reset_head(receipts));
  const Height last = has_defect(Defect::receipts_not_replayed) ? receipts : *ledger.final_head();
  Height next = chain.state->head()->height.next();
  WUSONG_CHECK(remember_hashes(ledger, next, *chain.executor));
  if (next <= last && options.on_replay) options.on_replay(next, last);
  for (; next <= last; next = next.next()) {
    WUSONG_TRY(auto stored, ledger.block(next));
    if (!stored) return fail(err::ledger_gap);
    std::vector<Bytes> one;
    one.push_back(std::move(stored->bytes));
    WUSONG_TRY(const auto prepared, prepare_range(std::move(one), executor));
    WUSONG_TRY(const auto block, chain.executor->execute(*prepared.front()));
    if (options.on_executed) options.on_executed(block);
  }
  return {};
}

}  // namespace

Result<void> remember_hashes(const storage::Ledger& ledger, Height next, BlockExecutor& executor) {
  for (Height h = next.minus(kHashesKept); h < next; h = h.next()) {
    WUSONG_TRY(const auto hash, ledger.block_hash(h));
    if (hash) executor.remember(h, *hash);
  }
  return {};
}

Result<std::vector<PreparedPtr>> prepare_range(std::vector<Bytes> blocks, io::Executor& executor,
                                               crypto::KeyCache* keys) {
  std::vector<PreparedPtr> out;
  for (Bytes& encoded : blocks) {
    WUSONG_TRY(const auto parts, split(std::move(encoded), executor));
    WUSONG_TRY(auto prepared,
               prepare(*parts, KnownTransactions(parts->transactions.size()), executor, keys));
    out.push_back(std::move(prepared));
  }
  return out;
}

Result<OpenedChain> open_chain(const Genesis& genesis, io::KvStore& store,
                               io::SegmentStore& segments, io::StageTimer& timer,
                               io::Executor& executor, const OpeningOptions& options) {
  OpenedChain chain;
  state::MemoryState first;
  first.apply(genesis_state(genesis));
  chain.genesis_header = genesis_header(genesis, first.root());
  chain.genesis_hash = types::hash_of(chain.genesis_header);
  WUSONG_TRY(chain.state, state::StateDb::open(segments, options.state, options.report));
  WUSONG_TRY(chain.ledger, storage::Ledger::open(store, {.chain_id = genesis.chain_id,
                                                         .genesis_hash = chain.genesis_hash}));
  WUSONG_CHECK(write_genesis(genesis, chain));
  WUSONG_CHECK(finish_join(*chain.state, *chain.ledger));
  chain.executor = std::make_unique<BlockExecutor>(genesis, *chain.state, *chain.ledger, timer);
  WUSONG_CHECK(replay(chain, executor, options));
  return chain;
}

}  // namespace wusong::node

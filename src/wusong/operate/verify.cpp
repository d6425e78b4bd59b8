// SPDX-License-Identifier: Apache-2.0
#include "wusong/operate/verify.hpp"

#include <optional>

#include "wusong/node/opening.hpp"
#include "wusong/operate/errors.hpp"
#include "wusong/platform/rocks_store.hpp"
#include "wusong/platform/segment_files.hpp"
#include "wusong/storage/errors.hpp"

namespace wusong::operate {
namespace {

constexpr std::uint64_t kTellEvery = 1'000;

/// The hashes of a block are those of its bytes; a pruned one is its header alone.
Result<types::Header> header_of(const storage::StoredBlock& block, Height height, bool whole) {
  const auto parts = types::split_block(block.bytes);
  if (!parts || parts->header.number != height || types::hash_of(parts->header) != block.hash)
    return fail(err::unproven);
  if (!whole && parts->transactions.empty()) return parts->header;
  std::vector<Bytes> transactions;
  for (const BytesView encoded : parts->transactions) transactions.push_back(to_bytes(encoded));
  if (types::ordered_trie_root(transactions) != parts->header.transactions_root)
    return fail(err::unproven);
  return parts->header;
}

/// A header's roots, of heights up to its `executed`, are those that are kept.
Result<void> check_roots(const storage::Ledger& ledger, const types::Header& header) {
  for (std::size_t i = 0; i < header.roots.size(); ++i) {
    const Height height = header.executed.minus(header.roots.size() - 1 - i);
    WUSONG_TRY(const auto kept, ledger.roots(height));
    if (kept && *kept != header.roots[i]) return fail(err::unproven);
  }
  return {};
}

Result<Hash> check_blocks(const storage::Ledger& ledger, Height last,
                          const VerifyOptions& options) {
  std::optional<Hash> previous;
  for (Height height = options.from; height <= last; height = height.next()) {
    WUSONG_TRY(const auto block, ledger.block(height));
    const bool whole = height == Height{0} || height >= ledger.kept().blocks;
    if (!block && !whole) {
      previous.reset();  // never here: the node joined above
      continue;
    }
    if (!block) return fail(err::unproven);
    WUSONG_TRY(const types::Header header, header_of(*block, height, whole));
    if (previous && header.parent_hash != *previous) return fail(err::unproven);
    WUSONG_CHECK(check_roots(ledger, header));
    previous = block->hash;
    if (options.progress && height.value % kTellEvery == 0)
      options.progress(height.value, last.value);
  }
  if (!previous) return fail(err::unproven);
  return *previous;
}

}  // namespace

Result<VerifiedChain> verify_chain(const std::filesystem::path& folder,
                                   const VerifyOptions& options) {
  WUSONG_TRY(const auto store, platform::open_rocks_store(folder / "db"));
  WUSONG_TRY(const auto segments, platform::open_segment_files(folder / "state"));
  io::NoStageTimer timer;
  io::InlineExecutor executor;
  node::OpeningOptions opening;
  opening.state.history = options.state_history;
  const auto chain = node::open_chain(options.genesis, *store, *segments, timer, executor, opening);
  if (!chain && chain.error() == Error{storage::err::genesis_mismatch})
    return fail(err::other_chain);
  if (!chain) return fail(chain.error());
  const Height last = *chain->ledger->final_head();
  WUSONG_TRY(const Hash block_hash, check_blocks(*chain->ledger, last, options));
  WUSONG_TRY(const auto roots, chain->ledger->roots(last));
  const auto head = chain->state->head();
  if (!roots || !head || head->height != last || head->root != roots->state_root)
    return fail(err::unproven);
  WUSONG_CHECK(chain->state->sync());
  return VerifiedChain{.height = last,
                       .block_hash = block_hash,
                       .state_root = head->root,
                       .genesis_hash = chain->genesis_hash};
}

}  // namespace wusong::operate

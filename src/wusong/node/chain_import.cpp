// SPDX-License-Identifier: Apache-2.0
#include "wusong/node/chain_import.hpp"

#include "wusong/node/errors.hpp"

namespace wusong::node {

Result<void> ChainImport::take(net::RangeResponse range) {
  const Height last = range.from.plus(range.blocks.size() - 1);
  if (last <= head()) return {};
  if (range.from > head().next()) return fail(err::range_above_head);
  const std::uint64_t skip = head().next().value - range.from.value;
  range.blocks.erase(range.blocks.begin(),
                     range.blocks.begin() + static_cast<std::ptrdiff_t>(skip));
  WUSONG_TRY(const auto blocks, prepare_range(std::move(range.blocks), executor_));
  for (const PreparedPtr& block : blocks)
    WUSONG_CHECK(
        execute(block, block == blocks.back() ? BytesView{range.certificate} : BytesView{}));
  return {};
}

Result<void> ChainImport::execute(const PreparedPtr& block, BytesView certificate) {
  storage::Ledger& ledger = *chain_.ledger;
  const types::Header& header = block->block.header;
  WUSONG_TRY(const auto parent, ledger.block_hash(header.number.minus(1)));
  if (!parent || *parent != header.parent_hash) return fail(err::state_diverged);
  std::uint64_t next_epoch = 0;
  if (!header.next_epoch.empty()) {
    WUSONG_TRY(const types::Epoch next, types::decode_epoch(header.next_epoch));
    next_epoch = next.number;
  }
  WUSONG_CHECK(ledger.append_block(header.number, block->hash, block->encoded, certificate,
                                   io::Durability::buffered, next_epoch));
  WUSONG_TRY(const auto executed, chain_.executor->execute(*block));
  Height height = header.executed.minus(header.roots.size());
  for (const types::ExecutionRoots& claimed : header.roots) {
    height = height.next();
    WUSONG_TRY(const auto own, ledger.roots(height));
    if (own && *own != claimed) return fail(err::state_diverged);
  }
  return {};
}

Result<void> ChainImport::finish() {
  WUSONG_CHECK(chain_.state->sync());
  // A synced write makes all before it durable, too.
  return chain_.ledger->sync();
}

}  // namespace wusong::node

// SPDX-License-Identifier: Apache-2.0
// Forgetting what is old, and beginning where others are.
#include <algorithm>

#include "wusong/storage/internal/keys.hpp"
#include "wusong/storage/ledger.hpp"

namespace wusong::storage {
namespace {

/// A step ends when it has read about so much.
constexpr std::size_t kStepBytesMax = 2u << 20;
constexpr std::size_t kHeightCost = 256;  // of a height with nothing in it

void stage_header(io::WriteBatch& batch, const Base::Header& header) {
  Bytes value = to_bytes(header.hash);
  append(value, header.block);
  batch.put(io::Column::index, tagged_key(kBlockTag, header.hash.view()),
            height_key(header.height));
  batch.operations.push_back(
      {io::Column::block, false, height_key(header.height), std::move(value)});
}

Height clamp(Height wanted, std::optional<Height> executed) noexcept {
  return std::min(wanted, executed.value_or(Height{0}));
}

}  // namespace

/// The block becomes a header, and its transactions cannot be found any more.
Result<void> Ledger::forget_block(io::WriteBatch& batch, Height height, std::size_t& cost) {
  WUSONG_TRY(const auto stored, block(height));
  if (!stored) return {};  // never had: a node that began above it
  cost += stored->bytes.size();
  const auto parts = types::split_block(stored->bytes);
  if (!parts) return fail(err::corrupt);
  batch.erase(io::Column::receipt, height_key(height));
  if (parts->transactions.empty()) return {};
  for (const BytesView transaction : parts->transactions) {
    const Bytes key = transaction_key(types::transaction_hash(transaction));
    WUSONG_TRY(const auto place, store_.get(io::Column::index, key));
    // A transaction that was skipped here may have been executed elsewhere.
    if (place && place->size() == 12 && load_be64(place->data()) == height.value)
      batch.erase(io::Column::index, key);
  }
  Bytes value = to_bytes(stored->hash);
  append(value, types::encode_block(parts->header, {}));
  batch.operations.push_back({io::Column::block, false, height_key(height), std::move(value)});
  return {};
}

/// Roots stay: headers show them.
Result<void> Ledger::forget_receipts(io::WriteBatch& batch, Height height, std::size_t& cost) {
  WUSONG_TRY(const auto found, store_.get(io::Column::receipt, height_key(height)));
  if (!found) return {};
  cost += found->size();
  auto execution = decode_execution(*found);
  if (!execution) return fail(err::corrupt);
  batch.erase(io::Column::index, tagged_key(kBloomTag, height));
  if (execution->receipts.empty()) return {};
  execution->receipts.clear();
  batch.operations.push_back(
      {io::Column::receipt, false, height_key(height), encode_execution(*execution)});
  return {};
}

Result<bool> Ledger::prune(const Kept& wanted) {
  const Kept now = kept();
  const Height blocks = std::max(now.blocks, clamp(wanted.blocks, executed_head()));
  const Height receipts = std::max({now.receipts, blocks, clamp(wanted.receipts, executed_head())});
  Height next_receipts = std::max(now.receipts, Height{1});
  Height next_blocks = std::max(now.blocks, Height{1});
  io::WriteBatch batch;
  std::size_t cost = 0;
  for (; next_receipts < receipts && cost < kStepBytesMax; next_receipts = next_receipts.next()) {
    WUSONG_CHECK(forget_receipts(batch, next_receipts, cost));
    cost += kHeightCost;
  }
  // Blocks follow: their receipts are gone by then.
  const Height until = std::min(blocks, next_receipts);
  for (; next_blocks < until && cost < kStepBytesMax; next_blocks = next_blocks.next()) {
    WUSONG_CHECK(forget_block(batch, next_blocks, cost));
    cost += kHeightCost;
  }
  if (next_receipts <= std::max(now.receipts, Height{1}) &&
      next_blocks <= std::max(now.blocks, Height{1}))
    return false;
  batch.put(io::Column::meta, as_bytes(kKeptReceiptsKey), height_key(next_receipts));
  batch.put(io::Column::meta, as_bytes(kKeptBlocksKey), height_key(next_blocks));
  kept_receipts_.store(next_receipts.value, std::memory_order_release);
  kept_blocks_.store(next_blocks.value, std::memory_order_release);
  WUSONG_CHECK(store_.write(batch, io::Durability::buffered));
  return next_receipts < receipts || next_blocks < blocks;
}

Result<void> Ledger::rebase(const Base& base) {
  WUSONG_ASSERT(!base.headers.empty() && !base.roots.empty());
  const Height head = base.headers.back().height;
  if (const auto final = final_head(); final && head <= *final) return fail(err::wrong_height);
  io::WriteBatch batch;
  for (const Base::Header& header : base.headers) stage_header(batch, header);
  for (const auto& [height, certificate] : base.certificates)
    stage_certificate(batch, CertificateKind::finality, height, certificate);
  for (const Base::EpochEnd& end : base.epochs) {
    stage_header(batch, end.last);
    stage_certificate(batch, CertificateKind::finality, end.last.height, end.certificate);
    stage_epoch(batch, end.next, end.last.height.next());
  }
  for (const auto& [height, roots] : base.roots)
    batch.put(io::Column::receipt, height_key(height),
              encode_execution({.roots = roots, .receipts = {}, .skipped = {}}));
  const Bytes at = height_key(head);
  const Bytes above = height_key(head.next());
  batch.put(io::Column::meta, as_bytes(kFinalKey), at);
  batch.put(io::Column::meta, as_bytes(kExecutedKey), at);
  batch.put(io::Column::meta, as_bytes(kBaseKey), at);
  batch.put(io::Column::meta, as_bytes(kKeptBlocksKey), above);
  batch.put(io::Column::meta, as_bytes(kKeptReceiptsKey), above);
  kept_blocks_.store(head.value + 1, std::memory_order_release);
  kept_receipts_.store(head.value + 1, std::memory_order_release);
  WUSONG_CHECK(store_.write(batch, io::Durability::synced));
  final_head_.store(head.value, std::memory_order_release);
  executed_head_.store(head.value, std::memory_order_release);
  base_.store(head.value, std::memory_order_release);
  return {};
}

}  // namespace wusong::storage

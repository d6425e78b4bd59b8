// SPDX-License-Identifier: Apache-2.0
#include "wusong/storage/ledger.hpp"

#include <algorithm>

#include "wusong/base/defect.hpp"
#include "wusong/codec/rlp.hpp"
#include "wusong/storage/errors.hpp"
#include "wusong/storage/internal/keys.hpp"
#include "wusong/storage/internal/records.hpp"

namespace wusong::storage {
namespace {

Bytes encode_location(Height height, std::size_t index) {
  Bytes out(12);
  store_be64(out.data(), height.value);
  store_be32(out.data() + 8, static_cast<std::uint32_t>(index));
  return out;
}

Bytes encode_format(std::uint64_t format) {
  Bytes out(8);
  store_be64(out.data(), format);
  return out;
}

}  // namespace

Result<std::unique_ptr<Ledger>> Ledger::open(io::KvStore& store, const ChainIdentity& identity) {
  std::unique_ptr<Ledger> ledger{new Ledger{store}};
  WUSONG_CHECK(ledger->check_identity(identity));
  WUSONG_CHECK(ledger->load_head(kFinalKey, ledger->final_head_));
  WUSONG_CHECK(ledger->load_head(kExecutedKey, ledger->executed_head_));
  WUSONG_CHECK(ledger->load_head(kBaseKey, ledger->base_));
  WUSONG_CHECK(ledger->load_head(kKeptBlocksKey, ledger->kept_blocks_));
  WUSONG_CHECK(ledger->load_head(kKeptReceiptsKey, ledger->kept_receipts_));
  return ledger;
}

void Ledger::stage_format(io::WriteBatch& batch, std::uint64_t format) {
  batch.put(io::Column::meta, as_bytes(kFormatKey), encode_format(format));
}

Result<void> Ledger::check_identity(const ChainIdentity& identity) {
  const Bytes version = encode_format(kDataFormat);
  Bytes chain(8);
  store_be64(chain.data(), identity.chain_id);
  append(chain, identity.genesis_hash);

  WUSONG_TRY(const auto found_version, store_.get(io::Column::meta, as_bytes(kFormatKey)));
  WUSONG_TRY(const auto found_chain, store_.get(io::Column::meta, as_bytes(kChainKey)));
  if (found_version && *found_version != version) return fail(err::format_version);
  if (found_chain && *found_chain != chain) return fail(err::genesis_mismatch);
  if (found_version.has_value() != found_chain.has_value()) return fail(err::corrupt);
  if (found_version) return {};

  io::WriteBatch batch;
  batch.put(io::Column::meta, as_bytes(kFormatKey), version);
  batch.put(io::Column::meta, as_bytes(kChainKey), chain);
  return store_.write(batch, io::Durability::synced);
}

Result<void> Ledger::load_head(std::string_view name, std::atomic<std::uint64_t>& head) {
  WUSONG_TRY(const auto found, store_.get(io::Column::meta, as_bytes(name)));
  if (!found) return {};
  WUSONG_TRY(const Height height, decode_height(*found));
  head.store(height.value, std::memory_order_release);
  return {};
}

Result<bool> Ledger::beyond_previous(const io::KvStore& store) {
  bool beyond = false;
  WUSONG_CHECK(store.scan(io::Column::meta, {}, {}, false, [&](BytesView key, BytesView) {
    const std::string_view name = as_text(key);
    beyond = beyond || name.starts_with(kEpochPrefix) || name == kBaseKey ||
             name == kKeptBlocksKey || name == kKeptReceiptsKey;
    return true;
  }));
  return beyond;
}

Result<void> Ledger::stage_block(io::WriteBatch& batch, Height height, const Hash& hash,
                                 BytesView block, BytesView certificate) {
  if (const auto head = final_head(); head && height != head->next())
    return fail(err::wrong_height);
  const Bytes key = height_key(height);
  Bytes value;
  value.reserve(Hash::kSize + block.size());
  append(value, hash);
  append(value, block);

  batch.operations.push_back({io::Column::block, false, key, std::move(value)});
  batch.put(io::Column::index, tagged_key(kBlockTag, hash.view()), key);
  if (!certificate.empty())
    stage_certificate(batch, CertificateKind::finality, height, certificate);
  batch.put(io::Column::meta, as_bytes(kFinalKey), key);
  final_head_.store(height.value, std::memory_order_release);
  return {};
}

void Ledger::stage_certificate(io::WriteBatch& batch, CertificateKind kind, Height height,
                               BytesView certificate) {
  batch.put(io::Column::certificate, tagged_key(static_cast<std::uint8_t>(kind), height),
            certificate);
}

void Ledger::stage_epoch(io::WriteBatch& batch, std::uint64_t number, Height first) {
  batch.put(io::Column::meta, epoch_key(number), height_key(first));
}

Result<std::vector<Height>> Ledger::epochs() const {
  std::vector<Height> out{Height{1}};
  Result<void> outcome;
  WUSONG_CHECK(store_.scan(io::Column::meta, epoch_key(1), epoch_key(~std::uint64_t{0}), false,
                           [&](BytesView key, BytesView value) {
                             const auto first = decode_height(value);
                             if (key.size() != kEpochPrefix.size() + 8 || !first ||
                                 !std::ranges::equal(key, epoch_key(out.size()))) {
                               outcome = fail(err::corrupt);
                               return false;
                             }
                             out.push_back(*first);
                             return true;
                           }));
  if (!outcome) return fail(outcome.error());
  return out;
}

Result<void> Ledger::append_block(Height height, const Hash& hash, BytesView block,
                                  BytesView certificate, io::Durability durability,
                                  std::uint64_t next_epoch) {
  const std::uint64_t head = final_head_.load(std::memory_order_acquire);
  io::WriteBatch batch;
  WUSONG_CHECK(stage_block(batch, height, hash, block, certificate));
  if (next_epoch != 0) stage_epoch(batch, next_epoch, height.next());
  const auto written = store_.write(batch, durability);
  if (!written) final_head_.store(head, std::memory_order_release);
  return written;
}

Result<void> Ledger::sync() {
  io::WriteBatch batch;
  const auto head = final_head();
  if (head) batch.put(io::Column::meta, as_bytes(kFinalKey), height_key(*head));
  return store_.write(batch, io::Durability::synced);
}

Result<std::optional<StoredBlock>> Ledger::block(Height height) const {
  WUSONG_TRY(auto found, store_.get(io::Column::block, height_key(height)));
  if (!found) return std::optional<StoredBlock>{};
  if (found->size() < Hash::kSize) return fail(err::corrupt);
  StoredBlock out{.hash = Hash::from(BytesView{*found}.first(Hash::kSize)),
                  .bytes = std::move(*found)};
  out.bytes.erase(out.bytes.begin(), out.bytes.begin() + Hash::kSize);
  return std::optional<StoredBlock>{std::move(out)};
}

Result<std::optional<Hash>> Ledger::block_hash(Height height) const {
  WUSONG_TRY(const auto found, store_.get(io::Column::block, height_key(height)));
  if (!found) return std::optional<Hash>{};
  if (found->size() < Hash::kSize) return fail(err::corrupt);
  return std::optional{Hash::from(BytesView{*found}.first(Hash::kSize))};
}

Result<std::optional<Height>> Ledger::height_of(const Hash& block_hash) const {
  WUSONG_TRY(const auto found,
             store_.get(io::Column::index, tagged_key(kBlockTag, block_hash.view())));
  if (!found) return std::optional<Height>{};
  WUSONG_TRY(const Height height, decode_height(*found));
  return std::optional{height};
}

Result<void> Ledger::put_execution(Height height, std::span<const Hash> transaction_hashes,
                                   const Execution& execution, io::Durability durability) {
  WUSONG_ASSERT(execution.receipts.size() == transaction_hashes.size());
  WUSONG_ASSERT(execution.skipped.size() == transaction_hashes.size());
  const auto head = executed_head();
  if (head && height > head->next()) return fail(err::wrong_height);

  io::WriteBatch batch;
  batch.operations.push_back(
      {io::Column::receipt, false, height_key(height), encode_execution(execution)});
  if (!execution.roots.logs_bloom.is_zero())
    batch.put(io::Column::index, tagged_key(kBloomTag, height), execution.roots.logs_bloom);
  WUSONG_CHECK(index_transactions(batch, height, transaction_hashes, execution));
  const bool advances = !head || height > *head;
  if (advances) batch.put(io::Column::meta, as_bytes(kExecutedKey), height_key(height));
  WUSONG_CHECK(store_.write(batch, durability));
  if (advances) executed_head_.store(height.value, std::memory_order_release);
  return {};
}

Result<void> Ledger::index_transactions(io::WriteBatch& batch, Height height,
                                        std::span<const Hash> hashes,
                                        const Execution& execution) const {
  // In key order: neighbouring inserts are cheaper for the store.
  std::vector<std::uint32_t> order(hashes.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    if (hashes[a] != hashes[b]) return hashes[a] < hashes[b];
    // The same transaction twice in one block: what was executed is written last and stays.
    const bool a_skipped = execution.skipped[a] != 0;
    const bool b_skipped = execution.skipped[b] != 0;
    return a_skipped != b_skipped ? a_skipped : b < a;
  });
  batch.operations.reserve(batch.operations.size() + order.size() + 1);
  for (const std::uint32_t i : order) {
    Bytes key = transaction_key(hashes[i]);
    if (has_defect(Defect::index_not_written) && i + 1 == order.size()) continue;
    if (execution.skipped[i] != 0) {
      WUSONG_TRY(const auto existing, store_.get(io::Column::index, key));
      if (existing) continue;
    }
    batch.operations.push_back(
        {io::Column::index, false, std::move(key), encode_location(height, i)});
  }
  return {};
}

Result<std::optional<Execution>> Ledger::execution(Height height) const {
  WUSONG_TRY(const auto found, store_.get(io::Column::receipt, height_key(height)));
  if (!found) return std::optional<Execution>{};
  auto decoded = decode_execution(*found);
  if (!decoded) return fail(err::corrupt);
  return std::optional<Execution>{*std::move(decoded)};
}

Result<std::optional<types::ExecutionRoots>> Ledger::roots(Height height) const {
  WUSONG_TRY(const auto found, store_.get(io::Column::receipt, height_key(height)));
  if (!found) return std::optional<types::ExecutionRoots>{};
  const auto decoded = decode_execution_roots(*found);
  if (!decoded) return fail(err::corrupt);
  return std::optional{*decoded};
}

Result<std::optional<TransactionLocation>> Ledger::locate(const Hash& transaction) const {
  WUSONG_TRY(const auto found, store_.get(io::Column::index, transaction_key(transaction)));
  if (!found) return std::optional<TransactionLocation>{};
  if (found->size() != 12) return fail(err::corrupt);
  return std::optional{TransactionLocation{.height = Height{load_be64(found->data())},
                                           .index = load_be32(found->data() + 8)}};
}

Result<void> Ledger::scan_blooms(
    Height first, Height last,
    const std::function<bool(Height, const types::Bloom&)>& visit) const {
  if (last < first) return {};
  const Bytes from = tagged_key(kBloomTag, first);
  Bytes to = tagged_key(kBloomTag, last);
  to.push_back(0);  // the first key after the last height's
  bool corrupt = false;
  WUSONG_CHECK(store_.scan(io::Column::index, from, to, false, [&](BytesView key, BytesView value) {
    if (key.size() != 9 || value.size() != types::Bloom::kSize) {
      corrupt = true;
      return false;
    }
    return visit(Height{load_be64(key.data() + 1)}, types::Bloom::from(value));
  }));
  if (corrupt) return fail(err::corrupt);
  return {};
}

Result<void> Ledger::put_certificate(CertificateKind kind, Height height, BytesView certificate,
                                     io::Durability durability) {
  io::WriteBatch batch;
  stage_certificate(batch, kind, height, certificate);
  return store_.write(batch, durability);
}

Result<std::optional<Bytes>> Ledger::certificate(CertificateKind kind, Height height) const {
  return store_.get(io::Column::certificate, tagged_key(static_cast<std::uint8_t>(kind), height));
}

namespace {

Result<std::optional<StoredCertificate>> one_certificate(const io::KvStore& store, BytesView from,
                                                         BytesView to, bool reverse) {
  std::optional<StoredCertificate> out;
  bool corrupt = false;
  WUSONG_CHECK(
      store.scan(io::Column::certificate, from, to, reverse, [&](BytesView key, BytesView value) {
        corrupt = key.size() != 9;
        if (!corrupt)
          out = StoredCertificate{.height = Height{load_be64(key.data() + 1)},
                                  .bytes = to_bytes(value)};
        return false;
      }));
  if (corrupt) return fail(err::corrupt);
  return out;
}

}  // namespace

Result<std::optional<StoredCertificate>> Ledger::first_certificate(CertificateKind kind,
                                                                   Height height) const {
  const auto tag = static_cast<std::uint8_t>(kind);
  return one_certificate(store_, tagged_key(tag, height), Bytes{static_cast<std::uint8_t>(tag + 1)},
                         false);
}

Result<std::optional<StoredCertificate>> Ledger::last_certificate(CertificateKind kind) const {
  const auto tag = static_cast<std::uint8_t>(kind);
  return one_certificate(store_, Bytes{tag}, Bytes{static_cast<std::uint8_t>(tag + 1)}, true);
}

}  // namespace wusong::storage

// SPDX-License-Identifier: Apache-2.0
// Blocks, what executing them produced, and the indexes that find them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "wusong/base/strong.hpp"
#include "wusong/io/kv_store.hpp"
#include "wusong/types/block.hpp"
#include "wusong/types/receipt.hpp"

namespace wusong::storage {

/// What a data folder holds: one number for ledger, votes, pool and state together (ADR 0018).
/// A change that the last release cannot read raises it, and platform/data_format.hpp learns the
/// way from the one before.
inline constexpr std::uint64_t kDataFormat = 2;

/// Which chain a folder belongs to; written when it is created, compared ever after.
struct ChainIdentity {
  std::uint64_t chain_id{0};
  Hash genesis_hash;
};

struct StoredBlock {
  Hash hash;
  Bytes bytes;  // as finalised
};

/// What executing one height produced.
struct Execution {
  types::ExecutionRoots roots;
  std::vector<types::Receipt> receipts;  // one per transaction, in order; none once pruned
  std::vector<std::uint16_t> skipped;    // error number per transaction, 0 where it was executed
};

/// From which heights on what is kept: above the genesis, which stays.
struct Kept {
  Height blocks{};    // whole blocks, and where their transactions are
  Height receipts{};  // receipts and what finds logs; not below `blocks`
  friend bool operator==(const Kept&, const Kept&) = default;
};

/// Where a node begins that did not execute what was before.
struct Base {
  struct Header {
    Height height;
    Hash hash;
    Bytes block;  // without transactions
  };
  std::vector<Header> headers;                    // consecutive; the last one is the new head
  std::map<Height, types::ExecutionRoots> roots;  // of heights whose roots no header here carries
  std::map<Height, Bytes> certificates;           // of finality, of some of these headers
  /// The last block of each epoch that is over and was not known here, with its certificate, in
  /// order; none is above the new head.
  struct EpochEnd {
    std::uint64_t next{0};  // the epoch that follows
    Header last;
    Bytes certificate;
  };
  std::vector<EpochEnd> epochs;
};

struct TransactionLocation {
  Height height;
  std::uint32_t index{0};
  friend bool operator==(const TransactionLocation&, const TransactionLocation&) = default;
};

/// Permanent: part of the keys.
enum class CertificateKind : std::uint8_t { finality = 0, attestation = 1 };

struct StoredCertificate {
  Height height;
  Bytes bytes;
};

/// @thread append_block belongs to one thread, put_execution to one thread, which may differ; all
///         else may run on any. The store must outlive the ledger.
/// @errors of every member: the store's, and err::corrupt for values that do not decode
class Ledger {
 public:
  /// Opens, or marks an empty store as this chain's.
  /// @errors err::genesis_mismatch  chain id or genesis differ
  ///         err::format_version
  [[nodiscard]] static Result<std::unique_ptr<Ledger>> open(io::KvStore& store,
                                                            const ChainIdentity& identity);

  /// As part of a migration's batch: the number that open() compares.
  static void stage_format(io::WriteBatch& batch, std::uint64_t format);
  /// Whether there is what the previous release cannot read: forgotten blocks, a state that came
  /// from others, epochs.
  [[nodiscard]] static Result<bool> beyond_previous(const io::KvStore& store);

  /// Highest block stored.
  std::optional<Height> final_head() const noexcept { return load(final_head_); }
  /// Highest height with an execution record. May trail the final head, or the state after a crash.
  std::optional<Height> executed_head() const noexcept { return load(executed_head_); }

  /// Stores a finalised block, its hash, and the certificate where there is one, with the head in
  /// one batch. The first block may have any height. `next_epoch`: the one that begins above it,
  /// where its own ends.
  /// @errors err::wrong_height  not one above the head
  [[nodiscard]] Result<void> append_block(Height height, const Hash& hash, BytesView block,
                                          BytesView certificate,
                                          io::Durability durability = io::Durability::synced,
                                          std::uint64_t next_epoch = 0);
  /// The same as part of the caller's batch. The head moves at once: the caller writes the batch or
  /// stops.
  [[nodiscard]] Result<void> stage_block(io::WriteBatch& batch, Height height, const Hash& hash,
                                         BytesView block, BytesView certificate);
  /// Where an epoch begins, as part of the caller's batch. Epoch 0 needs none: it begins at 1.
  static void stage_epoch(io::WriteBatch& batch, std::uint64_t number, Height first);
  /// First heights by epoch; the one before the first of each names the epoch in its header.
  [[nodiscard]] Result<std::vector<Height>> epochs() const;
  [[nodiscard]] Result<std::optional<StoredBlock>> block(Height height) const;
  [[nodiscard]] Result<std::optional<Hash>> block_hash(Height height) const;
  [[nodiscard]] Result<std::optional<Height>> height_of(const Hash& block_hash) const;

  /// Stores what executing a height produced and where its transactions are. Executing a height
  /// again replaces its record. A skipped transaction never takes the place of one found earlier.
  /// @shape  `transaction_hashes`, receipts and skipped have one size
  /// @errors err::wrong_height  more than one above the executed head
  [[nodiscard]] Result<void> put_execution(Height height, std::span<const Hash> transaction_hashes,
                                           const Execution& execution,
                                           io::Durability durability = io::Durability::buffered);
  [[nodiscard]] Result<std::optional<Execution>> execution(Height height) const;
  [[nodiscard]] Result<std::optional<types::ExecutionRoots>> roots(Height height) const;
  /// By the first 16 bytes of the hash: a hash that shares them with a stored one finds that one,
  /// so the caller compares.
  [[nodiscard]] Result<std::optional<TransactionLocation>> locate(const Hash& transaction) const;
  /// Visits the heights in [first, last] that have logs, in order, until `visit` returns false.
  [[nodiscard]] Result<void> scan_blooms(
      Height first, Height last,
      const std::function<bool(Height, const types::Bloom&)>& visit) const;

  /// Below these heights blocks are headers alone, and receipts roots alone, or nothing is there. A
  /// reader asks after it has read: they move before what they forget goes.
  Kept kept() const noexcept {
    return {.blocks = Height{kept_blocks_.load(std::memory_order_acquire)},
            .receipts = Height{kept_receipts_.load(std::memory_order_acquire)}};
  }
  /// One bounded step, one batch, towards keeping only this much: a crash leaves some step's end.
  /// Never takes the executed head.
  /// @return whether there is more to do
  /// @thread one, which may differ from the writers
  [[nodiscard]] Result<bool> prune(const Kept& wanted);
  /// Everything written so far is on stable storage when it returns.
  [[nodiscard]] Result<void> sync();
  /// Begins anew at a base; synced. What was stored before stays below the new `kept`.
  /// @errors err::wrong_height  not above the head
  [[nodiscard]] Result<void> rebase(const Base& base);
  /// The height of the newest rebase(): its state came from others.
  std::optional<Height> base() const noexcept { return load(base_); }

  [[nodiscard]] Result<void> put_certificate(CertificateKind kind, Height height,
                                             BytesView certificate,
                                             io::Durability durability = io::Durability::buffered);
  static void stage_certificate(io::WriteBatch& batch, CertificateKind kind, Height height,
                                BytesView certificate);
  [[nodiscard]] Result<std::optional<Bytes>> certificate(CertificateKind kind, Height height) const;
  /// The lowest one at `height` or above.
  [[nodiscard]] Result<std::optional<StoredCertificate>> first_certificate(CertificateKind kind,
                                                                           Height height) const;
  /// The highest there is.
  [[nodiscard]] Result<std::optional<StoredCertificate>> last_certificate(
      CertificateKind kind) const;

 private:
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  explicit Ledger(io::KvStore& store) noexcept : store_{store} {}
  static std::optional<Height> load(const std::atomic<std::uint64_t>& head) noexcept {
    const std::uint64_t value = head.load(std::memory_order_acquire);
    return value == kNone ? std::nullopt : std::optional{Height{value}};
  }
  [[nodiscard]] Result<void> check_identity(const ChainIdentity& identity);
  [[nodiscard]] Result<void> load_head(std::string_view name, std::atomic<std::uint64_t>& head);
  [[nodiscard]] Result<void> forget_block(io::WriteBatch& batch, Height height, std::size_t& cost);
  [[nodiscard]] Result<void> forget_receipts(io::WriteBatch& batch, Height height,
                                             std::size_t& cost);
  [[nodiscard]] Result<void> index_transactions(io::WriteBatch& batch, Height height,
                                                std::span<const Hash> hashes,
                                                const Execution& execution) const;

  io::KvStore& store_;
  std::atomic<std::uint64_t> final_head_{kNone};
  std::atomic<std::uint64_t> executed_head_{kNone};
  std::atomic<std::uint64_t> base_{kNone};
  std::atomic<std::uint64_t> kept_blocks_{0};
  std::atomic<std::uint64_t> kept_receipts_{0};
};

}  // namespace wusong::storage

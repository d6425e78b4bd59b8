// SPDX-License-Identifier: Apache-2.0
// The ledger as those see it who fetch ranges of blocks.
#pragma once

#include "wusong/storage/ledger.hpp"
#include "wusong/sync/range.hpp"

namespace wusong::node {

class LedgerBlocks final : public sync::BlockSource {
 public:
  /// The ledger outlives it.
  explicit LedgerBlocks(const storage::Ledger& ledger) noexcept : ledger_{ledger} {}

  Result<std::optional<Bytes>> block(Height height) const override {
    WUSONG_TRY(auto stored, read(height));
    if (!stored || height < ledger_.kept().blocks) return std::optional<Bytes>{};
    return std::optional{std::move(stored->bytes)};
  }
  Result<std::optional<Bytes>> header(Height height) const override {
    WUSONG_TRY(const auto stored, read(height));
    if (!stored) return std::optional<Bytes>{};
    WUSONG_TRY(auto stripped, types::strip_block(stored->bytes));
    return std::optional{std::move(stripped)};
  }
  Result<std::optional<Certificate>> first_certificate(Height height) const override {
    WUSONG_TRY(auto found, ledger_.first_certificate(storage::CertificateKind::finality, height));
    if (!found) return std::optional<Certificate>{};
    return std::optional{Certificate{.height = found->height, .bytes = std::move(found->bytes)}};
  }

  /// What blocks it has read so far.
  std::uint64_t bytes_read() const noexcept { return bytes_read_; }

 private:
  Result<std::optional<storage::StoredBlock>> read(Height height) const {
    auto stored = ledger_.block(height);
    if (stored && *stored) bytes_read_ += (*stored)->bytes.size();
    return stored;
  }

  const storage::Ledger& ledger_;
  mutable std::uint64_t bytes_read_{0};
};

}  // namespace wusong::node

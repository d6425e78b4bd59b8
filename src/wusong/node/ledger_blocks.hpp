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
    WUSONG_TRY(auto stored, ledger_.block(height));
    if (!stored || height < ledger_.kept().blocks) return std::optional<Bytes>{};
    return std::optional{std::move(stored->bytes)};
  }
  Result<std::optional<Bytes>> header(Height height) const override {
    WUSONG_TRY(const auto stored, ledger_.block(height));
    if (!stored) return std::optional<Bytes>{};
    WUSONG_TRY(auto stripped, types::strip_block(stored->bytes));
    return std::optional{std::move(stripped)};
  }
  Result<std::optional<Certificate>> first_certificate(Height height) const override {
    WUSONG_TRY(auto found, ledger_.first_certificate(storage::CertificateKind::finality, height));
    if (!found) return std::optional<Certificate>{};
    return std::optional{Certificate{.height = found->height, .bytes = std::move(found->bytes)}};
  }

 private:
  const storage::Ledger& ledger_;
};

}  // namespace wusong::node

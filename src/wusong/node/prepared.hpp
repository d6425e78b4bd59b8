// SPDX-License-Identifier: Apache-2.0
// Work that needs no state and may run on any thread: decoding, hashing, recovering senders.
#pragma once

#include <memory>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/exec/context.hpp"
#include "wusong/io/executor.hpp"
#include "wusong/txpool/pool.hpp"
#include "wusong/types/block.hpp"

namespace wusong::node {

/// A block with everything that follows from its bytes.
struct PreparedBlock {
  types::Block block;
  Hash hash;
  std::vector<Hash> transaction_hashes;
  std::vector<Address> senders;
  Bytes encoded;
};
using PreparedPtr = std::shared_ptr<const PreparedBlock>;

/// A block taken apart, before its transactions are decoded: those the pool knows need no more
/// work.
struct SplitBlock {
  Bytes encoded;
  types::Header header;
  Hash hash;
  std::vector<BytesView> transactions;  // inside `encoded`
  std::vector<Hash> transaction_hashes;
};
/// Checks the transactions root. @errors codec's and types' rows
[[nodiscard]] Result<std::shared_ptr<const SplitBlock>> split(Bytes encoded,
                                                              io::Executor& executor);
/// Looks the transaction up where its sender is known already; nothing where it is not.
using KnownTransactions = std::vector<txpool::PooledPtr>;  // as many as transactions
/// `keys` are of senders that come again. @errors codec's, types' and crypto's rows
[[nodiscard]] Result<PreparedPtr> prepare(const SplitBlock& split, const KnownTransactions& known,
                                          io::Executor& executor, crypto::KeyCache* keys = nullptr);

/// A raw transaction on its way to the pool.
struct RawTransaction {
  BytesView encoded;
  bool local{false};
};
/// Decodes, recovers the sender, and checks what needs no state: exec::check_static, permission and
/// the chain's own refusals (blob transactions). One answer each.
std::vector<Result<txpool::Candidate>> prepare_candidates(std::span<const RawTransaction> raw,
                                                          const exec::ChainRules& rules,
                                                          io::Executor& executor,
                                                          crypto::KeyCache* keys = nullptr);

}  // namespace wusong::node

// SPDX-License-Identifier: Apache-2.0
#include "wusong/txpool/senders.hpp"

#include <algorithm>

namespace wusong::txpool {
namespace {

/// One task: enough work to outweigh handing it to another thread.
constexpr std::size_t kChunk = 16;

void recover_at(std::span<const types::Transaction> transactions,
                std::span<const std::size_t> wanted, io::Executor& executor,
                std::vector<Result<Address>>& out) {
  executor.for_each((wanted.size() + kChunk - 1) / kChunk, [&](std::size_t chunk) {
    const std::size_t end = std::min((chunk + 1) * kChunk, wanted.size());
    for (std::size_t i = chunk * kChunk; i < end; ++i)
      out[wanted[i]] = types::recover_sender(transactions[wanted[i]]);
  });
}

}  // namespace

std::optional<Address> SenderCache::find(const Hash& hash) const {
  for (const auto* const half : {&young_, &old_})
    if (const auto found = half->find(hash); found != half->end()) return found->second;
  return std::nullopt;
}

void SenderCache::put(const Hash& hash, const Address& sender) {
  if (young_.size() >= half_ && !young_.contains(hash)) {
    old_ = std::move(young_);
    young_ = {};
  }
  old_.erase(hash);
  young_.insert_or_assign(hash, sender);
}

std::vector<Result<Address>> recover_senders(std::span<const types::Transaction> transactions,
                                             io::Executor& executor) {
  std::vector<Result<Address>> out(transactions.size(), Address{});
  std::vector<std::size_t> wanted(transactions.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = i;
  recover_at(transactions, wanted, executor, out);
  return out;
}

std::vector<Result<Address>> recover_senders(std::span<const types::Transaction> transactions,
                                             std::span<const Hash> hashes, io::Executor& executor,
                                             SenderCache& cache) {
  WUSONG_ASSERT(hashes.size() == transactions.size());
  std::vector<Result<Address>> out(transactions.size(), Address{});
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < transactions.size(); ++i) {
    if (const auto known = cache.find(hashes[i])) {
      out[i] = *known;
    } else {
      wanted.push_back(i);
    }
  }
  recover_at(transactions, wanted, executor, out);
  for (const std::size_t i : wanted)
    if (out[i]) cache.put(hashes[i], *out[i]);
  return out;
}

}  // namespace wusong::txpool

// SPDX-License-Identifier: Apache-2.0
// Building blocks from the pool, and looking things up in it.
#include <algorithm>
#include <queue>

#include "wusong/txpool/errors.hpp"
#include "wusong/txpool/internal/sender.hpp"
#include "wusong/txpool/pool.hpp"

namespace wusong::txpool {
namespace {

/// Senders whose next transaction is too big for what is left of the block, before we call it full.
constexpr std::size_t kMisfitsMax = 64;

}  // namespace

/// A sender's next transaction, among those that build() has advanced.
struct Pool::BuildStep {
  Rank rank;
  std::map<std::uint64_t, PooledPtr>::const_iterator at;
  /// std::priority_queue gives the greatest first.
  bool operator<(const BuildStep& other) const noexcept { return HeadOrder{}(other.rank, rank); }
};

std::vector<PooledPtr> Pool::build(const BuildRequest& request) {
  ++builds_;
  std::priority_queue<BuildStep> advanced;
  const auto push = [&](Sender& sender, std::map<std::uint64_t, PooledPtr>::const_iterator at,
                        std::uint64_t nonce) {
    if (at == sender.transactions.end() || at->first != nonce) return;
    if (at->second->transaction.max_fee < rules_.base_fee) return;
    advanced.push({*rank_of(sender, &at->second), at});
  };
  for (const NonceUpdate& override : request.next_nonces) {
    Sender* const sender = find_sender(override.address);
    if (sender == nullptr) continue;
    sender->build = builds_;
    const std::uint64_t nonce = std::max(override.nonce, sender->nonce);
    push(*sender, sender->transactions.find(nonce), nonce);
  }

  std::vector<PooledPtr> out;
  std::uint64_t gas = request.gas;
  std::size_t bytes = request.bytes;
  std::size_t misfits = 0;
  auto head = heads_.begin();
  while (out.size() < request.count && misfits < kMisfitsMax) {
    while (head != heads_.end() && head->sender->build == builds_) ++head;
    const bool from_heads =
        head != heads_.end() && (advanced.empty() || HeadOrder{}(*head, advanced.top().rank));
    if (!from_heads && advanced.empty()) break;
    BuildStep step;
    if (from_heads) {
      step = {*head, head->sender->transactions.begin()};
      ++head;
      // Those that cannot pay the base fee come after all others.
      if (step.at->second->transaction.max_fee < rules_.base_fee) break;
    } else {
      step = advanced.top();
      advanced.pop();
    }
    const PooledPtr& pooled = step.at->second;
    if (request.excluded == nullptr || !request.excluded->contains(pooled->hash)) {
      if (pooled->transaction.gas_limit > gas || pooled->encoded_size > bytes) {
        ++misfits;  // its later ones must wait with it
        continue;
      }
      gas -= pooled->transaction.gas_limit;
      bytes -= pooled->encoded_size;
      out.push_back(pooled);
      if (request.last_to && pooled->transaction.to == request.last_to) continue;
    }
    push(*step.rank.sender, std::next(step.at), step.at->first + 1);
  }
  return out;
}

PooledPtr Pool::find(const Hash& hash) const {
  const auto found = by_hash_.find(hash);
  return found == by_hash_.end() ? nullptr : found->second;
}

bool Pool::is_pending(const Pooled& pooled) const {
  const Sender* const sender = find_sender(pooled.sender);
  return sender != nullptr && pooled.transaction.nonce < sender->pending_end &&
         by_hash_.contains(pooled.hash);
}

std::uint64_t Pool::pending_nonce(const Address& address) const {
  const Sender* const sender = find_sender(address);
  return sender == nullptr ? accounts_.nonce(address) : sender->pending_end;
}

Counts Pool::counts() const noexcept {
  return {pending_, by_hash_.size() - pending_, bytes_, senders_.size()};
}

Content Pool::content(const Address& address) const {
  Content out;
  const Sender* const sender = find_sender(address);
  if (sender == nullptr) return out;
  for (const auto& [nonce, pooled] : sender->transactions)
    (nonce < sender->pending_end ? out.pending : out.queued).push_back(pooled);
  return out;
}

std::vector<Address> Pool::senders() const {
  std::vector<Address> out;
  out.reserve(senders_.size());
  for (const auto& entry : senders_) out.push_back(entry.first);
  std::ranges::sort(out);
  return out;
}

std::vector<Hash> Pool::pending_hashes(std::size_t count) const {
  std::vector<Hash> out;
  for (const Rank& rank : heads_) {
    for (const auto& [nonce, pooled] : rank.sender->transactions) {
      if (out.size() == count) return out;
      if (nonce >= rank.sender->pending_end) break;
      out.push_back(pooled->hash);
    }
  }
  return out;
}

std::string_view text_of(Error error) noexcept {
  struct Row {
    const ErrorInfo* info;
    std::string_view text;
  };
  // The wording of go-ethereum, which wallets and libraries search for.
  static constexpr Row kRows[] = {
      {&err::already_known, "already known"},
      {&err::nonce_too_low, "nonce too low"},
      {&err::nonce_too_far, "nonce too far in the future"},
      {&err::nonce_max, "nonce has max value"},
      {&err::replacement_underpriced, "replacement transaction underpriced"},
      {&err::insufficient_funds, "insufficient funds for gas * price + value"},
      {&err::underpriced, "transaction underpriced"},
      {&err::fee_below_base_fee, "max fee per gas less than block base fee"},
      {&err::tip_above_fee_cap, "max priority fee per gas higher than max fee per gas"},
      {&err::block_gas_exceeded, "exceeds block gas limit"},
      {&err::too_large, "oversized data"},
      {&err::wrong_chain_id, "invalid chain id for signer"},
      {&err::unprotected, "only replay-protected (EIP-155) transactions allowed over RPC"},
      {&err::type_not_supported, "transaction type not supported"},
      {&err::full, "txpool is full"},
      {&err::sender_full, "account limit exceeded"},
  };
  for (const Row& row : kRows)
    if (row.info == &error.info()) return row.text;
  return error.name();
}

}  // namespace wusong::txpool

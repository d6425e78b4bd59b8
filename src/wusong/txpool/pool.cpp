// SPDX-License-Identifier: Apache-2.0
#include "wusong/txpool/pool.hpp"

#include <limits>

#include "wusong/base/defect.hpp"
#include "wusong/txpool/errors.hpp"
#include "wusong/txpool/internal/sender.hpp"

namespace wusong::txpool {
namespace {

constexpr U256 kMax = ~U256{};
/// Ranks a transaction that cannot pay the base fee after every other one.
constexpr std::uint64_t kUnbuildable = 1ull << 63;

U256 add_saturated(const U256& a, const U256& b) noexcept {
  return a > kMax - b ? kMax : a + b;
}

/// gas_limit * max_fee + value, or 2^256-1 where that does not fit.
U256 cost_of(const types::Transaction& transaction) noexcept {
  const U256 gas{transaction.gas_limit};
  if (gas.bit_width() + transaction.max_fee.bit_width() > 256) return kMax;
  return add_saturated(gas * transaction.max_fee, transaction.value);
}

/// The least fee that replaces `old`, and more than it.
U256 bumped(const U256& old, std::uint64_t percent) noexcept {
  const U256 hundred{100};
  const auto parts = divide(old, hundred);
  // Rounded up, so that a small fee is bumped too.
  const U256 rest = divide(parts.remainder * U256{percent} + U256{99}, hundred).quotient;
  const U256 bump =
      parts.quotient.bit_width() + 64 > 256 ? kMax : parts.quotient * U256{percent} + rest;
  return add_saturated(old, bump.is_zero() ? U256{1} : bump);
}

bool outbids(const types::Transaction& challenger, const types::Transaction& holder,
             std::uint64_t percent) noexcept {
  return challenger.max_fee >= bumped(holder.max_fee, percent) &&
         challenger.max_priority_fee >= bumped(holder.max_priority_fee, percent);
}

}  // namespace

Pool::Pool(const Limits& limits, const Rules& rules, const AccountSource& accounts)
    : limits_{limits}, rules_{rules}, accounts_{accounts} {}

Pool::~Pool() = default;

AddResult Pool::add(std::vector<Candidate> batch, Instant now) {
  AddResult out;
  out.outcomes.reserve(batch.size());
  for (Candidate& candidate : batch) out.outcomes.push_back(admit(candidate, now, out.changes));
  return out;
}

Result<void> Pool::check_rules(const Candidate& candidate) const {
  const types::Transaction& transaction = candidate.transaction;
  if (transaction.type == types::TransactionType::blob) return fail(err::type_not_supported);
  if (candidate.encoded_size > limits_.transaction_bytes) return fail(err::too_large);
  if (!transaction.chain_id && !rules_.allow_unprotected) return fail(err::unprotected);
  if (transaction.chain_id && *transaction.chain_id != rules_.chain_id)
    return fail(err::wrong_chain_id);
  if (transaction.gas_limit > rules_.block_gas_limit) return fail(err::block_gas_exceeded);
  if (transaction.max_priority_fee > transaction.max_fee) return fail(err::tip_above_fee_cap);
  if (transaction.max_fee < rules_.gas_price_min) return fail(err::underpriced);
  if (transaction.max_fee < rules_.base_fee) return fail(err::fee_below_base_fee);
  // EIP-2681: the account could never count past it.
  if (transaction.nonce == std::numeric_limits<std::uint64_t>::max()) return fail(err::nonce_max);
  return accounts_.check(transaction, candidate.sender);
}

Result<void> Pool::admit(Candidate& candidate, Instant now, Changes& changes) {
  if (by_hash_.contains(candidate.hash)) return fail(err::already_known);
  WUSONG_CHECK(check_rules(candidate));
  const U256 cost = cost_of(candidate.transaction);
  Sender& sender = sender_of(candidate.sender);
  const bool replaces = sender.transactions.contains(candidate.transaction.nonce);
  auto outcome = check_against(sender, candidate, cost);
  if (outcome) outcome = make_room(candidate, sender, replaces, changes);
  if (!outcome) {
    drop_if_empty(sender);
    return outcome;
  }
  auto pooled = std::make_shared<const Pooled>(
      Pooled{std::move(candidate.transaction), candidate.sender, candidate.hash,
             candidate.encoded_size, candidate.local, arrivals_++, cost});
  if (pooled->local) changes.stored.push_back({pooled, true});
  insert(sender, std::move(pooled), changes);
  sender.touched = now;
  settle(sender, changes);
  return {};
}

Result<void> Pool::check_against(Sender& sender, const Candidate& candidate, const U256& cost) {
  const std::uint64_t nonce = candidate.transaction.nonce;
  if (nonce < sender.nonce) return fail(err::nonce_too_low);
  if (nonce - sender.nonce > limits_.nonce_gap) return fail(err::nonce_too_far);
  U256 others = sender.cost;
  if (const auto holder = sender.transactions.find(nonce); holder != sender.transactions.end()) {
    if (!outbids(candidate.transaction, holder->second->transaction, limits_.price_bump_percent))
      return fail(err::replacement_underpriced);
    others -= holder->second->cost;
  } else if (sender.transactions.size() >= limits_.per_sender) {
    // A transaction that closes a gap may push out the sender's farthest one.
    const PooledPtr* const farthest = sender.farthest_queued();
    if (farthest == nullptr || (*farthest)->local || nonce > sender.pending_end)
      return fail(err::sender_full);
  }
  const auto affordable = [&] {
    return others <= sender.balance && cost <= sender.balance - others;
  };
  if (!affordable())
    sender.balance = accounts_.balance(sender.address);  // it may have been paid since
  if (!affordable()) return fail(err::insufficient_funds);
  return {};
}

bool Pool::is_full(std::size_t more_transactions, std::size_t more_bytes) const noexcept {
  return by_hash_.size() + more_transactions > limits_.transactions ||
         bytes_ + more_bytes > limits_.bytes;
}

Result<void> Pool::make_room(const Candidate& candidate, const Sender& sender, bool replaces,
                             Changes& changes) {
  Sender& own = sender_of(sender.address);
  if (!replaces && own.transactions.size() >= limits_.per_sender) {
    erase(own, (*own.farthest_queued())->transaction.nonce, changes);
    settle(own, changes);
  }
  while (is_full(replaces ? 0 : 1, candidate.encoded_size))
    if (!evict(candidate, sender, changes)) return fail(err::full);
  return {};
}

/// Lets one transaction go for `incoming`, but never one of its own sender's that stands before it.
bool Pool::evict(const Candidate& incoming, const Sender& sender, Changes& changes) {
  const std::uint64_t nonce = incoming.transaction.nonce;
  Sender* victim = nullptr;
  std::uint64_t victim_nonce = 0;
  if (!queues_.empty()) {
    // The biggest queue gives, and the incoming one's own counts as if it had joined.
    victim = find_sender(queues_.rbegin()->address);
    const bool joins_queue = nonce > sender.pending_end;
    if (joins_queue && sender.queued() + 1 > victim->queued()) victim = find_sender(sender.address);
    const PooledPtr* const farthest = victim->farthest_queued();
    if (farthest == nullptr || (*farthest)->local) return false;
    victim_nonce = (*farthest)->transaction.nonce;
    if (victim == &sender && victim_nonce < nonce) return false;
  } else {
    if (tails_.empty() || nonce > sender.pending_end) return false;
    const Rank& worst = *tails_.rbegin();
    const Pooled pooled{incoming.transaction, {}, {}, 0, false, 0, {}};
    if (worst.sender == &sender || (!incoming.local && tip_of(pooled) <= worst.tip)) return false;
    victim = worst.sender;
    victim_nonce = victim->pending_end - 1;
  }
  erase(*victim, victim_nonce, changes);
  settle(*victim, changes);
  if (victim != &sender) drop_if_empty(*victim);
  return true;
}

Changes Pool::on_block(const BlockUpdate& update, Instant now) {
  Changes changes;
  rules_.block_gas_limit = update.gas_limit;
  if (has_defect(Defect::included_kept) && !update.included.empty()) return changes;
  std::vector<Sender*> touched;
  const auto touch = [&](Sender& sender) {
    if (!sender.dirty) touched.push_back(&sender);
    sender.dirty = true;
  };
  for (const NonceUpdate& account : update.nonces) {
    Sender* const sender = find_sender(account.address);
    if (sender == nullptr) continue;
    set_nonce(*sender, account.nonce, changes);
    touch(*sender);
  }
  // Mostly gone by now; what is left did not use its nonce, and would be included again.
  for (const Hash& hash : update.included) {
    const auto found = by_hash_.find(hash);
    if (found == by_hash_.end()) continue;
    const PooledPtr pooled = found->second;
    Sender& sender = *find_sender(pooled->sender);
    erase(sender, pooled->transaction.nonce, changes);
    touch(sender);
  }
  for (Sender* const sender : touched) {
    sender->dirty = false;
    sender->touched = now;
    drop_unaffordable(*sender, changes);
    settle(*sender, changes);
    drop_if_empty(*sender);
  }
  set_base_fee(update.base_fee);
  return changes;
}

Changes Pool::recheck(std::span<const Address> senders) {
  Changes changes;
  for (const Address& address : senders) {
    Sender* const sender = find_sender(address);
    if (sender == nullptr) continue;
    std::vector<std::uint64_t> refused;
    for (const auto& [nonce, pooled] : sender->transactions)
      if (!accounts_.check(pooled->transaction, address)) refused.push_back(nonce);
    for (const std::uint64_t nonce : refused) erase(*sender, nonce, changes);
    settle(*sender, changes);
    drop_if_empty(*sender);
  }
  return changes;
}

Changes Pool::expire(Instant now) {
  Changes changes;
  std::vector<Address> waiting;
  for (const QueueSize& queue : queues_) waiting.push_back(queue.address);
  for (const Address& address : waiting) {
    Sender& sender = *find_sender(address);
    if (now - sender.touched < limits_.queued_lifetime) continue;
    while (const PooledPtr* const farthest = sender.farthest_queued()) {
      if ((*farthest)->local) break;
      erase(sender, (*farthest)->transaction.nonce, changes);
    }
    settle(sender, changes);
    drop_if_empty(sender);
  }
  return changes;
}

Pool::Sender& Pool::sender_of(const Address& address) {
  auto& slot = senders_[address];
  if (slot == nullptr) {
    slot = std::make_unique<Sender>();
    slot->address = address;
    slot->nonce = accounts_.nonce(address);
    slot->pending_end = slot->nonce;
    slot->balance = accounts_.balance(address);
  }
  return *slot;
}

Pool::Sender* Pool::find_sender(const Address& address) const {
  const auto found = senders_.find(address);
  return found == senders_.end() ? nullptr : found->second.get();
}

void Pool::insert(Sender& sender, PooledPtr pooled, Changes& changes) {
  const std::uint64_t nonce = pooled->transaction.nonce;
  if (const auto holder = sender.transactions.find(nonce); holder != sender.transactions.end()) {
    const std::uint64_t end = sender.pending_end;
    erase(sender, nonce, changes);
    sender.pending_end = end;  // the place is taken again below
    if (nonce < end) changes.pending.push_back(pooled);
  }
  by_hash_.emplace(pooled->hash, pooled);
  bytes_ += pooled->encoded_size;
  sender.cost += pooled->cost;
  sender.transactions.emplace(nonce, std::move(pooled));
}

void Pool::erase(Sender& sender, std::uint64_t nonce, Changes& changes) {
  const auto found = sender.transactions.find(nonce);
  WUSONG_ASSERT(found != sender.transactions.end());
  const PooledPtr pooled = std::move(found->second);
  sender.transactions.erase(found);
  if (nonce < sender.pending_end) sender.pending_end = nonce;
  sender.cost -= pooled->cost;
  bytes_ -= pooled->encoded_size;
  by_hash_.erase(pooled->hash);
  if (pooled->local) changes.stored.push_back({pooled, false});
  changes.removed.push_back(pooled);
}

void Pool::set_nonce(Sender& sender, std::uint64_t nonce, Changes& changes) {
  if (nonce == sender.nonce) return;
  if (nonce < sender.nonce) {  // what was to use it was skipped
    sender.nonce = nonce;
    sender.pending_end = nonce;
    return;
  }
  const std::uint64_t end = sender.pending_end;
  while (!sender.transactions.empty() && sender.transactions.begin()->first < nonce)
    erase(sender, sender.transactions.begin()->first, changes);
  sender.nonce = nonce;
  sender.pending_end = std::max(end, nonce);
}

void Pool::drop_unaffordable(Sender& sender, Changes& changes) {
  sender.balance = accounts_.balance(sender.address);
  while (sender.cost > sender.balance) erase(sender, sender.transactions.rbegin()->first, changes);
}

void Pool::settle(Sender& sender, Changes& changes) {
  auto next = sender.transactions.lower_bound(sender.pending_end);
  for (; next != sender.transactions.end() && next->first == sender.pending_end; ++next) {
    changes.pending.push_back(next->second);
    ++sender.pending_end;
  }
  index(sender);
}

std::optional<Pool::Rank> Pool::rank_of(Sender& sender, const PooledPtr* pooled) const noexcept {
  if (pooled == nullptr) return std::nullopt;
  const bool buildable = (*pooled)->transaction.max_fee >= rules_.base_fee;
  return Rank{tip_of(**pooled), (*pooled)->arrival | (buildable ? 0 : kUnbuildable), &sender};
}

U256 Pool::tip_of(const Pooled& pooled) const noexcept {
  const types::Transaction& transaction = pooled.transaction;
  if (transaction.max_fee < rules_.base_fee) return {};
  return std::min(transaction.max_priority_fee, transaction.max_fee - rules_.base_fee);
}

void Pool::index(Sender& sender) {
  const auto update = [](auto& set, auto& held, const auto& wanted) {
    if (held == wanted) return;
    if (held) set.erase(*held);
    if (wanted) set.insert(*wanted);
    held = wanted;
  };
  const PooledPtr* const last = sender.last_pending();
  const PooledPtr* const farthest = sender.farthest_queued();
  update(heads_, sender.head, rank_of(sender, sender.first_pending()));
  update(tails_, sender.tail, rank_of(sender, last == nullptr || (*last)->local ? nullptr : last));
  update(queues_, sender.queue,
         farthest == nullptr || (*farthest)->local
             ? std::nullopt
             : std::optional{QueueSize{static_cast<std::size_t>(sender.queued()), sender.address}});
  pending_ += sender.pending() - sender.indexed_pending;
  sender.indexed_pending = sender.pending();
}

void Pool::drop_if_empty(Sender& sender) {
  if (!sender.transactions.empty()) return;
  const Address address = sender.address;  // dies with its owner
  senders_.erase(address);
}

void Pool::set_base_fee(const U256& base_fee) {
  if (base_fee == rules_.base_fee) return;
  if (rules_.gas_price_min == rules_.base_fee) rules_.gas_price_min = base_fee;
  rules_.base_fee = base_fee;
  std::vector<Sender*> pending;
  for (const Rank& rank : heads_) pending.push_back(rank.sender);
  heads_.clear();
  tails_.clear();
  for (Sender* const sender : pending) {
    sender->head.reset();
    sender->tail.reset();
    index(*sender);
  }
}

}  // namespace wusong::txpool

// SPDX-License-Identifier: Apache-2.0
// The pool against a model that keeps one list and looks at all of it for every question.
#include <gtest/gtest.h>
#include <algorithm>

#include "wusong/txpool/errors.hpp"
#include "wusong/txpool/internal/test_pool.hpp"

namespace wusong::txpool {
namespace {

using testing_pool::Accounts;
using testing_pool::address;
using testing_pool::hashes;
using testing_pool::kGas;
using testing_pool::make;
using testing_pool::TestPool;

/// SplitMix64: the same numbers for a seed everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_{seed} {}
  std::uint64_t below(std::uint64_t bound) {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % bound;
  }

 private:
  std::uint64_t state_;
};

struct Item {
  Candidate candidate;
  std::uint64_t arrival;
};

class Model {
 public:
  Model(const Limits& limits, const Accounts& accounts) : limits_{limits}, accounts_{accounts} {}

  Result<void> add(const Candidate& candidate) {
    const std::uint64_t nonce = candidate.transaction.nonce;
    const std::uint64_t base = nonce_of(candidate.sender);
    if (find(candidate.hash) != nullptr) return fail(err::already_known);
    if (nonce < base) return fail(err::nonce_too_low);
    if (nonce - base > limits_.nonce_gap) return fail(err::nonce_too_far);
    const Item* const holder = at(candidate.sender, nonce);
    U256 others = total(candidate.sender);
    if (holder != nullptr) {
      const std::uint64_t old = holder->candidate.transaction.max_fee.low();
      const std::uint64_t least = std::max(old + (old * 10 + 99) / 100, old + 1);
      if (candidate.transaction.max_fee < U256{least}) return fail(err::replacement_underpriced);
      others -= cost(*holder);
    } else if (count(candidate.sender) >= limits_.per_sender) {
      const Item* const farthest = farthest_queued(candidate.sender);
      if (farthest == nullptr || farthest->candidate.local || nonce > pending_end(candidate.sender))
        return fail(err::sender_full);
    }
    const Item incoming{candidate, arrivals_};
    if (others + cost(incoming) > accounts_.balance(candidate.sender))
      return fail(err::insufficient_funds);
    if (holder == nullptr && count(candidate.sender) >= limits_.per_sender)
      remove(farthest_queued(candidate.sender)->candidate.hash);
    while (items_.size() + (holder == nullptr ? 1 : 0) > limits_.transactions)
      if (!evict(candidate)) return fail(err::full);
    if (holder != nullptr) remove(at(candidate.sender, nonce)->candidate.hash);
    items_.push_back(incoming);
    ++arrivals_;
    return {};
  }

  void on_block(const std::vector<Hash>& included, const std::vector<NonceUpdate>& nonces) {
    std::set<Address> touched;
    for (const NonceUpdate& update : nonces) touched.insert(update.address);
    for (const Hash& hash : included) {
      const Item* const item = find(hash);
      if (item != nullptr) touched.insert(item->candidate.sender);
      remove(hash);
    }
    std::erase_if(items_, [&](const Item& item) {
      return item.candidate.transaction.nonce < nonce_of(item.candidate.sender);
    });
    for (const Address& who : touched)
      while (total(who) > accounts_.balance(who)) remove(of(who).back()->candidate.hash);
  }

  std::vector<Hash> build(std::size_t limit, const std::map<Address, std::uint64_t>& next,
                          const HashSet<Hash>& excluded) const {
    std::map<Address, std::uint64_t> nonces;
    for (const Item& item : items_) nonces[item.candidate.sender] = nonce_of(item.candidate.sender);
    for (const auto& [who, nonce] : next) nonces[who] = std::max(nonce, nonce_of(who));
    std::vector<Hash> out;
    while (out.size() < limit) {
      const Item* best = nullptr;
      for (const auto& [who, nonce] : nonces) {
        const Item* const item = at(who, nonce);
        if (item != nullptr && (best == nullptr || better(*item, *best))) best = item;
      }
      if (best == nullptr) break;
      if (!excluded.contains(best->candidate.hash)) out.push_back(best->candidate.hash);
      ++nonces[best->candidate.sender];
    }
    return out;
  }

  std::uint64_t pending_end(const Address& who) const {
    std::uint64_t nonce = nonce_of(who);
    while (at(who, nonce) != nullptr) ++nonce;
    return nonce;
  }
  std::vector<const Item*> of(const Address& who) const {
    std::vector<const Item*> out;
    for (const Item& item : items_)
      if (item.candidate.sender == who) out.push_back(&item);
    std::ranges::sort(out, {}, [](const Item* item) { return item->candidate.transaction.nonce; });
    return out;
  }
  std::size_t size() const { return items_.size(); }
  const std::vector<Item>& items() const { return items_; }

 private:
  static bool better(const Item& a, const Item& b) {
    const U256& left = a.candidate.transaction.max_fee;
    const U256& right = b.candidate.transaction.max_fee;
    return left != right ? left > right : a.arrival < b.arrival;
  }
  static U256 cost(const Item& item) {
    return item.candidate.transaction.max_fee * U256{kGas} + item.candidate.transaction.value;
  }
  std::uint64_t nonce_of(const Address& who) const { return accounts_.nonce(who); }
  std::size_t count(const Address& who) const { return of(who).size(); }
  U256 total(const Address& who) const {
    U256 out;
    for (const Item* item : of(who)) out += cost(*item);
    return out;
  }
  const Item* find(const Hash& hash) const {
    const auto found =
        std::ranges::find(items_, hash, [](const Item& item) { return item.candidate.hash; });
    return found == items_.end() ? nullptr : &*found;
  }
  const Item* at(const Address& who, std::uint64_t nonce) const {
    for (const Item& item : items_)
      if (item.candidate.sender == who && item.candidate.transaction.nonce == nonce) return &item;
    return nullptr;
  }
  const Item* farthest_queued(const Address& who) const {
    const auto all = of(who);
    return all.empty() || all.back()->candidate.transaction.nonce < pending_end(who) ? nullptr
                                                                                     : all.back();
  }
  std::size_t queued(const Address& who) const {
    return count(who) - static_cast<std::size_t>(pending_end(who) - nonce_of(who));
  }
  void remove(const Hash& hash) {
    std::erase_if(items_, [&](const Item& item) { return item.candidate.hash == hash; });
  }

  bool evict(const Candidate& incoming) {
    const std::uint64_t nonce = incoming.transaction.nonce;
    const std::uint64_t end = pending_end(incoming.sender);
    std::set<Address> everyone;
    for (const Item& item : items_) everyone.insert(item.candidate.sender);
    std::optional<Address> biggest;
    for (const Address& who : everyone) {
      const Item* const farthest = farthest_queued(who);
      if (farthest == nullptr || farthest->candidate.local) continue;
      if (!biggest || queued(who) >= queued(*biggest)) biggest = who;  // ties: the greater address
    }
    if (biggest) {
      if (nonce > end && queued(incoming.sender) + 1 > queued(*biggest)) biggest = incoming.sender;
      const Item* const victim = farthest_queued(*biggest);
      if (victim == nullptr || victim->candidate.local) return false;
      if (*biggest == incoming.sender && victim->candidate.transaction.nonce < nonce) return false;
      remove(victim->candidate.hash);
      return true;
    }
    if (nonce > end) return false;
    const Item* worst = nullptr;
    for (const Address& who : everyone) {
      if (pending_end(who) == nonce_of(who)) continue;
      const Item* const tail = at(who, pending_end(who) - 1);
      if (!tail->candidate.local && (worst == nullptr || better(*worst, *tail))) worst = tail;
    }
    if (worst == nullptr || worst->candidate.sender == incoming.sender) return false;
    if (!incoming.local && incoming.transaction.max_fee <= worst->candidate.transaction.max_fee)
      return false;
    remove(worst->candidate.hash);
    return true;
  }

  Limits limits_;
  const Accounts& accounts_;
  std::vector<Item> items_;
  std::uint64_t arrivals_{0};
};

class Comparison {
 public:
  explicit Comparison(std::uint64_t seed)
      : dice_{seed},
        limits_{.transactions = 10 + dice_.below(40),
                .per_sender = 3 + dice_.below(10),
                .nonce_gap = 12},
        pool_{limits_},
        model_{limits_, pool_.accounts},
        free_{dice_.below(2) == 0} {
    pool_.accounts.balance_default = U256{40 * kGas};
  }

  void step() {
    const std::uint64_t kind = dice_.below(20);
    if (kind < 16) {
      add();
    } else if (kind < 18) {
      block();
    } else {
      pay();
    }
    check();
  }

 private:
  void add() {
    const std::uint32_t who = static_cast<std::uint32_t>(dice_.below(6));
    const std::uint64_t base = model_.pending_end(address(who));
    const std::uint64_t nonce = base + dice_.below(6) - std::min(base, dice_.below(4));
    const Candidate candidate = make(who, nonce,
                                     {.fee = free_ ? 0 : dice_.below(8),
                                      .value = dice_.below(3),
                                      .local = dice_.below(12) == 0,
                                      .salt = static_cast<std::uint32_t>(dice_.below(3))});
    const auto expected = model_.add(candidate);
    const auto outcome = pool_.add(candidate);
    ASSERT_EQ(outcome.has_value(), expected.has_value())
        << (outcome ? expected : outcome).error().name();
    if (!outcome) {
      ASSERT_EQ(outcome.error().name(), expected.error().name());
    }
  }

  /// Executes a built block, now and then with transactions from elsewhere or unused nonces.
  void block() {
    const auto built = pool_.build({.gas = 1ull << 40, .bytes = 1 << 20, .count = dice_.below(8)});
    std::map<Address, std::uint64_t> next;
    for (const PooledPtr& pooled : built)
      if (dice_.below(10) != 0) next[pooled->sender] = pooled->transaction.nonce + 1;
    if (dice_.below(3) == 0) {
      const Address elsewhere = address(static_cast<std::uint32_t>(dice_.below(6)));
      next[elsewhere] = std::max(next[elsewhere], pool_.accounts.nonce(elsewhere) + dice_.below(3));
    }
    std::vector<NonceUpdate> updates;
    for (const auto& [who, nonce] : next)
      updates.push_back({who, std::max(nonce, pool_.accounts.nonce(who))});
    pool_.on_block(hashes(built), updates);
    model_.on_block(hashes(built), updates);
  }

  void pay() {
    const Address who = address(static_cast<std::uint32_t>(dice_.below(6)));
    pool_.accounts.balances[who] = U256{dice_.below(60) * kGas};
    const std::vector<NonceUpdate> updates{{who, pool_.accounts.nonce(who)}};
    pool_.on_block({}, updates);
    model_.on_block({}, updates);
  }

  void check() {
    ASSERT_EQ(pool_->counts().pending + pool_->counts().queued, model_.size());
    ASSERT_LE(model_.size(), limits_.transactions);
    std::size_t pending = 0;
    for (std::uint32_t who = 0; who < 6; ++who) {
      const Content content = pool_->content(address(who));
      std::vector<Hash> all = hashes(content.pending);
      for (const Hash& hash : hashes(content.queued)) all.push_back(hash);
      std::vector<Hash> expected;
      for (const Item* item : model_.of(address(who))) expected.push_back(item->candidate.hash);
      ASSERT_EQ(all, expected);
      ASSERT_LE(all.size(), limits_.per_sender);
      ASSERT_EQ(pool_->pending_nonce(address(who)), model_.pending_end(address(who)));
      pending += content.pending.size();
    }
    ASSERT_EQ(pool_->counts().pending, pending);
    ASSERT_EQ(pool_->pending_hashes(1 << 20).size(), pending);

    std::map<Address, std::uint64_t> next;
    std::vector<NonceUpdate> updates;
    HashSet<Hash> excluded;
    for (std::uint32_t who = 0; who < 6; ++who) {
      if (dice_.below(3) != 0) continue;
      const std::uint64_t nonce = pool_.accounts.nonce(address(who)) + dice_.below(4);
      next[address(who)] = nonce;
      updates.push_back({address(who), nonce});
    }
    for (const Item& item : model_.items())
      if (dice_.below(6) == 0) excluded.insert(item.candidate.hash);
    const std::size_t limit = dice_.below(30);
    BuildRequest request{.gas = 1ull << 40, .bytes = 1 << 20, .count = limit};
    request.next_nonces = updates;
    request.excluded = &excluded;
    ASSERT_EQ(hashes(pool_.build(request)), model_.build(limit, next, excluded));
  }

  Dice dice_;
  Limits limits_;
  TestPool pool_;
  Model model_;
  bool free_;
};

TEST(Pool, AgreesWithTheModelUnderRandomCalls) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    Comparison comparison{seed};
    for (int i = 0; i < 250; ++i) {
      comparison.step();
      if (testing::Test::HasFatalFailure()) FAIL() << "seed " << seed << ", step " << i;
    }
  }
}

}  // namespace
}  // namespace wusong::txpool

// SPDX-License-Identifier: Apache-2.0
// Transactions that wait for a block: admission, order, replacement, eviction. Pure: the caller
// hands in time, blocks and what accounts hold, and carries out the changes that come back.
#pragma once

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "wusong/base/bytes.hpp"
#include "wusong/base/error.hpp"
#include "wusong/base/hash_map.hpp"
#include "wusong/base/time.hpp"
#include "wusong/math/uint256.hpp"
#include "wusong/types/transaction.hpp"

namespace wusong::txpool {

/// What accounts hold as of the last block that on_block() was told of.
class AccountSource {
 public:
  virtual ~AccountSource() = default;
  /// What on_block() last said for the address, or more.
  virtual std::uint64_t nonce(const Address& address) const = 0;
  virtual U256 balance(const Address& address) const = 0;
  /// Rules the pool does not know: intrinsic gas, permissions, the fork's types.
  [[nodiscard]] virtual Result<void> check(const types::Transaction&, const Address& sender) const {
    static_cast<void>(sender);
    return {};
  }
};

struct Limits {
  std::size_t transactions{200'000};
  std::size_t bytes{512u << 20};  // of encoded transactions
  std::size_t per_sender{2'000};
  std::uint64_t nonce_gap{4'096};  // furthest nonce ahead of the account's
  std::size_t transaction_bytes{128u << 10};
  std::uint64_t price_bump_percent{10};
  Duration queued_lifetime{std::chrono::hours{3}};
};

struct Rules {
  std::uint64_t chain_id{0};
  std::uint64_t block_gas_limit{0};
  U256 base_fee;
  U256 gas_price_min;
  bool allow_unprotected{false};  // legacy transactions without a chain id
};

/// A transaction whose sender the caller has recovered.
struct Candidate {
  types::Transaction transaction;
  Address sender;
  Hash hash;
  std::size_t encoded_size{0};
  bool local{false};  // given to this node by its own users: persisted, and never evicted
};

struct Pooled {
  types::Transaction transaction;
  Address sender;
  Hash hash;
  std::size_t encoded_size{0};
  bool local{false};
  std::uint64_t arrival{0};  // the pool's own count
  U256 cost;                 // most it can take from its sender
};
/// Shared because a builder, gossip and RPC may hold what the pool has let go.
using PooledPtr = std::shared_ptr<const Pooled>;

struct StoreAction {
  PooledPtr pooled;
  bool keep{false};  // else forget
};
/// What one call changed. A transaction may be in several lists when one call moved it twice.
struct Changes {
  std::vector<PooledPtr> pending;   // became executable: announce and gossip these
  std::vector<PooledPtr> removed;   // included, stale, replaced, evicted or expired
  std::vector<StoreAction> stored;  // local ones to keep over a restart or to forget, in order
};
struct AddResult {
  std::vector<Result<void>> outcomes;  // one for each candidate, in order
  Changes changes;
};

struct NonceUpdate {
  Address address;
  std::uint64_t nonce{0};  // the next one to use
};
struct BlockUpdate {
  std::span<const Hash> included;
  std::span<const NonceUpdate>
      nonces;                  // senders of the block; also accounts that changed otherwise
  std::uint64_t gas_limit{0};  // of the next block
  U256 base_fee;               // of the next block
};

/// In BuildRequest::next_nonces: none of this sender's.
inline constexpr std::uint64_t kNoNonce = std::numeric_limits<std::uint64_t>::max();

struct BuildRequest {
  std::uint64_t gas{0};
  std::size_t bytes{0};
  std::size_t count{0};
  /// Transactions of ancestors that on_block() was not yet told of, and their senders' next nonces:
  /// each address at most once.
  const HashSet<Hash>* excluded{nullptr};
  std::span<const NonceUpdate> next_nonces;
  /// What a sender has after one to this address waits for another block.
  std::optional<Address> last_to;
};

struct Counts {
  std::size_t pending{0};
  std::size_t queued{0};
  std::size_t bytes{0};
  std::size_t senders{0};
};
struct Content {
  std::vector<PooledPtr> pending;  // by nonce
  std::vector<PooledPtr> queued;   // by nonce
};

/// A transaction is pending when every nonce from its account's on is in the pool, else queued.
/// @thread one owner.
class Pool {
 public:
  /// `accounts` outlives the pool.
  Pool(const Limits& limits, const Rules& rules, const AccountSource& accounts);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Admits in order. A candidate with the sender and nonce of a pooled one replaces it if both its
  /// fee caps are higher by the price bump; zero is not higher than zero, so free transactions
  /// stand.
  /// @errors every row of err.hpp, and what AccountSource::check returns
  /// @cost   O(log n) each
  AddResult add(std::vector<Candidate> batch, Instant now);

  /// What the next block should hold: highest tip first, then first come first served, each sender
  /// in nonce order. Does not change the pool.
  /// @cost O((result + in flight) log n)
  std::vector<PooledPtr> build(const BuildRequest& request);

  Changes on_block(const BlockUpdate& update, Instant now);
  /// Drops what AccountSource::check now refuses of these senders: their keys or rights changed.
  Changes recheck(std::span<const Address> senders);
  /// Drops remote transactions queued behind a gap for longer than the limit.
  Changes expire(Instant now);

  PooledPtr find(const Hash& hash) const;
  bool is_pending(const Pooled& pooled) const;
  /// The first nonce the sender has not used here or on the chain.
  std::uint64_t pending_nonce(const Address& address) const;
  Counts counts() const noexcept;
  Content content(const Address& address) const;
  /// Everyone with a transaction here, in address order.
  std::vector<Address> senders() const;
  /// Hashes of pending transactions in arrival order of their senders' heads, at most `count`.
  std::vector<Hash> pending_hashes(std::size_t count) const;
  const Rules& rules() const noexcept { return rules_; }

 private:
  struct Sender;
  /// The place of a sender's first pending transaction among all heads, or of its last among all
  /// tails.
  struct Rank {
    U256 tip;
    std::uint64_t arrival{0};
    Sender* sender{nullptr};
    bool operator==(const Rank&) const = default;
  };
  /// Highest tip, then earliest arrival.
  struct HeadOrder {
    bool operator()(const Rank& a, const Rank& b) const noexcept {
      return a.tip != b.tip ? a.tip > b.tip : a.arrival < b.arrival;
    }
  };
  struct QueueSize {
    std::size_t count{0};
    Address address;
    auto operator<=>(const QueueSize&) const = default;
  };
  struct BuildStep;

  Result<void> check_rules(const Candidate& candidate) const;
  Result<void> admit(Candidate& candidate, Instant now, Changes& changes);
  Result<void> check_against(Sender& sender, const Candidate& candidate, const U256& cost);
  Result<void> make_room(const Candidate& candidate, const Sender& sender, bool replaces,
                         Changes& changes);
  bool evict(const Candidate& incoming, const Sender& sender, Changes& changes);
  bool is_full(std::size_t more_transactions, std::size_t more_bytes) const noexcept;

  Sender& sender_of(const Address& address);
  Sender* find_sender(const Address& address) const;
  void insert(Sender& sender, PooledPtr pooled, Changes& changes);
  void erase(Sender& sender, std::uint64_t nonce, Changes& changes);
  void set_nonce(Sender& sender, std::uint64_t nonce, Changes& changes);
  void drop_unaffordable(Sender& sender, Changes& changes);
  /// Moves the end of the pending run and brings the indexes up to date.
  void settle(Sender& sender, Changes& changes);
  void index(Sender& sender);
  void drop_if_empty(Sender& sender);
  void set_base_fee(const U256& base_fee);
  U256 tip_of(const Pooled& pooled) const noexcept;
  std::optional<Rank> rank_of(Sender& sender, const PooledPtr* pooled) const noexcept;

  Limits limits_;
  Rules rules_;
  const AccountSource& accounts_;
  HashMap<Address, std::unique_ptr<Sender>> senders_;
  HashMap<Hash, PooledPtr> by_hash_;
  std::set<Rank, HeadOrder> heads_;
  std::set<Rank, HeadOrder> tails_;  // of senders whose last pending transaction may be evicted
  std::set<QueueSize> queues_;       // of senders with queued transactions that may be evicted
  std::size_t pending_{0};
  std::size_t bytes_{0};
  std::uint64_t arrivals_{0};
  std::uint64_t builds_{0};
};

}  // namespace wusong::txpool

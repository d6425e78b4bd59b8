// SPDX-License-Identifier: Apache-2.0
#include "wusong/sync/snapshot.hpp"

#include <gtest/gtest.h>

#include <queue>
#include <random>
#include <set>

#include "wusong/hash/hash.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/state/memory_state.hpp"
#include "wusong/state/state_db.hpp"
#include "wusong/sync/errors.hpp"

namespace wusong::sync {
namespace {

using namespace std::chrono_literals;
using consensus::PeerId;
using Status = net::SnapshotResponse::Status;

constexpr state::StateOptions kOptions{
    .history = 20, .segment_bytes = 256u << 10, .cached_accounts = 64, .cached_slots = 64};

constexpr std::size_t kPartBytes = 4'096;  // so that a small state has many parts

Address address_of(std::uint64_t n) {
  return Address::from(hash::keccak256(as_bytes(std::to_string(n))).view().first(20));
}

types::StateDiff random_diff(std::mt19937_64& random, std::uint64_t accounts) {
  types::StateDiff diff;
  for (std::uint64_t i = 0; i < accounts; ++i) {
    types::AccountChange change;
    change.after = types::Account{.nonce = random() % 1'000, .balance = U256{random()}};
    if (random() % 20 == 0) {
      const Bytes code(1 + random() % 2'000, static_cast<std::uint8_t>(random() % 8));
      change.after->code_hash = hash::keccak256(code);
      diff.codes[change.after->code_hash] = code;
    }
    const std::uint64_t slots = random() % 30 == 0 ? random() % 400 : 0;
    for (std::uint64_t s = 0; s < slots; ++s)
      change.slots[to_hash(U256{random() % 500})] = U256{1 + random() % 9};
    diff.accounts[address_of(random() % 4'000)] = std::move(change);
  }
  return diff;
}

/// A chain's state that many peers have.
struct Source {
  explicit Source(std::uint64_t seed, std::uint64_t accounts = 2'500) : random{seed} {
    db = *state::StateDb::open(store, kOptions);
    grow(accounts);
  }
  void grow(std::uint64_t accounts) {
    height = db->head() ? height.next() : height;
    root = *db->commit(height, random_diff(random, accounts));
  }
  std::mt19937_64 random;
  io::MemorySegmentStore store;
  std::unique_ptr<state::StateDb> db;
  Height height{7};
  Hash root;
};

enum class Manner : std::uint8_t {
  honest,
  alters,      // one byte of a part
  leaves_out,  // a leaf of a part
  too_many,    // parts nobody asked for
  swaps,       // another part than the one asked for
  silent,
  busy,
  gone,
};

net::SnapshotResponse answer(Manner manner, const Source& source, std::mt19937_64& random,
                             const net::SnapshotRequest& request) {
  const auto tries = source.db->tries(request.height);
  auto out = *serve_snapshot(tries ? tries->get() : nullptr, request, kPartBytes);
  if (out.status != Status::ok) return out;
  net::SnapshotPart& part = out.parts[random() % out.parts.size()];
  if (manner == Manner::too_many) out.parts.resize(request.items.size() + 1, out.parts.front());
  if (manner == Manner::swaps) part = Bytes{1, 2, 3};
  if (manner == Manner::busy) return {.id = out.id, .status = Status::busy, .parts = {}};
  if (manner == Manner::gone) return {.id = out.id, .status = Status::gone, .parts = {}};
  if (manner == Manner::leaves_out) {
    if (auto* leaves = std::get_if<net::SnapshotLeaves>(&part)) leaves->pop_back();
  }
  if (manner != Manner::alters) return out;
  if (auto* leaves = std::get_if<net::SnapshotLeaves>(&part)) {
    leaves->at(random() % leaves->size()).value.back() ^= 1;
  } else if (auto* branch = std::get_if<net::SnapshotBranch>(&part)) {
    for (Bytes& child : branch->children)
      if (!child.empty()) child[0] ^= 1;
  } else {
    std::get<Bytes>(part)[0] ^= 1;
  }
  return out;
}

/// One node that fetches, in virtual time.
class Joiner {
 public:
  Joiner(Source& source, std::vector<Manner> peers, std::uint64_t seed)
      : source_{source}, manners_{std::move(peers)}, random_{seed} {
    db_ = *state::StateDb::open(store_, kOptions);
    EXPECT_TRUE(db_->commit(Height{0}, {}));
    begin();
  }

  /// Runs until the state is complete, at most for so many answers.
  bool run(std::size_t answers_max) {
    EXPECT_TRUE(fetcher_);
    while (!complete_ && answers_max > 0) {
      if (inbox_.empty()) {
        if (!wake_) return false;  // nobody will ever say anything
        now_ = std::max(now_, *wake_);
        act(fetcher_->step(Tick{}, now_));
        continue;
      }
      Message next = inbox_.top();
      inbox_.pop();
      now_ = std::max(now_, next.at);
      --answers_max;
      act(fetcher_->step(SnapshotReceived{next.from, std::move(next.response)}, now_));
    }
    return complete_;
  }
  /// The process dies and comes back.
  void kill() {
    fetcher_.reset();
    import_.reset();
    db_.reset();
    inbox_ = {};
    db_ = *state::StateDb::open(store_, kOptions);
    begin();
  }
  void expect_the_state() {
    const auto finished = import_->finish(source_.height, source_.root);
    ASSERT_TRUE(finished) << finished.error().name();
    EXPECT_EQ(db_->head()->root, source_.root);
    // Complete: an exact copy can go on.
    const auto diff = random_diff(source_.random, 50);
    EXPECT_EQ(*db_->commit(source_.height.next(), diff),
              *source_.db->commit(source_.height.next(), diff));
  }
  void look_at_newest() {
    fetcher_->aim(source_.height, source_.root);
    for (PeerId peer = 0; peer < manners_.size(); ++peer)
      act(fetcher_->step(PeerStatus{peer, source_.height}, now_));
  }

  std::set<PeerId> blamed;
  std::size_t requests{0};
  bool gone{false};
  const SnapshotProgress& progress() const { return fetcher_->progress(); }

 private:
  struct Message {
    Instant at;
    PeerId from;
    net::SnapshotResponse response;
    bool operator<(const Message& other) const { return at > other.at; }
  };

  void begin() {
    import_ = *db_->import_state();
    fetcher_.emplace(SnapshotConfig{}, *import_, source_.height, source_.root, now_);
    for (PeerId peer = 0; peer < manners_.size(); ++peer)
      act(fetcher_->step(PeerStatus{peer, source_.height}, now_));
  }
  void act(SnapshotFetcher::Actions actions) {
    EXPECT_FALSE(actions.halt) << actions.halt->name();
    for (const Misbehaviour& each : actions.misbehaviour) blamed.insert(each.peer);
    complete_ = actions.complete;
    gone |= actions.gone;
    wake_ = actions.wake_at;
    for (const auto& request : actions.requests) {
      ++requests;
      const Manner manner = manners_[request.to];
      if (manner == Manner::silent) continue;
      inbox_.push({.at = now_ + std::chrono::milliseconds{1 + random_() % 40},
                   .from = request.to,
                   .response = answer(manner, source_, random_, request.request)});
    }
  }

  Source& source_;
  std::vector<Manner> manners_;
  std::mt19937_64 random_;
  io::MemorySegmentStore store_;
  std::unique_ptr<state::StateDb> db_;
  std::unique_ptr<state::StateImport> import_;
  std::optional<SnapshotFetcher> fetcher_;
  std::priority_queue<Message> inbox_;
  std::optional<Instant> wake_;
  Instant now_;
  bool complete_{false};
};

TEST(SnapshotFetcher, FetchesAStateFromSeveralPeers) {
  Source source{1};
  Joiner joiner{source, {Manner::honest, Manner::honest, Manner::honest}, 1};
  ASSERT_TRUE(joiner.run(10'000));
  EXPECT_EQ(joiner.progress().permille, 1'000u);
  EXPECT_GT(joiner.progress().accounts, 1'000u);
  EXPECT_GT(joiner.progress().slots, 100u);
  EXPECT_GT(joiner.progress().codes, 10u);
  EXPECT_TRUE(joiner.blamed.empty());
  joiner.expect_the_state();
}

TEST(SnapshotFetcher, LiarsAreNamedAndHonestPeersNever) {
  using enum Manner;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    Source source{seed, 600};
    Joiner joiner{source, {honest, alters, leaves_out, too_many, swaps, silent, busy, gone}, seed};
    ASSERT_TRUE(joiner.run(100'000)) << seed;
    for (const PeerId peer : joiner.blamed)
      EXPECT_TRUE(peer >= 1 && peer <= 4) << seed << " " << peer;
    EXPECT_FALSE(joiner.blamed.empty());
    joiner.expect_the_state();
  }
}

TEST(SnapshotFetcher, KilledAtAnyPointItGoesOn) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    Source source{seed, 2'000};
    Joiner whole{source, {Manner::honest, Manner::honest}, seed};
    ASSERT_TRUE(whole.run(100'000));
    Joiner joiner{source, {Manner::honest, Manner::honest}, seed};
    std::mt19937_64 random{seed};
    for (int kills = 0; kills < 200 && !joiner.run(1 + random() % 6); ++kills) joiner.kill();
    ASSERT_TRUE(joiner.run(100'000)) << seed;
    joiner.expect_the_state();
  }
}

TEST(SnapshotFetcher, WhenTheStateIsGoneANewerOneIsCompleted) {
  Source source{5, 3'000};
  Joiner joiner{source, {Manner::honest, Manner::honest}, 5};
  EXPECT_FALSE(joiner.run(4));
  for (int i = 0; i < 30; ++i) source.grow(40);  // beyond the window of the peers
  EXPECT_FALSE(joiner.run(1'000));
  EXPECT_TRUE(joiner.gone);
  joiner.look_at_newest();
  ASSERT_TRUE(joiner.run(100'000));
  EXPECT_TRUE(joiner.blamed.empty());
  joiner.expect_the_state();
}

TEST(SnapshotFetcher, ACompleteStateNeedsNothing) {
  Source source{6, 100};
  Joiner joiner{source, {Manner::honest}, 6};
  ASSERT_TRUE(joiner.run(10'000));
  const std::size_t before = joiner.requests;
  joiner.kill();
  ASSERT_TRUE(joiner.run(10'000));
  EXPECT_EQ(joiner.requests, before);
}

TEST(ServeSnapshot, IsBoundedAndNeverAnswersForAnotherState) {
  Source source{8, 3'000};
  const auto tries = *source.db->tries(source.height);
  net::SnapshotRequest request{.id = 3, .height = source.height, .root = source.root, .items = {}};
  request.items.resize(net::kSnapshotItemsMax);
  auto response = *serve_snapshot(tries.get(), request);
  EXPECT_EQ(response.status, Status::ok);
  EXPECT_LE(response.parts.size(), 17u);  // branches of large subtrees cost what was looked at
  request.root = source.random() % 2 == 0 ? Hash{} : hash::keccak256(Bytes{1});
  EXPECT_EQ(serve_snapshot(tries.get(), request)->status, Status::gone);
  request.root = source.root;
  EXPECT_EQ(serve_snapshot(nullptr, request)->status, Status::gone);
  request.items = {{.kind = net::SnapshotItem::Kind::code, .key = {}, .nibbles = {}, .depth = 0}};
  EXPECT_EQ(serve_snapshot(tries.get(), request)->status, Status::gone);
}

}  // namespace
}  // namespace wusong::sync

// SPDX-License-Identifier: Apache-2.0
#include "wusong/txpool/pool.hpp"

#include <gtest/gtest.h>

#include "wusong/txpool/errors.hpp"
#include "wusong/txpool/internal/test_pool.hpp"

namespace wusong::txpool {
namespace {

using namespace std::chrono_literals;
using testing_pool::address;
using testing_pool::hashes;
using testing_pool::kGas;
using testing_pool::kRules;
using testing_pool::make;
using testing_pool::TestPool;

constexpr Address kNobody{};

TEST(Admission, RefusesWhatTheRulesForbid) {
  TestPool pool;
  const auto refused = [&](Candidate candidate) {
    const auto outcome = pool.add(std::move(candidate));
    EXPECT_FALSE(outcome.has_value());
    return outcome ? Error{err::already_known} : outcome.error();
  };
  Candidate changed = make(1, 0);
  changed.transaction.type = types::TransactionType::blob;
  EXPECT_EQ(refused(changed), Error{err::type_not_supported});
  changed = make(1, 0);
  changed.encoded_size = Limits{}.transaction_bytes + 1;
  EXPECT_EQ(refused(changed), Error{err::too_large});
  changed = make(1, 0);
  changed.transaction.chain_id.reset();
  EXPECT_EQ(refused(changed), Error{err::unprotected});
  changed = make(1, 0);
  changed.transaction.chain_id = kRules.chain_id + 1;
  EXPECT_EQ(refused(changed), Error{err::wrong_chain_id});
  changed = make(1, 0);
  changed.transaction.gas_limit = kRules.block_gas_limit + 1;
  EXPECT_EQ(refused(changed), Error{err::block_gas_exceeded});
  changed = make(1, 0, {.fee = 5});
  changed.transaction.max_priority_fee = 6;
  EXPECT_EQ(refused(changed), Error{err::tip_above_fee_cap});
  changed = make(1, ~0ull);
  EXPECT_EQ(refused(changed), Error{err::nonce_max});
  EXPECT_EQ(pool->counts().senders, 0u) << "refusals leave nothing behind";
}

TEST(Admission, RulesForFeesAndUnprotectedTransactionsCanBeSet) {
  Rules rules = kRules;
  rules.gas_price_min = 10;
  rules.base_fee = 20;
  rules.allow_unprotected = true;
  TestPool pool{{}, rules};
  EXPECT_EQ(pool.add(make(1, 0, {.fee = 9})), fail(err::underpriced));
  EXPECT_EQ(pool.add(make(1, 0, {.fee = 19})), fail(err::fee_below_base_fee));
  Candidate bare = make(1, 0, {.fee = 20});
  bare.transaction.chain_id.reset();
  EXPECT_TRUE(pool.add(bare));
}

TEST(Admission, AsksTheAccountsRules) {
  TestPool pool;
  pool.accounts.refused = address(7);
  EXPECT_EQ(pool.add(make(7, 0)), fail(err::type_not_supported));
  EXPECT_TRUE(pool.add(make(8, 0)));
}

TEST(Admission, NoncesBehindTheAccountOrFarAheadAreRefused) {
  TestPool pool{{.nonce_gap = 10}};
  pool.accounts.nonces[address(1)] = 5;
  EXPECT_EQ(pool.add(make(1, 4)), fail(err::nonce_too_low));
  EXPECT_EQ(pool.add(make(1, 16)), fail(err::nonce_too_far));
  EXPECT_TRUE(pool.add(make(1, 15)));
  EXPECT_TRUE(pool.add(make(1, 5)));
  EXPECT_EQ(pool->pending_nonce(address(1)), 6u);
}

TEST(Admission, TheSameTransactionIsKnown) {
  TestPool pool;
  EXPECT_TRUE(pool.add(make(1, 0)));
  EXPECT_EQ(pool.add(make(1, 0)), fail(err::already_known));
}

TEST(Admission, AllOfASendersTransactionsTogetherMustBeCovered) {
  TestPool pool;
  pool.accounts.balances[address(1)] = 100;
  EXPECT_TRUE(pool.add(make(1, 0, {.value = 60})));
  EXPECT_EQ(pool.add(make(1, 1, {.value = 41})), fail(err::insufficient_funds));
  EXPECT_TRUE(pool.add(make(1, 1, {.value = 40})));
  pool.accounts.balances[address(1)] = 200;
  EXPECT_TRUE(pool.add(make(1, 2, {.value = 100}))) << "a payment since is seen";
}

TEST(Admission, ACostThatOverflowsIsNotAffordable) {
  TestPool pool;
  pool.accounts.balances[address(1)] = ~U256{} - U256{1};
  Candidate huge = make(1, 0);
  huge.transaction.max_fee = ~U256{};
  EXPECT_EQ(pool.add(huge), fail(err::insufficient_funds));
  huge = make(1, 0);
  huge.transaction.value = ~U256{};
  EXPECT_EQ(pool.add(huge), fail(err::insufficient_funds));
}

TEST(Nonces, AGapQueuesAndClosingItPromotesAll) {
  TestPool pool;
  EXPECT_TRUE(pool.add(make(1, 1)));
  EXPECT_TRUE(pool.add(make(1, 2)));
  EXPECT_TRUE(pool.changes.pending.empty());
  EXPECT_EQ(pool->counts().queued, 2u);
  EXPECT_EQ(pool->pending_nonce(address(1)), 0u);
  EXPECT_TRUE(pool.add(make(1, 0)));
  EXPECT_EQ(hashes(pool.changes.pending),
            (std::vector<Hash>{make(1, 0).hash, make(1, 1).hash, make(1, 2).hash}));
  EXPECT_EQ(pool->counts().pending, 3u);
  EXPECT_EQ(pool->pending_nonce(address(1)), 3u);
  EXPECT_TRUE(pool->is_pending(*pool->find(make(1, 2).hash)));
}

TEST(Replacement, NeedsBothCapsHigherByTheBump) {
  TestPool pool;
  EXPECT_TRUE(pool.add(make(1, 0, {.fee = 100, .salt = 1})));
  EXPECT_EQ(pool.add(make(1, 0, {.fee = 109, .salt = 2})), fail(err::replacement_underpriced));
  Candidate half = make(1, 0, {.fee = 200, .salt = 3});
  half.transaction.max_priority_fee = 100;
  EXPECT_EQ(pool.add(half), fail(err::replacement_underpriced));
  const Candidate better = make(1, 0, {.fee = 110, .salt = 4});
  EXPECT_TRUE(pool.add(better));
  EXPECT_EQ(pool.changes.removed.size(), 1u);
  EXPECT_EQ(hashes(pool.changes.pending), std::vector<Hash>{better.hash})
      << "the new one is announced";
  EXPECT_EQ(pool->counts().pending, 1u);
}

TEST(Replacement, AFreeTransactionStandsAgainstAFreeOneAndFallsToAnyFee) {
  TestPool pool;
  EXPECT_TRUE(pool.add(make(1, 0, {.salt = 1})));
  EXPECT_EQ(pool.add(make(1, 0, {.salt = 2})), fail(err::replacement_underpriced));
  EXPECT_TRUE(pool.add(make(1, 0, {.fee = 1, .salt = 3})));
}

TEST(Replacement, TakesTheFundsOfTheOneReplaced) {
  TestPool pool;
  pool.accounts.balances[address(1)] = 200 * kGas;
  EXPECT_TRUE(pool.add(make(1, 0, {.fee = 100})));
  EXPECT_TRUE(pool.add(make(1, 0, {.fee = 200})));
  EXPECT_EQ(pool.add(make(1, 0, {.fee = 221})), fail(err::insufficient_funds));
}

TEST(Limits, ASenderHasSoManyAndAGapFillerPushesOutItsFarthest) {
  TestPool pool{{.per_sender = 3}};
  EXPECT_TRUE(pool.add(make(1, 1)));
  EXPECT_TRUE(pool.add(make(1, 2)));
  EXPECT_TRUE(pool.add(make(1, 5)));
  EXPECT_EQ(pool.add(make(1, 4)), fail(err::sender_full));
  EXPECT_TRUE(pool.add(make(1, 0)));
  EXPECT_EQ(hashes(pool.changes.removed), std::vector<Hash>{make(1, 5).hash});
  EXPECT_EQ(pool->counts().pending, 3u);
  EXPECT_EQ(pool.add(make(1, 3)), fail(err::sender_full));
}

TEST(Limits, AFullPoolEvictsTheFarthestOfTheBiggestQueue) {
  TestPool pool{{.transactions = 4}};
  EXPECT_TRUE(pool.add(make(1, 3)));
  EXPECT_TRUE(pool.add(make(1, 9)));
  EXPECT_TRUE(pool.add(make(2, 7)));
  EXPECT_TRUE(pool.add(make(3, 0)));
  EXPECT_TRUE(pool.add(make(4, 0)));
  EXPECT_EQ(hashes(pool.changes.removed), std::vector<Hash>{make(1, 9).hash});
  EXPECT_EQ(pool.add(make(2, 8)), fail(err::full)) << "one's own far nonce is the first to go";
  EXPECT_TRUE(pool.add(make(2, 6))) << "but a nearer one takes its place";
  EXPECT_EQ(hashes(pool.changes.removed), std::vector<Hash>{make(2, 7).hash});
}

TEST(Limits, AmongPendingOnesTheCheapestTailFallsToAHigherTipOnly) {
  TestPool pool{{.transactions = 3}};
  EXPECT_TRUE(pool.add(make(1, 0, {.fee = 5})));
  EXPECT_TRUE(pool.add(make(2, 0, {.fee = 3})));
  EXPECT_TRUE(pool.add(make(2, 1, {.fee = 9})));
  EXPECT_EQ(pool.add(make(3, 0, {.fee = 5})), fail(err::full));
  EXPECT_EQ(pool.add(make(3, 4, {.fee = 50})), fail(err::full)) << "a queued one displaces nobody";
  EXPECT_TRUE(pool.add(make(3, 0, {.fee = 6})));
  EXPECT_EQ(hashes(pool.changes.removed), std::vector<Hash>{make(1, 0, {.fee = 5}).hash});
}

TEST(Limits, FreeTransactionsAreNotEvictedByFreeOnes) {
  TestPool pool{{.transactions = 2}};
  EXPECT_TRUE(pool.add(make(1, 0)));
  EXPECT_TRUE(pool.add(make(2, 0)));
  EXPECT_EQ(pool.add(make(3, 0)), fail(err::full));
}

TEST(Limits, LocalTransactionsAreNeverEvictedAndMayEvict) {
  TestPool pool{{.transactions = 2}};
  EXPECT_TRUE(pool.add(make(1, 0, {.local = true})));
  EXPECT_TRUE(pool.add(make(2, 0)));
  EXPECT_TRUE(pool.add(make(3, 0, {.local = true})));
  EXPECT_EQ(hashes(pool.changes.removed), std::vector<Hash>{make(2, 0).hash});
  EXPECT_EQ(pool.add(make(4, 0, {.fee = 99})), fail(err::full));
  EXPECT_EQ(pool.add(make(4, 0, {.local = true})), fail(err::full));
}

TEST(Limits, BytesCount) {
  TestPool pool{{.bytes = 250}};
  EXPECT_TRUE(pool.add(make(1, 0, {.size = 150})));
  EXPECT_EQ(pool.add(make(2, 0, {.size = 101})), fail(err::full));
  EXPECT_TRUE(pool.add(make(2, 0, {.size = 100})));
  EXPECT_EQ(pool->counts().bytes, 250u);
}

TEST(Blocks, RemoveWhatTheyIncludedAndWhatBecameStale) {
  TestPool pool;
  for (std::uint64_t nonce = 0; nonce < 4; ++nonce) EXPECT_TRUE(pool.add(make(1, nonce)));
  EXPECT_TRUE(pool.add(make(2, 1)));
  const Changes changes = pool.on_block({make(1, 0).hash}, {{address(1), 3}, {address(2), 1}});
  EXPECT_EQ(changes.removed.size(), 3u);
  EXPECT_EQ(hashes(changes.pending), std::vector<Hash>{make(2, 1).hash})
      << "another wallet filled the gap";
  EXPECT_EQ(pool->pending_nonce(address(1)), 4u);
  EXPECT_EQ(pool->counts().pending, 2u);
  EXPECT_EQ(pool.add(make(1, 2)), fail(err::nonce_too_low));
}

TEST(Blocks, AnIncludedTransactionLeavesEvenIfItsNonceWasNotUsed) {
  TestPool pool;
  for (std::uint64_t nonce = 0; nonce < 3; ++nonce) EXPECT_TRUE(pool.add(make(1, nonce)));
  pool.on_block({make(1, 0).hash}, {});
  EXPECT_EQ(pool->pending_nonce(address(1)), 0u);
  EXPECT_EQ(pool->counts().queued, 2u);
}

TEST(Blocks, NoncesThatWereCountedOnAndNotUsedComeBack) {
  TestPool pool;
  pool.accounts.nonces[address(1)] = 71;  // with a final block whose execution skips all of it
  EXPECT_TRUE(pool.add(make(1, 71)));
  EXPECT_EQ(pool->pending_nonce(address(1)), 72u);
  pool.accounts.nonces[address(1)] = 6;
  pool.on_block({}, {{address(1), 6}});
  EXPECT_EQ(pool->pending_nonce(address(1)), 6u);
  EXPECT_EQ(pool->counts().queued, 1u);
  EXPECT_TRUE(pool.build().empty());
  EXPECT_TRUE(pool.add(make(1, 6)));
  EXPECT_EQ(hashes(pool.build()), std::vector<Hash>{make(1, 6).hash});
}

TEST(Blocks, WhatIsNoLongerCoveredGoesFromTheFarEnd) {
  TestPool pool;
  pool.accounts.balances[address(1)] = 30;
  for (std::uint64_t nonce = 0; nonce < 3; ++nonce)
    EXPECT_TRUE(pool.add(make(1, nonce, {.value = 10})));
  pool.accounts.balances[address(1)] = 15;
  const Changes changes = pool.on_block({make(1, 0, {.value = 10}).hash}, {{address(1), 1}});
  EXPECT_EQ(changes.removed.size(), 2u);
  EXPECT_EQ(pool->pending_nonce(address(1)), 2u);
}

TEST(Blocks, AHigherBaseFeeHidesThoseThatCannotPayIt) {
  TestPool pool;
  EXPECT_TRUE(pool.add(make(1, 0, {.fee = 10})));
  EXPECT_TRUE(pool.add(make(2, 0, {.fee = 30})));
  EXPECT_EQ(pool.build().size(), 2u);
  pool.on_block({}, {}, 20);
  EXPECT_EQ(hashes(pool.build()), (std::vector<Hash>{make(2, 0, {.fee = 30}).hash}));
  pool.on_block({}, {}, 0);
  EXPECT_EQ(pool.build().size(), 2u);
}

TEST(Recheck, DropsWhatTheAccountsRulesRefuseBySenderPendingQueuedAndLocal) {
  TestPool pool;
  ASSERT_TRUE(pool.add(make(1, 0)));
  ASSERT_TRUE(pool.add(make(1, 1, {.local = true})));
  ASSERT_TRUE(pool.add(make(1, 3)));
  ASSERT_TRUE(pool.add(make(2, 0)));
  pool.accounts.refused = address(1);
  const std::vector<Address> others{address(2), address(3)};
  EXPECT_TRUE(pool->recheck(others).removed.empty());
  const std::vector<Address> refused{address(1)};
  const Changes changes = pool->recheck(refused);
  EXPECT_EQ(changes.removed.size(), 3u);
  ASSERT_EQ(changes.stored.size(), 1u);
  EXPECT_FALSE(changes.stored[0].keep);
  const Counts counts = pool->counts();
  EXPECT_EQ(counts.pending, 1u);
  EXPECT_EQ(counts.queued, 0u);
  EXPECT_EQ(counts.bytes, 100u);
  EXPECT_EQ(counts.senders, 1u);
  pool.accounts.refused.reset();
  EXPECT_TRUE(pool.add(make(1, 0)));
}

TEST(Expiry, DropsRemoteQueuedOnesOnly) {
  TestPool pool{{.queued_lifetime = 60s}};
  EXPECT_TRUE(pool.add(make(1, 0)));
  EXPECT_TRUE(pool.add(make(1, 2)));
  EXPECT_TRUE(pool.add(make(2, 2, {.local = true})));
  EXPECT_TRUE(pool.add(make(3, 2)));
  EXPECT_TRUE(pool->expire(pool.now + 59s).removed.empty());
  EXPECT_EQ(pool->expire(pool.now + 60s).removed.size(), 2u);
  EXPECT_EQ(pool->counts().pending, 1u);
  EXPECT_EQ(pool->counts().queued, 1u);
  EXPECT_EQ(pool->senders(), (std::vector<Address>{address(1), address(2)}));
}

TEST(Build, FreeTransactionsComeInOrderOfArrival) {
  TestPool pool;
  std::vector<Hash> expected;
  for (std::uint64_t nonce = 0; nonce < 10; ++nonce) {
    for (std::uint32_t who = 1; who < 6; ++who) {
      EXPECT_TRUE(pool.add(make(who * 7 % 5 + 1, nonce)));
      expected.push_back(make(who * 7 % 5 + 1, nonce).hash);
    }
  }
  EXPECT_EQ(hashes(pool.build()), expected);
}

TEST(Build, TheHighestTipComesFirstButNeverBeforeItsPredecessors) {
  TestPool pool;
  EXPECT_TRUE(pool.add(make(1, 0, {.fee = 1})));
  EXPECT_TRUE(pool.add(make(1, 1, {.fee = 100})));
  EXPECT_TRUE(pool.add(make(2, 0, {.fee = 50})));
  EXPECT_TRUE(pool.add(make(3, 1, {.fee = 500})));
  EXPECT_EQ(hashes(pool.build()),
            (std::vector<Hash>{make(2, 0, {.fee = 50}).hash, make(1, 0, {.fee = 1}).hash,
                               make(1, 1, {.fee = 100}).hash}));
}

TEST(Build, KeepsToGasBytesAndCountAndSkipsWhatDoesNotFit) {
  TestPool pool;
  Candidate big = make(1, 0);
  big.transaction.gas_limit = 5 * kGas;
  EXPECT_TRUE(pool.add(big));
  EXPECT_TRUE(pool.add(make(1, 1)));
  for (std::uint32_t who = 2; who < 8; ++who) EXPECT_TRUE(pool.add(make(who, 0)));
  EXPECT_EQ(pool.build({.gas = 4 * kGas, .bytes = 1 << 20, .count = 100}).size(), 4u);
  EXPECT_EQ(pool.build({.gas = 7 * kGas, .bytes = 1 << 20, .count = 100}).size(), 3u);
  EXPECT_EQ(pool.build({.gas = 100 * kGas, .bytes = 350, .count = 100}).size(), 3u);
  EXPECT_EQ(pool.build({.gas = 100 * kGas, .bytes = 1 << 20, .count = 2}).size(), 2u);
  EXPECT_TRUE(pool.build({}).empty());
  EXPECT_EQ(pool->counts().pending, 8u) << "building takes nothing out";
}

TEST(Build, StartsAfterWhatIsInFlight) {
  TestPool pool;
  for (std::uint64_t nonce = 0; nonce < 4; ++nonce) EXPECT_TRUE(pool.add(make(1, nonce)));
  EXPECT_TRUE(pool.add(make(2, 0)));
  const std::vector<NonceUpdate> next{{address(1), 2}, {kNobody, 9}};
  BuildRequest request{.gas = 1 << 30, .bytes = 1 << 20, .count = 100};
  request.next_nonces = next;
  EXPECT_EQ(hashes(pool.build(request)),
            (std::vector<Hash>{make(1, 2).hash, make(1, 3).hash, make(2, 0).hash}));
  HashSet<Hash> excluded{make(1, 2).hash, make(2, 0).hash};
  request.excluded = &excluded;
  EXPECT_EQ(hashes(pool.build(request)), std::vector<Hash>{make(1, 3).hash});
  EXPECT_EQ(pool.build().size(), 5u) << "the next call starts afresh";
}

TEST(Build, WhatFollowsOneToACertainAddressWaits) {
  TestPool pool;
  Candidate last = make(1, 1);
  last.transaction.to = address(9);
  EXPECT_TRUE(pool.add(make(1, 0)));
  EXPECT_TRUE(pool.add(last));
  EXPECT_TRUE(pool.add(make(1, 2)));
  EXPECT_TRUE(pool.add(make(2, 0)));
  BuildRequest request{.gas = 1 << 30, .bytes = 1 << 20, .count = 100};
  EXPECT_EQ(pool.build(request).size(), 4u);
  request.last_to = address(9);
  EXPECT_EQ(hashes(pool.build(request)),
            (std::vector<Hash>{make(1, 0).hash, last.hash, make(2, 0).hash}));
  const std::vector<NonceUpdate> none{{address(1), kNoNonce}};
  request.next_nonces = none;
  EXPECT_EQ(hashes(pool.build(request)), std::vector<Hash>{make(2, 0).hash});
}

TEST(Build, ANonceInFlightCanOpenWhatIsQueuedHere) {
  TestPool pool;
  EXPECT_TRUE(pool.add(make(1, 3)));
  const std::vector<NonceUpdate> next{{address(1), 3}};
  BuildRequest request{.gas = 1 << 30, .bytes = 1 << 20, .count = 100};
  request.next_nonces = next;
  EXPECT_EQ(pool.build(request).size(), 1u);
  EXPECT_TRUE(pool.build().empty());
}

TEST(Lookups, ContentAndHashesShowBothKinds) {
  TestPool pool;
  EXPECT_TRUE(pool.add(make(1, 0)));
  EXPECT_TRUE(pool.add(make(1, 2)));
  EXPECT_TRUE(pool.add(make(2, 0)));
  const Content content = pool->content(address(1));
  EXPECT_EQ(hashes(content.pending), std::vector<Hash>{make(1, 0).hash});
  EXPECT_EQ(hashes(content.queued), std::vector<Hash>{make(1, 2).hash});
  EXPECT_FALSE(pool->is_pending(*content.queued.front()));
  EXPECT_EQ(pool->pending_hashes(100), (std::vector<Hash>{make(1, 0).hash, make(2, 0).hash}));
  EXPECT_EQ(pool->pending_hashes(1).size(), 1u);
  EXPECT_EQ(pool->find(Hash{}), nullptr);
  EXPECT_TRUE(pool->content(kNobody).pending.empty());
}

TEST(Errors, SpeakTheWordsOfEthereum) {
  EXPECT_EQ(text_of(err::nonce_too_low), "nonce too low");
  EXPECT_EQ(text_of(err::replacement_underpriced), "replacement transaction underpriced");
  EXPECT_EQ(text_of(err::insufficient_funds), "insufficient funds for gas * price + value");
}

}  // namespace
}  // namespace wusong::txpool

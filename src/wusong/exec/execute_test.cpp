// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/execute.hpp"

#include <gtest/gtest.h>

#include "wusong/exec/errors.hpp"
#include "wusong/exec/internal/test_world.hpp"

namespace wusong::exec {
namespace {

using internal::address_number;
using internal::TestWorld;

/// emit LOG1 with topic 5; sstore(0, sload(0) + 1)
constexpr std::string_view kCounter = "600560006000a1600054600101600055";

class CountingHashes final : public BlockHashSource {
 public:
  Hash hash_at(std::uint64_t number) const override { return to_hash(U256{number}); }
};

class ExecuteBlock : public ::testing::Test {
 protected:
  Result<BlockOutcome> run() {
    return execute_block(block_, senders_, world_.state, world_.block, world_.rules);
  }
  void add(types::Transaction transaction, const Address& sender, std::uint64_t nonce) {
    transaction.nonce = nonce;
    block_.transactions.push_back(std::move(transaction));
    senders_.push_back(sender);
  }
  TestWorld world_;
  types::Block block_;
  std::vector<Address> senders_;
};

TEST_F(ExecuteBlock, ATransactionThatDoesNotFitIsSkippedAndTheRestGoOn) {
  const Address counter = world_.add_contract(9, kCounter);
  add(world_.transaction_to(counter), world_.alice, 0);
  add(world_.transaction_to(counter), world_.alice, 5);          // a gap
  add(world_.transaction_to(counter), address_number(0x77), 0);  // no funds
  add(world_.transaction_to(counter), world_.alice, 1);
  add(world_.transaction_to(counter), world_.bob, 0);
  const auto out = run();
  ASSERT_TRUE(out);
  ASSERT_EQ(out->receipts.size(), 5u);
  EXPECT_FALSE(out->refusals[0]);
  EXPECT_EQ(out->refusals[1], Error{err::nonce_too_high});
  EXPECT_EQ(out->refusals[2], Error{err::insufficient_funds});
  EXPECT_FALSE(out->refusals[3]);
  for (const std::size_t skipped : {1u, 2u}) {
    EXPECT_FALSE(out->receipts[skipped].success);
    EXPECT_EQ(out->receipts[skipped].gas_used, 0u);
    EXPECT_EQ(out->receipts[skipped].cumulative_gas_used, out->receipts[0].gas_used);
    EXPECT_TRUE(out->receipts[skipped].logs.empty());
  }
  EXPECT_EQ(out->gas_used, out->receipts[4].cumulative_gas_used);
  EXPECT_FALSE(out->diff.accounts.contains(address_number(0x77)));
  EXPECT_EQ(out->diff.accounts.at(counter).slots.at(Hash{}), U256{3});
  EXPECT_EQ(out->diff.accounts.at(world_.alice).after->nonce, 2u);
  EXPECT_TRUE(types::bloom_may_contain(out->logs_bloom, counter));
  EXPECT_TRUE(types::bloom_may_contain(out->logs_bloom, to_hash(U256{5})));
  EXPECT_FALSE(types::bloom_may_contain(out->logs_bloom, world_.alice));
}

TEST_F(ExecuteBlock, OneBlockAndManyLeaveTheSameState) {
  const Address counter = world_.add_contract(9, kCounter);
  for (std::uint64_t i = 0; i < 8; ++i) {
    add(world_.transaction_to(counter), i % 2 == 0 ? world_.alice : world_.bob, i / 2);
  }
  state::MemoryState together = world_.state;
  together.apply(run()->diff);
  for (std::size_t i = 0; i < 8; ++i) {
    types::Block one;
    one.transactions = {block_.transactions[i]};
    const auto out = execute_block(one, {&senders_[i], 1}, world_.state, world_.block, world_.rules,
                                   &world_.machine);
    world_.state.apply(out->diff);
  }
  EXPECT_EQ(world_.state.root(), together.root());
}

TEST_F(ExecuteBlock, TheBlocksGasRunsOut) {
  add(world_.transaction_to(world_.bob), world_.alice, 0);
  add(world_.transaction_to(world_.bob), world_.alice, 1);
  world_.block.gas_limit = 1'020'999;
  const auto out = run();
  EXPECT_FALSE(out->refusals[0]);
  EXPECT_EQ(out->refusals[1], Error{err::block_gas_exceeded});
  world_.block.gas_limit = 1'021'000;
  EXPECT_FALSE(run()->refusals[1]);
}

TEST_F(ExecuteBlock, AnEmptyBlockHasTheEmptyRoots) {
  const auto out = run();
  ASSERT_TRUE(out);
  const auto roots = roots_of(*out, to_hash(U256{7}));
  EXPECT_EQ(roots.receipts_root, types::kEmptyTrieRoot);
  EXPECT_EQ(roots.state_root, to_hash(U256{7}));
  EXPECT_EQ(roots.gas_used, 0u);
  EXPECT_TRUE(out->diff.accounts.empty());
}

TEST_F(ExecuteBlock, BlockhashReachesTheLast256Blocks) {
  // for i = 0..3: sstore(i, blockhash(number - (0, 1, 256, 257)))
  const Address contract =
      world_.add_contract(9, "43406000556001430340600155610100430340600255610101430340600355");
  add(world_.transaction_to(contract), world_.alice, 0);
  const CountingHashes hashes;
  world_.block.hashes = &hashes;
  const auto diff = run()->diff;
  const auto& slots = diff.accounts.at(contract).slots;
  EXPECT_EQ(slots.size(), 2u);
  EXPECT_EQ(slots.at(to_hash(U256{1})), U256{999});
  EXPECT_EQ(slots.at(to_hash(U256{2})), U256{1000 - 256});
}

TEST_F(ExecuteBlock, AViewThatFailedSpoilsTheOutcome) {
  class Broken final : public types::StateView {
   public:
    std::optional<types::Account> account(const Address&) override { return {}; }
    U256 storage(const Address&, const Hash&) override { return {}; }
    Bytes code(const Hash&) override { return {}; }
    std::optional<Error> error() const override { return err::bad_state_test; }
  };
  Broken broken;
  add(world_.transaction_to(world_.bob), world_.alice, 0);
  EXPECT_EQ(execute_block(block_, senders_, broken, world_.block, world_.rules).error(),
            Error{err::bad_state_test});
}

TEST(ContextOf, ShowsSecondsAndNoBlobs) {
  types::Header header;
  header.number = Height{5};
  header.timestamp = UnixMillis{1999};
  header.gas_limit = 9;
  const BlockContext context = context_of(header, nullptr);
  EXPECT_EQ(context.number, 5u);
  EXPECT_EQ(context.timestamp, 1u);
  EXPECT_EQ(context.gas_limit, 9u);
  EXPECT_EQ(context.max_blobs, 0u);
  EXPECT_EQ(context.prev_randao, types::prev_randao(header));
}

}  // namespace
}  // namespace wusong::exec

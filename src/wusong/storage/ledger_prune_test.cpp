// SPDX-License-Identifier: Apache-2.0
// Forgetting what is old, and beginning where others are.
#include <gtest/gtest.h>

#include "wusong/hash/hash.hpp"
#include "wusong/storage/errors.hpp"
#include "wusong/storage/ledger.hpp"
#include "wusong/storage/memory_store.hpp"

namespace wusong::storage {
namespace {

constexpr ChainIdentity kChain{.chain_id = 31'337, .genesis_hash = {}};

Bytes transaction(std::uint64_t height, std::uint8_t index) {
  return {0x02, static_cast<std::uint8_t>(height), static_cast<std::uint8_t>(height >> 8), index};
}
Hash transaction_hash(std::uint64_t height, std::uint8_t index) {
  return hash::keccak256(transaction(height, index));
}

types::Header header_of(std::uint64_t height) {
  types::Header header;
  header.number = Height{height};
  header.transactions_root = hash::keccak256(as_bytes("of two transactions"));
  return header;
}

Execution execution_of(std::uint64_t height) {
  Execution out;
  out.roots.state_root = hash::keccak256(as_bytes(std::to_string(height)));
  for (int i = 0; i < 2; ++i) {
    types::Receipt receipt;
    receipt.success = true;
    receipt.gas_used = 21'000;
    receipt.logs.push_back({.address = {}, .topics = {}, .data = Bytes{1}});
    receipt.logs_bloom = types::bloom_of(receipt.logs);
    out.roots.logs_bloom |= receipt.logs_bloom;
    out.receipts.push_back(std::move(receipt));
    out.skipped.push_back(0);
  }
  return out;
}

/// A chain of blocks with two transactions each, in memory.
struct Chain {
  explicit Chain(std::uint64_t length) {
    ledger = *Ledger::open(store, kChain);
    for (std::uint64_t h = 0; h < length; ++h) {
      const types::Header header = header_of(h);
      const std::vector<Bytes> transactions{transaction(h, 0), transaction(h, 1)};
      EXPECT_TRUE(ledger->append_block(Height{h}, types::hash_of(header),
                                       types::encode_block(header, transactions), Bytes{9}));
      EXPECT_TRUE(ledger->put_execution(
          Height{h}, std::vector{transaction_hash(h, 0), transaction_hash(h, 1)}, execution_of(h)));
    }
  }
  void reopen() { ledger = *Ledger::open(store, kChain); }
  void prune_all(const Kept& wanted) {
    for (int steps = 0; *ledger->prune(wanted); ++steps) ASSERT_LT(steps, 1'000);
  }
  MemoryStore store;
  std::unique_ptr<Ledger> ledger;
};

/// What a height looks like from outside.
enum class Look : std::uint8_t { whole, without_receipts, header, other };
Look look_at(const Ledger& ledger, std::uint64_t height) {
  const auto stored = *ledger.block(Height{height});
  if (!stored || stored->hash != types::hash_of(header_of(height))) return Look::other;
  const auto parts = types::split_block(stored->bytes);
  if (!parts || parts->header != header_of(height)) return Look::other;
  const auto execution = *ledger.execution(Height{height});
  const bool found = (*ledger.locate(transaction_hash(height, 1))).has_value();
  if (parts->transactions.empty()) return !execution && !found ? Look::header : Look::other;
  if (!execution || execution->roots != execution_of(height).roots || !found) return Look::other;
  return execution->receipts.empty() ? Look::without_receipts : Look::whole;
}

TEST(Prune, BlocksBecomeHeadersAndReceiptsRoots) {
  Chain chain{100};
  chain.prune_all({.blocks = Height{30}, .receipts = Height{60}});
  for (int opened = 0; opened < 2; ++opened) {
    EXPECT_EQ(chain.ledger->kept(), (Kept{.blocks = Height{30}, .receipts = Height{60}}));
    EXPECT_EQ(look_at(*chain.ledger, 0), Look::whole);  // the genesis stays
    for (std::uint64_t h = 1; h < 100; ++h)
      EXPECT_EQ(look_at(*chain.ledger, h), h < 30   ? Look::header
                                           : h < 60 ? Look::without_receipts
                                                    : Look::whole)
          << h;
    std::vector<std::uint64_t> with_logs;
    ASSERT_TRUE(chain.ledger->scan_blooms(Height{1}, Height{99}, [&](Height h, const auto&) {
      with_logs.push_back(h.value);
      return true;
    }));
    EXPECT_EQ(with_logs.size(), 40u);
    chain.reopen();
  }
}

TEST(Prune, ReceiptsGoAtLeastAsFarAsBlocks) {
  Chain chain{50};
  chain.prune_all({.blocks = Height{20}, .receipts = {}});
  EXPECT_EQ(chain.ledger->kept(), (Kept{.blocks = Height{20}, .receipts = Height{20}}));
}

TEST(Prune, TheHeadStaysAndNothingComesBack) {
  Chain chain{50};
  chain.prune_all({.blocks = Height{1'000}, .receipts = Height{1'000}});
  EXPECT_EQ(chain.ledger->kept().blocks, Height{49});
  EXPECT_EQ(look_at(*chain.ledger, 49), Look::whole);
  EXPECT_FALSE(*chain.ledger->prune({.blocks = Height{5}, .receipts = Height{5}}));
  EXPECT_EQ(chain.ledger->kept().blocks, Height{49});
}

TEST(Prune, AStepIsBoundedAndEachEndIsWhole) {
  Chain chain{12'000};
  const Kept wanted{.blocks = Height{11'000}, .receipts = Height{11'500}};
  int steps = 0;
  bool more = true;
  while (more) {
    more = *chain.ledger->prune(wanted);
    ++steps;
    chain.reopen();  // as after a crash
    const Kept kept = chain.ledger->kept();
    for (const std::uint64_t h : {kept.blocks.value, kept.receipts.value}) {
      if (h == 0) continue;
      EXPECT_EQ(look_at(*chain.ledger, h),
                h < kept.receipts.value ? Look::without_receipts : Look::whole);
      if (h > 1) {
        EXPECT_EQ(look_at(*chain.ledger, h - 1),
                  h == kept.blocks.value ? Look::header : Look::without_receipts);
      }
    }
  }
  EXPECT_GT(steps, 3);
  EXPECT_EQ(chain.ledger->kept(), wanted);
}

TEST(Prune, ATransactionThatWasExecutedElsewhereIsStillFound) {
  Chain chain{10};
  // Skipped at height 3 and executed at height 7: the index says 7.
  Execution again = execution_of(7);
  ASSERT_TRUE(chain.ledger->put_execution(
      Height{7}, std::vector{transaction_hash(3, 0), transaction_hash(7, 1)}, again));
  chain.prune_all({.blocks = Height{5}, .receipts = Height{5}});
  EXPECT_EQ((*chain.ledger->locate(transaction_hash(3, 0)))->height, Height{7});
}

TEST(Prune, ABaseIsThereWholeOrNotAtAll) {
  Chain chain{3};
  Base base;
  for (std::uint64_t h = 500; h <= 600; ++h)
    base.headers.push_back({.height = Height{h},
                            .hash = types::hash_of(header_of(h)),
                            .block = types::encode_block(header_of(h), {})});
  for (std::uint64_t h = 597; h <= 600; ++h) base.roots[Height{h}] = execution_of(h).roots;
  base.certificates[Height{590}] = Bytes{9};
  base.epochs.push_back({.next = 1,
                         .last = {.height = Height{77},
                                  .hash = types::hash_of(header_of(77)),
                                  .block = types::encode_block(header_of(77), {})},
                         .certificate = Bytes{7}});
  ASSERT_TRUE(chain.ledger->rebase(base));
  EXPECT_EQ(chain.ledger->rebase(base).error(), Error{err::wrong_height});
  for (int opened = 0; opened < 2; ++opened) {
    const Ledger& ledger = *chain.ledger;
    EXPECT_EQ(ledger.base(), Height{600});
    EXPECT_EQ(ledger.final_head(), Height{600});
    EXPECT_EQ(ledger.executed_head(), Height{600});
    EXPECT_EQ(ledger.kept(), (Kept{.blocks = Height{601}, .receipts = Height{601}}));
    EXPECT_EQ(look_at(ledger, 500), Look::header);
    EXPECT_EQ(*ledger.roots(Height{598}), execution_of(598).roots);
    EXPECT_EQ(*ledger.height_of(types::hash_of(header_of(550))), Height{550});
    EXPECT_FALSE(*ledger.block(Height{400}));
    EXPECT_EQ(*ledger.epochs(), (std::vector{Height{1}, Height{78}}));
    EXPECT_EQ(look_at(ledger, 77), Look::header);
    EXPECT_EQ(*ledger.certificate(CertificateKind::finality, Height{77}), Bytes{7});
    EXPECT_EQ(*ledger.certificate(CertificateKind::finality, Height{590}), Bytes{9});
    chain.reopen();
  }
  // The chain goes on above it.
  ASSERT_TRUE(chain.ledger->append_block(Height{601}, types::hash_of(header_of(601)),
                                         types::encode_block(header_of(601), {}), {}));
  ASSERT_TRUE(chain.ledger->put_execution(Height{601}, {}, {}));
}

}  // namespace
}  // namespace wusong::storage

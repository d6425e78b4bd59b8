// SPDX-License-Identifier: Apache-2.0
#include "wusong/txpool/senders.hpp"

#include <gtest/gtest.h>

namespace wusong::txpool {
namespace {

Hash hash_of_number(std::uint64_t number) {
  return to_hash(U256{number});
}

class CountingExecutor final : public io::Executor {
 public:
  std::size_t tasks{0};
  void for_each(std::size_t count, const std::function<void(std::size_t)>& task) override {
    tasks += count;
    for (std::size_t i = count; i-- > 0;) task(i);  // backwards: the order must not matter
  }
};

struct Batch {
  std::vector<types::Transaction> transactions;
  std::vector<Hash> hashes;
  std::vector<Address> senders;
};

/// `count` transactions from as many keys, every third one native under Ed25519 or SM2.
Batch make_batch(std::size_t count) {
  Batch out;
  for (std::size_t i = 0; i < count; ++i) {
    types::Transaction transaction;
    transaction.chain_id = 7;
    transaction.nonce = i;
    transaction.gas_limit = 21'000;
    transaction.to = Address{};
    const Bytes secret(32, static_cast<std::uint8_t>(i + 1));
    const auto scheme = i % 3 != 0   ? crypto::Scheme::secp256k1
                        : i % 2 != 0 ? crypto::Scheme::ed25519
                                     : crypto::Scheme::sm2;
    const auto signer = crypto::make_signer(scheme, secret);
    EXPECT_TRUE(signer);
    if (scheme == crypto::Scheme::secp256k1) {
      transaction.type = types::TransactionType::dynamic_fee;
      EXPECT_TRUE(types::sign(transaction, secret));
    } else {
      transaction.type = types::TransactionType::native;
      types::sign_native(transaction, **signer);
    }
    out.hashes.push_back(types::hash_of(transaction));
    out.senders.push_back(crypto::address_of(scheme, (*signer)->public_key()));
    out.transactions.push_back(std::move(transaction));
  }
  return out;
}

TEST(Senders, AreRecoveredInOrderForEveryScheme) {
  const Batch batch = make_batch(50);
  CountingExecutor executor;
  const auto senders = recover_senders(batch.transactions, executor);
  ASSERT_EQ(senders.size(), 50u);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(senders[i], batch.senders[i]) << i;
  EXPECT_EQ(executor.tasks, 4u);
}

TEST(Senders, ABadSignatureFailsAlone) {
  Batch batch = make_batch(9);
  batch.transactions[3].value = 1;  // native: the signature no longer fits
  batch.transactions[4].signature.r = 0;
  io::InlineExecutor executor;
  const auto senders = recover_senders(batch.transactions, executor);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(senders[i].has_value(), i != 3 && i != 4) << i;
}

TEST(Senders, TheCacheSparesWhatItKnowsAndRemembersNoFailure) {
  Batch batch = make_batch(40);
  batch.transactions[1].signature.s = 0;
  SenderCache cache{100};
  CountingExecutor executor;
  const auto first = recover_senders(batch.transactions, batch.hashes, executor, cache);
  EXPECT_EQ(cache.size(), 39u);
  executor.tasks = 0;
  const auto second = recover_senders(batch.transactions, batch.hashes, executor, cache);
  EXPECT_EQ(executor.tasks, 1u) << "only the failed one is tried again";
  EXPECT_EQ(first, second);
}

TEST(SenderCache, NeverExceedsItsCapacityAndKeepsTheRecentHalf) {
  SenderCache cache{10};
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    cache.put(hash_of_number(i), Address{});
    ASSERT_LE(cache.size(), 10u);
    for (std::uint64_t back = 0; back < 5 && back <= i; ++back)
      ASSERT_TRUE(cache.find(hash_of_number(i - back)));
  }
  EXPECT_FALSE(cache.find(hash_of_number(0)));
}

TEST(SenderCache, ALaterEntryForAHashWins) {
  SenderCache cache{4};
  Address other;
  other.bytes[0] = 1;
  cache.put(hash_of_number(1), Address{});
  for (std::uint64_t i = 2; i < 4; ++i) cache.put(hash_of_number(i), Address{});
  cache.put(hash_of_number(1), other);
  EXPECT_EQ(cache.find(hash_of_number(1)), other);
  EXPECT_LE(cache.size(), 4u);
}

}  // namespace
}  // namespace wusong::txpool

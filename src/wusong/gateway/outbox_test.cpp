// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/outbox.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/hex.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/testkit/fake_chain.hpp"
#include "wusong/testkit/sqlite_connection.hpp"

namespace wusong::gateway {
namespace {

std::string plain_refusal(BytesView data) {
  return "refused " + codec::to_hex(data);
}

/// Fails the n-th call from now, as a process does that dies there.
class DyingDatabase final : public io::SqlConnection {
 public:
  explicit DyingDatabase(io::SqlConnection& under) : under_{&under} {}
  int lives{1'000'000};
  io::SqlDialect dialect() const noexcept override { return under_->dialect(); }
  Result<std::uint64_t> run(std::string_view sql,
                            std::span<const io::SqlValue> parameters) override {
    if (--lives < 0) return fail(io::err::sql_failed);
    return under_->run(sql, parameters);
  }
  Result<io::SqlRows> query(std::string_view sql,
                            std::span<const io::SqlValue> parameters) override {
    if (--lives < 0) return fail(io::err::sql_failed);
    return under_->query(sql, parameters);
  }
  Result<void> script(std::string_view sql) override { return under_->script(sql); }
  Result<void> transaction(const std::function<Result<void>()>& work) override {
    return under_->transaction([&]() -> Result<void> {
      WUSONG_CHECK(work());
      if (--lives < 0) return fail(io::err::sql_failed);  // before COMMIT
      return {};
    });
  }
  std::string_view last_message() const noexcept override { return under_->last_message(); }

 private:
  io::SqlConnection* under_;
};

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() {
    EXPECT_TRUE(upgrade_private_tables(db_).has_value());
    const auto signer = crypto::make_signer(crypto::Scheme::secp256k1, key_);
    from_ = crypto::address_of(crypto::Scheme::secp256k1, (*signer)->public_key());
  }
  Draft draft(const std::string& once) const {
    return {.account = "a",
            .to = Address{},
            .data = to_bytes(as_bytes(once)),
            .gas = 1000,
            .once = once,
            .item = "",
            .about = ""};
  }
  Result<OutboxEntry> act(Outbox& outbox, const std::string& once) {
    WUSONG_TRY(auto entry, outbox.accept(draft(once), from_, key_, now_));
    return outbox.deliver(std::move(entry), 0, now_);
  }

  testkit::SqliteConnection db_;
  testkit::FakeChain chain_;
  Outbox outbox_{db_, chain_, plain_refusal};
  Bytes key_ = Bytes(32, 1);
  Address from_;
  UnixMillis now_{1000};
};

TEST_F(OutboxTest, AnActIsFinalWhenItsTransactionIs) {
  const auto entry = act(outbox_, "one");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->status, OutboxStatus::final);
  EXPECT_EQ(entry->block, 1u);
  ASSERT_EQ(chain_.included.size(), 1u);
  EXPECT_EQ(chain_.included.front().from, from_);
}

TEST_F(OutboxTest, TheSameAgainIsTheSameEntry) {
  const auto first = act(outbox_, "one");
  const auto again = act(outbox_, "one");
  EXPECT_EQ(first->hash, again->hash);
  EXPECT_EQ(chain_.included.size(), 1u);
  auto other = draft("one");
  other.data.push_back(1);
  EXPECT_EQ(outbox_.accept(other, from_, key_, now_).error(), Error{err::same_key});
}

TEST_F(OutboxTest, NothingIsAcceptedWhileTheChainIsAway) {
  chain_.away = true;
  EXPECT_EQ(outbox_.accept(draft("one"), from_, key_, now_).error(), Error{err::chain_unreachable});
  EXPECT_TRUE(outbox_.of_account("a", 0, 10)->empty());
}

TEST_F(OutboxTest, ARefusalOfTheContractIsNamed) {
  chain_.judge = [](const Address&, const types::Transaction&) {
    return std::optional<Bytes>{Bytes{0xab}};
  };
  const auto entry = act(outbox_, "one");
  EXPECT_EQ(entry->status, OutboxStatus::reverted);
  EXPECT_EQ(entry->reason, "refused ab");
}

TEST_F(OutboxTest, ARefusedTransactionLeavesNoGap) {
  chain_.include_at_once = false;
  ASSERT_TRUE(act(outbox_, "one").has_value());
  chain_.refuse_all = "too poor";
  EXPECT_EQ(act(outbox_, "two")->status, OutboxStatus::refused);
  chain_.refuse_all.reset();
  const auto third = act(outbox_, "three");
  EXPECT_EQ(third->nonce, 1u);
  chain_.include();
  EXPECT_EQ(*outbox_.resume(10, now_), 0u);
  EXPECT_EQ(chain_.included.size(), 2u);
}

TEST_F(OutboxTest, SeveralWaitInOrderOfNonce) {
  chain_.include_at_once = false;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(act(outbox_, std::to_string(i))->nonce, static_cast<std::uint64_t>(i));
  }
  EXPECT_EQ(*outbox_.resume(10, now_), 5u);
  chain_.include();
  EXPECT_EQ(*outbox_.resume(10, now_), 0u);
  EXPECT_EQ(chain_.included.size(), 5u);
}

TEST_F(OutboxTest, WhatADeadNodeNeverGotIsSentWhenItIsBack) {
  auto entry = outbox_.accept(draft("one"), from_, key_, now_);
  chain_.away = true;
  entry = outbox_.deliver(*entry, 0, now_);
  EXPECT_EQ(entry->status, OutboxStatus::waiting);
  EXPECT_FALSE(outbox_.resume(10, now_).has_value());
  chain_.away = false;
  EXPECT_EQ(*outbox_.resume(10, now_), 0u);
  EXPECT_EQ(outbox_.by_number(entry->number).value()->status, OutboxStatus::final);
}

// @row 16
// Whatever statement the process dies at: what was accepted is on the chain once after a restart,
// and what was not accepted is not.
TEST_F(OutboxTest, DeathAtAnyStatementNeitherLosesNorDoublesAnAct) {
  for (int lives = 0; lives < 12; ++lives) {
    const std::string once = "act " + std::to_string(lives);
    const auto before = chain_.included.size();
    chain_.include_at_once = lives % 2 == 0;
    bool accepted = false;
    {
      DyingDatabase dying{db_};
      dying.lives = lives;
      Outbox outbox{dying, chain_, plain_refusal};
      const auto entry = outbox.accept(draft(once), from_, key_, now_);
      accepted = entry.has_value();
      if (accepted) (void)outbox.deliver(*entry, 0, now_);
    }
    chain_.include();
    Outbox after{db_, chain_, plain_refusal};
    ASSERT_TRUE(after.resume(100, now_).has_value());
    chain_.include();
    ASSERT_EQ(*after.resume(100, now_), 0u);
    EXPECT_EQ(chain_.included.size(), before + (accepted ? 1 : 0)) << lives;
    // The client that saw nothing asks again: once in all.
    ASSERT_TRUE(act(after, once).has_value());
    chain_.include();
    ASSERT_EQ(*after.resume(100, now_), 0u);
    EXPECT_EQ(chain_.included.size(), before + 1) << lives;
  }
}

TEST_F(OutboxTest, ANonceThatWentElsewhereIsSaidToBeLost) {
  auto entry = outbox_.accept(draft("mine"), from_, key_, now_);
  // Somebody with the same key sends something else first.
  types::Transaction other;
  other.type = types::TransactionType::dynamic_fee;
  other.chain_id = 5918;
  other.to = Address{};
  other.gas_limit = 1;
  ASSERT_TRUE(types::sign(other, key_).has_value());
  ASSERT_TRUE(chain_.send(types::encode(other)).has_value());
  EXPECT_EQ(outbox_.deliver(*entry, 0, now_)->status, OutboxStatus::waiting);
  now_.value += 120'000;
  EXPECT_EQ(*outbox_.resume(10, now_), 0u);
  EXPECT_EQ(outbox_.by_number(entry->number).value()->status, OutboxStatus::lost);
}

}  // namespace
}  // namespace wusong::gateway

// SPDX-License-Identifier: Apache-2.0
// The contract of replaced keys, executed, and whole nodes whose pools follow it.
#include "wusong/node/account_keys.hpp"

#include <gtest/gtest.h>

#include "wusong/exec/account_keys.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/exec/execute.hpp"
#include "wusong/exec/tracers.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/state/memory_state.hpp"
#include "wusong/testkit/node_cluster.hpp"

namespace wusong::node {
namespace {

using namespace std::chrono_literals;
using crypto::Scheme;
using testkit::NodeCluster;

constexpr std::uint64_t kChain = 5'918;

std::unique_ptr<crypto::Signer> key(Scheme scheme, std::uint8_t seed) {
  const auto* info = crypto::find_scheme(static_cast<std::uint8_t>(scheme));
  return *crypto::make_signer(scheme, Bytes(info->secret_key_size, seed));
}
Address address_of(const crypto::Signer& signer) {
  return crypto::address_of(signer.scheme(), signer.public_key());
}
NewAccountKey following(const Address& account, std::uint64_t sequence,
                        const crypto::Signer& next) {
  return {.account = account,
          .sequence = sequence,
          .scheme = next.scheme(),
          .public_key = to_bytes(next.public_key())};
}
Bytes replacement(const Address& account, std::uint64_t sequence, const crypto::Signer& next) {
  const NewAccountKey made = following(account, sequence, next);
  return call_replace_account_key(made, next.sign(possession_message(kChain, made)));
}
types::Transaction plain(std::uint64_t nonce, const Address& to, Bytes data = {}) {
  types::Transaction out;
  out.type = types::TransactionType::native;
  out.chain_id = kChain;
  out.nonce = nonce;
  out.gas_limit = 2'000'000;
  out.to = to;
  out.data = std::move(data);
  return out;
}
types::Transaction signed_by(const crypto::Signer& signer, types::Transaction transaction,
                             std::optional<Address> account = {}) {
  transaction.account = account;
  types::sign_native(transaction, signer);
  return transaction;
}

struct Mortal {
  std::unique_ptr<crypto::Signer> first{key(Scheme::ed25519, 1)};
  std::unique_ptr<crypto::Signer> hybrid{key(Scheme::ed25519_ml_dsa_44, 2)};
  std::unique_ptr<crypto::Signer> pq{key(Scheme::ml_dsa_44, 3)};
  Address address{address_of(*first)};
};

class KeysContract : public ::testing::Test {
 protected:
  KeysContract() {
    genesis_.chain_id = kChain;
    add_account_keys(genesis_);
    state_.apply(genesis_state(genesis_));
  }
  /// All in one block. @return why each was refused, or nothing
  std::vector<std::optional<Error>> block(const std::vector<types::Transaction>& transactions) {
    types::Block block;
    block.header.number = Height{++height_};
    block.header.gas_limit = genesis_.gas_limit;
    std::vector<Address> senders;
    for (const types::Transaction& each : transactions)
      senders.push_back(types::recover_sender(each).value());
    block.transactions = transactions;
    auto outcome = exec::execute_block(
        block, senders, state_, exec::context_of(block.header, nullptr), chain_rules(genesis_));
    EXPECT_TRUE(outcome);
    state_.apply(outcome->diff);
    receipts_ = std::move(outcome->receipts);
    return std::move(outcome->refusals);
  }
  std::optional<exec::AccountKey> present() { return exec::replaced_key(state_, who_.address); }

  Genesis genesis_;
  state::MemoryState state_;
  std::vector<types::Receipt> receipts_;
  std::uint64_t height_{0};
  Mortal who_;
  const std::optional<Error> fine_;
  const std::optional<Error> foreign_{Error{exec::err::key_not_current}};
};

TEST_F(KeysContract, AnAccountMovesToHybridAndOnToPostQuantumWithinOneBlock) {
  const Address keys = exec::kKeysAddress;
  const auto refusals = block({
      signed_by(*who_.first, plain(0, keys, replacement(who_.address, 1, *who_.hybrid))),
      signed_by(*who_.first, plain(1, keys)),  // no longer its key
      signed_by(*who_.hybrid, plain(1, keys, replacement(who_.address, 2, *who_.pq)), who_.address),
      signed_by(*who_.hybrid, plain(2, keys), who_.address),
      signed_by(*who_.pq, plain(2, who_.address), who_.address),
  });
  EXPECT_EQ(refusals, (std::vector{fine_, foreign_, fine_, foreign_, fine_}));
  EXPECT_TRUE(receipts_[0].success && receipts_[2].success && receipts_[4].success);
  EXPECT_EQ(state_.account(who_.address)->nonce, 3u);
  const exec::AccountKey want{.scheme = Scheme::ml_dsa_44,
                              .key_hash = hash::keccak256(who_.pq->public_key()),
                              .sequence = 2};
  EXPECT_EQ(present(), want);
  ASSERT_EQ(receipts_[2].logs.size(), 1u);
  EXPECT_EQ(receipts_[2].logs[0].topics[0],
            hash::keccak256(as_bytes(std::string_view{"Replaced(address,uint64,uint8,bytes32)"})));
  EXPECT_EQ(Address::from(receipts_[2].logs[0].topics[1].view().last(20)), who_.address);
}

TEST_F(KeysContract, ReplacingNeedsThePossessionOfTheNewKeyForThisAccountChainAndNumber) {
  const crypto::Signer& next = *who_.hybrid;
  const auto attempt = [&](const NewAccountKey& told, const Bytes& proof) {
    const auto account = state_.account(who_.address);
    const auto refusals =
        block({signed_by(*who_.first, plain(account ? account->nonce : 0, exec::kKeysAddress,
                                            call_replace_account_key(told, proof)))});
    EXPECT_EQ(refusals.front(), fine_);
    return receipts_.front().success;
  };
  const NewAccountKey right = following(who_.address, 1, next);
  const auto proof_of = [&](const NewAccountKey& what, std::uint64_t chain = kChain) {
    return next.sign(possession_message(chain, what));
  };
  NewAccountKey other = right;
  EXPECT_FALSE(attempt(right, proof_of(right, kChain + 1)));
  other.account.bytes[0] ^= 1;
  EXPECT_FALSE(attempt(right, proof_of(other)));
  other = right;
  other.sequence = 2;
  EXPECT_FALSE(attempt(right, proof_of(other)));
  EXPECT_FALSE(
      attempt(right, key(Scheme::ed25519_ml_dsa_44, 9)->sign(possession_message(kChain, right))));
  other = right;
  other.scheme = static_cast<Scheme>(99);
  EXPECT_FALSE(attempt(other, proof_of(other)));
  other = right;  // a byte that moves from the key to the proof
  Bytes proof = proof_of(right);
  proof.insert(proof.begin(), other.public_key.back());
  other.public_key.pop_back();
  EXPECT_FALSE(attempt(other, proof));
  EXPECT_EQ(present(), std::nullopt);
  EXPECT_TRUE(attempt(right, proof_of(right)));
  EXPECT_NE(present(), std::nullopt);
}

TEST_F(KeysContract, EverySchemeMayFollow) {
  std::uint64_t sequence = 0;
  std::unique_ptr<crypto::Signer> now = key(Scheme::ed25519, 1);
  for (const crypto::SchemeInfo& info : crypto::scheme_table()) {
    auto next = key(info.scheme, 0x21);
    const auto refusals = block({signed_by(
        *now, plain(sequence, exec::kKeysAddress, replacement(who_.address, sequence + 1, *next)),
        who_.address)});
    ++sequence;
    EXPECT_EQ(refusals.front(), fine_) << info.name;
    EXPECT_TRUE(receipts_.front().success) << info.name;
    ASSERT_TRUE(present()) << info.name;
    EXPECT_EQ(present()->scheme, info.scheme);
    EXPECT_EQ(present()->sequence, sequence);
    now = std::move(next);
  }
}

TEST_F(KeysContract, AContractReplacesNobodysKey) {
  // CALLDATACOPY everything, CALL the contract of keys with it, STOP.
  const Address relay = Address::from(Bytes(20, 0x77));
  Bytes code{0x36, 0x5f, 0x5f, 0x37, 0x5f, 0x5f, 0x36, 0x5f, 0x5f, 0x61,
             0x57, 0x02, 0x5a, 0xf1, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3};
  state_.set_account(relay, {.nonce = 1});
  state_.set_code(relay, code);
  EXPECT_EQ(
      block({signed_by(*who_.first, plain(0, relay, replacement(relay, 1, *who_.hybrid)))}).front(),
      fine_);
  EXPECT_TRUE(receipts_.front().success);
  EXPECT_EQ(exec::replaced_key(state_, relay), std::nullopt);
  EXPECT_TRUE(receipts_.front().logs.empty());
}

TEST_F(KeysContract, TracesSkipWhatTheFirstReplacementOfAChainMadeForeign) {
  const Address keys = exec::kKeysAddress;
  types::Block block;
  block.header.number = Height{1};
  block.header.gas_limit = genesis_.gas_limit;
  block.transactions = {
      signed_by(*who_.first, plain(0, keys, replacement(who_.address, 1, *who_.hybrid))),
      signed_by(*who_.first, plain(1, who_.address)),
      signed_by(*who_.hybrid, plain(1, who_.address), who_.address)};
  const std::vector<Address> senders(3, who_.address);
  const auto context = exec::context_of(block.header, nullptr);
  const auto traces = exec::trace_block(block, senders, state_, context, chain_rules(genesis_),
                                        {.tracer = "callTracer"});
  ASSERT_TRUE(traces);
  ASSERT_EQ(traces->size(), 3u);
  EXPECT_TRUE((*traces)[0]);
  EXPECT_EQ((*traces)[1].error(), Error{exec::err::key_not_current});
  EXPECT_TRUE((*traces)[2]);
}

TEST_F(KeysContract, NorDoesCodeThatTheAccountDelegatesTo) {
  Bytes delegation{0xef, 0x01, 0x00};
  append(delegation, Address::from(Bytes(20, 0x77)));
  state_.set_account(who_.address, {.nonce = 0});
  state_.set_code(who_.address, delegation);
  const auto replacing = plain(0, exec::kKeysAddress, replacement(who_.address, 1, *who_.hybrid));
  EXPECT_EQ(block({signed_by(*who_.first, replacing)}).front(), fine_);
  EXPECT_FALSE(receipts_.front().success);
  EXPECT_EQ(present(), std::nullopt);
}

class KeysInPools : public ::testing::Test {
 protected:
  bool settled() {
    return cluster_.run(30s, [&] {
      const Height height = cluster_[0].node->final_height();
      for (std::size_t i = 0; i < cluster_.size(); ++i)
        if (cluster_[i].node->pool().counts().pending != 0) return false;
      return cluster_.all_executed(height);
    });
  }
  Result<void> submit(const types::Transaction& transaction) {
    return cluster_.submit(0, {transaction}).front();
  }
  std::uint64_t nonce() {
    const auto view = *cluster_[0].state->view(cluster_[0].state->head()->height);
    const auto account = view->account(who_.address);
    return account ? account->nonce : 0;
  }
  NodeCluster cluster_{4, {}, 1};
  Mortal who_;
};

TEST_F(KeysInPools, PoolsTakeTheNewKeyAndDropWhatTheOldOneSigned) {
  const Address keys = exec::kKeysAddress;
  const auto replacing =
      signed_by(*who_.first, plain(0, keys, replacement(who_.address, 1, *who_.hybrid)));
  const auto hasty = signed_by(*who_.hybrid, plain(1, keys), who_.address);
  EXPECT_EQ(submit(hasty).error(), Error{exec::err::key_not_current});
  // Behind a gap, so that it is still in the pool when the key is replaced.
  ASSERT_TRUE(submit(signed_by(*who_.first, plain(5, keys))));
  ASSERT_TRUE(submit(replacing));
  ASSERT_TRUE(settled());
  EXPECT_EQ(cluster_[0].node->pool().counts().queued, 0u);
  EXPECT_EQ(nonce(), 1u);
  EXPECT_EQ(submit(signed_by(*who_.first, plain(1, keys))).error(),
            Error{exec::err::key_not_current});
  ASSERT_TRUE(submit(hasty));
  ASSERT_TRUE(settled());
  EXPECT_EQ(nonce(), 2u);
  ASSERT_TRUE(submit(signed_by(*who_.hybrid, plain(2, keys), who_.address)));
  ASSERT_TRUE(settled());
  EXPECT_EQ(nonce(), 3u);
  EXPECT_FALSE(cluster_[0].halted);
}

TEST_F(KeysInPools, NobodySendsForAnother) {
  const auto stranger = key(Scheme::ed25519, 0x55);
  EXPECT_EQ(submit(signed_by(*stranger, plain(0, exec::kKeysAddress), who_.address)).error(),
            Error{exec::err::key_not_current});
  ASSERT_TRUE(submit(signed_by(*who_.first, plain(0, exec::kKeysAddress), who_.address)));
  ASSERT_TRUE(settled());
  EXPECT_EQ(nonce(), 1u);
}

}  // namespace
}  // namespace wusong::node

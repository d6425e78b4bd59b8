// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/account_keys.hpp"

#include <gtest/gtest.h>

#include "wusong/base/defect.hpp"
#include "wusong/codec/rlp.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/exec/internal/test_world.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::exec {
namespace {

using crypto::Scheme;
using internal::kEther;
using internal::TestWorld;
using types::Transaction;
using types::TransactionType;

std::unique_ptr<crypto::Signer> make_key(Scheme scheme, std::uint8_t seed) {
  const auto* info = crypto::find_scheme(static_cast<std::uint8_t>(scheme));
  return *crypto::make_signer(scheme, Bytes(info->secret_key_size, seed));
}
Address address_of(const crypto::Signer& key) {
  return crypto::address_of(key.scheme(), key.public_key());
}

class AccountKeys : public ::testing::Test {
 protected:
  AccountKeys() {
    world_.rules.account_keys = true;
    world_.add_account(kKeysAddress, U256{}, 1);
    world_.state.set_code(kKeysAddress, Bytes{0x00});
    world_.add_account(old_address_, U256{kEther});
  }
  /// As the contract writes it.
  void replace(const Address& account, const crypto::Signer& next, std::uint64_t sequence = 1) {
    const Hash slot = account_key_slot(account);
    world_.state.set_storage(kKeysAddress, slot, to_u256(hash::keccak256(next.public_key())));
    world_.state.set_storage(kKeysAddress, to_hash(to_u256(slot) + U256{1}),
                             U256{sequence << 8 | static_cast<std::uint64_t>(next.scheme())});
  }
  /// What becomes of a transaction that this key signs, for its own address or for another's.
  std::optional<Error> outcome_by(const crypto::Signer& key, std::optional<Address> account = {}) {
    Transaction transaction = world_.transaction_to(world_.bob);
    transaction.account = account;
    types::sign_native(transaction, key);
    return outcome(transaction);
  }
  std::optional<Error> outcome_of_ethereum() {
    Transaction transaction = world_.transaction_to(world_.bob);
    EXPECT_TRUE(types::sign(transaction, Bytes(32, 7)));
    return outcome(transaction);
  }
  std::optional<Error> outcome(Transaction& transaction) {
    const Address sender = types::recover_sender(transaction).value();
    const auto account = world_.state.account(sender);
    // Signatures cover the nonce, and execution leaves them alone: it may change here.
    transaction.nonce = account ? account->nonce : 0;
    const auto out = world_.apply(transaction, sender);
    return out ? std::nullopt : std::optional{out.error()};
  }

  TestWorld world_;
  std::unique_ptr<crypto::Signer> old_{make_key(Scheme::secp256k1, 7)};
  std::unique_ptr<crypto::Signer> hybrid_{make_key(Scheme::ed25519_ml_dsa_44, 8)};
  std::unique_ptr<crypto::Signer> pq_{make_key(Scheme::ml_dsa_44, 9)};
  Address old_address_{address_of(*old_)};
  const std::optional<Error> fine_;
  const std::optional<Error> refused_{Error{err::key_not_current}};
};

TEST_F(AccountKeys, AnAccountHasTheKeyOfItsAddressUntilItReplacesIt) {
  EXPECT_EQ(outcome_by(*old_), fine_);
  EXPECT_EQ(outcome_by(*old_, old_address_), fine_);
  EXPECT_EQ(outcome_of_ethereum(), fine_);
  EXPECT_EQ(outcome_by(*hybrid_, old_address_), refused_);
}

TEST_F(AccountKeys, TheNewKeyActsForTheOldAddressAndTheOldOneForNone) {
  replace(old_address_, *hybrid_);
  EXPECT_EQ(outcome_by(*old_), refused_);
  EXPECT_EQ(outcome_by(*old_, old_address_), refused_);
  EXPECT_EQ(outcome_of_ethereum(), refused_);
  const U256 before = world_.balance_of(old_address_);
  EXPECT_EQ(outcome_by(*hybrid_, old_address_), fine_);
  EXPECT_LT(world_.balance_of(old_address_), before);
  EXPECT_EQ(world_.state.account(old_address_)->nonce, 1u);

  replace(old_address_, *pq_, 2);
  EXPECT_EQ(outcome_by(*hybrid_, old_address_), refused_);
  EXPECT_EQ(outcome_by(*pq_, old_address_), fine_);
}

TEST_F(AccountKeys, ANewKeyStaysTheKeyOfItsOwnAddress) {
  replace(old_address_, *hybrid_);
  world_.add_account(address_of(*hybrid_), U256{kEther});
  EXPECT_EQ(outcome_by(*hybrid_), fine_);
  EXPECT_EQ(outcome_by(*hybrid_, world_.alice), refused_);
}

TEST_F(AccountKeys, TheSchemeIsPartOfTheKey) {
  // 64 bytes are a key of both schemes.
  const auto next = make_key(Scheme::sm2, 7);
  replace(old_address_, *next);
  Transaction transaction = world_.transaction_to(world_.bob);
  transaction.type = TransactionType::native;
  transaction.account = old_address_;
  transaction.public_key = to_bytes(next->public_key());
  transaction.scheme = Scheme::secp256k1;
  EXPECT_EQ(world_.apply(transaction, old_address_).error(), Error{err::key_not_current});
  transaction.scheme = Scheme::sm2;
  EXPECT_TRUE(world_.apply(transaction, old_address_));
}

TEST_F(AccountKeys, TheFirstKeyMayComeBack) {
  replace(old_address_, *old_, 2);
  EXPECT_EQ(outcome_by(*old_), fine_);
  EXPECT_EQ(outcome_of_ethereum(), fine_);
  replace(old_address_, *make_key(Scheme::secp256k1, 8), 3);
  EXPECT_EQ(outcome_of_ethereum(), refused_);
}

TEST_F(AccountKeys, AnOldKeyAuthorizesNoCode) {
  const auto delegates = [&](std::uint64_t nonce) {
    types::Authorization tuple{.chain_id = U256{world_.rules.chain_id},
                               .address = world_.bob,
                               .nonce = nonce,
                               .y_parity = {},
                               .r = {},
                               .s = {}};
    codec::RlpWriter out;
    out.open_list();
    out.number(world_.rules.chain_id);
    out.string(tuple.address);
    out.number(nonce);
    out.close_list();
    const Bytes magic{0x05};
    const auto signature =
        crypto::ecdsa_sign(hash::keccak256(magic, out.take()), Bytes(32, 7)).value();
    tuple.r = signature.r;
    tuple.s = signature.s;
    tuple.y_parity = U256{signature.y_parity};
    Transaction transaction = world_.transaction_to(world_.bob);
    transaction.type = TransactionType::set_code;
    transaction.authorizations = {tuple};
    transaction.nonce = world_.state.account(world_.alice)->nonce;
    EXPECT_TRUE(world_.apply(transaction, world_.alice));
    return world_.state.account(old_address_)->nonce == nonce + 1;
  };
  EXPECT_TRUE(delegates(0));
  replace(old_address_, *hybrid_);
  EXPECT_FALSE(delegates(1));
}

TEST_F(AccountKeys, AChainWithoutTheContractKnowsNoTransactionsForOthers) {
  world_.rules.account_keys = false;
  const std::optional<Error> unknown{Error{err::type_not_supported}};
  EXPECT_EQ(outcome_by(*hybrid_, old_address_), unknown);
  EXPECT_EQ(outcome_by(*old_, old_address_), unknown);
  EXPECT_EQ(outcome_by(*old_), fine_);
  Transaction transaction = world_.transaction_to(world_.bob);
  transaction.account = old_address_;
  types::sign_native(transaction, *hybrid_);
  EXPECT_EQ(check_static(transaction, world_.rules).error(), Error{err::type_not_supported});
}

TEST_F(AccountKeys, TheStateSaysWhichKeyItIs) {
  EXPECT_EQ(replaced_key(world_.state, old_address_), std::nullopt);
  replace(old_address_, *hybrid_);
  // A sequence that crosses a limb.
  world_.state.set_storage(kKeysAddress, to_hash(to_u256(account_key_slot(old_address_)) + U256{1}),
                           U256{3 << 8 | 6, std::uint64_t{2}, 0, 0});
  const AccountKey want{.scheme = Scheme::ed25519_ml_dsa_44,
                        .key_hash = hash::keccak256(hybrid_->public_key()),
                        .sequence = (std::uint64_t{2} << 56) + 3};
  EXPECT_EQ(replaced_key(world_.state, old_address_), want);
}

#ifdef WUSONG_DEFECTS
TEST_F(AccountKeys, ThisCheckAloneKeepsOldKeysOut) {
  replace(old_address_, *hybrid_);
  planted_defect = Defect::replaced_key_accepted;
  EXPECT_EQ(outcome_by(*old_), fine_);
  EXPECT_EQ(outcome_of_ethereum(), fine_);
  EXPECT_EQ(outcome_by(*pq_, old_address_), fine_);
  planted_defect = Defect::none;
  EXPECT_EQ(outcome_by(*old_), refused_);
}
#endif

}  // namespace
}  // namespace wusong::exec

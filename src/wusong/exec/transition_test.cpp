// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/transition.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/rlp.hpp"
#include "wusong/crypto/signature.hpp"
#include "wusong/exec/addresses.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/exec/internal/test_world.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::exec {
namespace {

using internal::address_number;
using internal::hex;
using internal::kEther;
using internal::TestWorld;
using types::Transaction;
using types::TransactionType;

// TestWorld::apply asserts that a refused transaction leaves no diff.
class Refusal : public ::testing::Test {
 protected:
  Error refuse(const Transaction& transaction) {
    const auto out = world_.apply(transaction, world_.alice);
    EXPECT_FALSE(out.has_value());
    return out ? Error{err::bad_state_test} : out.error();
  }
  Transaction plain() { return world_.transaction_to(world_.bob); }
  Transaction blob() {
    Transaction out = plain();
    out.type = TransactionType::blob;
    out.max_fee_per_blob_gas = U256{1};
    out.blob_hashes.resize(1);
    out.blob_hashes[0].bytes[0] = 1;
    return out;
  }
  TestWorld world_;
};

TEST_F(Refusal, NonceMustBeTheAccounts) {
  world_.add_account(world_.alice, U256{kEther}, 5);
  Transaction transaction = plain();
  transaction.nonce = 4;
  EXPECT_EQ(refuse(transaction), Error{err::nonce_too_low});
  transaction.nonce = 6;
  EXPECT_EQ(refuse(transaction), Error{err::nonce_too_high});
  transaction.nonce = 5;
  EXPECT_TRUE(world_.apply(transaction, world_.alice));
}

TEST_F(Refusal, TheLastNonceIsNeverUsed) {
  world_.add_account(world_.alice, U256{kEther}, ~0ull);
  Transaction transaction = plain();
  transaction.nonce = ~0ull;
  EXPECT_EQ(refuse(transaction), Error{err::nonce_max});
}

TEST_F(Refusal, FundsCoverTheFeeCapAndTheValueToTheLastWei) {
  Transaction transaction = plain();
  transaction.gas_limit = 21000;
  transaction.value = U256{5};
  world_.add_account(world_.alice, U256{100u * 21000 + 4});
  EXPECT_EQ(refuse(transaction), Error{err::insufficient_funds});
  world_.add_account(world_.alice, U256{100u * 21000 + 5});
  EXPECT_TRUE(world_.apply(transaction, world_.alice));
}

TEST_F(Refusal, AProductPast256BitsIsMoreThanAnyoneHas) {
  Transaction transaction = plain();
  transaction.max_fee = ~U256{};
  world_.add_account(world_.alice, ~U256{});
  EXPECT_EQ(refuse(transaction), Error{err::insufficient_funds});
  EXPECT_EQ(check_static(transaction, world_.rules).error(), Error{err::fee_overflow});
  transaction.max_fee = U256{100};
  transaction.value = ~U256{};
  EXPECT_EQ(refuse(transaction), Error{err::insufficient_funds});
}

TEST_F(Refusal, GasCoversWhatIsChargedBeforeExecution) {
  Transaction transaction = plain();
  transaction.gas_limit = 20999;
  EXPECT_EQ(refuse(transaction), Error{err::intrinsic_gas_too_low});
  transaction.data = hex("0001");  // 4 + 16, but EIP-7623's floor is 10 + 40
  transaction.gas_limit = 21019;
  EXPECT_EQ(refuse(transaction), Error{err::intrinsic_gas_too_low});
  transaction.gas_limit = 21049;
  EXPECT_EQ(refuse(transaction), Error{err::floor_data_gas_too_low});
  world_.rules.fork = vm::Fork::cancun;
  EXPECT_TRUE(world_.apply(transaction, world_.alice));
}

TEST_F(Refusal, TheBlockHasRoomForTheGasLimit) {
  Transaction transaction = plain();
  transaction.gas_limit = world_.block.gas_limit + 1;
  EXPECT_EQ(refuse(transaction), Error{err::block_gas_exceeded});
  world_.block.gas_limit = ~0ull;
  transaction.max_fee = U256{7};
  transaction.max_priority_fee = U256{};
  transaction.gas_limit = 1ull << 63;
  world_.add_account(world_.alice, ~U256{});
  EXPECT_EQ(refuse(transaction), Error{err::block_gas_exceeded});
}

TEST_F(Refusal, FeesMakeSense) {
  Transaction transaction = plain();
  transaction.max_fee = U256{6};
  EXPECT_EQ(refuse(transaction), Error{err::fee_below_base_fee});
  transaction.max_fee = U256{7};
  transaction.max_priority_fee = U256{8};
  EXPECT_EQ(refuse(transaction), Error{err::tip_above_fee_cap});
}

TEST_F(Refusal, CodeSendsNothingUnlessItDelegates) {
  world_.state.set_code(world_.alice, hex("00"));
  EXPECT_EQ(refuse(plain()), Error{err::sender_not_eoa});
  Bytes designator = hex("ef0100");
  append(designator, world_.bob);
  world_.state.set_code(world_.alice, designator);
  world_.rules.fork = vm::Fork::cancun;
  EXPECT_EQ(refuse(plain()), Error{err::sender_not_eoa});
  world_.rules.fork = vm::Fork::prague;
  EXPECT_TRUE(world_.apply(plain(), world_.alice));
}

TEST_F(Refusal, InitCodeHasALimitFromShanghaiOn) {
  Transaction transaction = world_.transaction_to({});
  transaction.gas_limit = 3'000'000;
  transaction.data.resize(49153);
  EXPECT_EQ(refuse(transaction), Error{err::initcode_too_large});
  transaction.data.resize(49152);
  EXPECT_TRUE(world_.apply(transaction, world_.alice));
}

TEST_F(Refusal, TypesComeWithTheirForks) {
  world_.rules.fork = vm::Fork::berlin;
  EXPECT_EQ(refuse(plain()), Error{err::type_not_supported});
  world_.rules.fork = vm::Fork::shanghai;
  EXPECT_EQ(refuse(blob()), Error{err::type_not_supported});
  world_.rules.fork = vm::Fork::cancun;
  Transaction transaction = plain();
  transaction.type = TransactionType::set_code;
  transaction.authorizations.resize(1);
  EXPECT_EQ(refuse(transaction), Error{err::type_not_supported});
}

TEST_F(Refusal, TheChainIsTheOneSignedFor) {
  Transaction transaction = plain();
  transaction.chain_id = 2;
  EXPECT_EQ(refuse(transaction), Error{err::wrong_chain_id});
  EXPECT_EQ(check_static(transaction, world_.rules).error(), Error{err::wrong_chain_id});
}

TEST_F(Refusal, OsakaCapsTheGasOfATransaction) {
  world_.rules.fork = vm::Fork::osaka;
  Transaction transaction = plain();
  transaction.gas_limit = (1 << 24) + 1;
  EXPECT_EQ(refuse(transaction), Error{err::gas_limit_too_high});
  EXPECT_EQ(check_static(transaction, world_.rules).error(), Error{err::gas_limit_too_high});
  transaction.gas_limit = 1 << 24;
  EXPECT_TRUE(world_.apply(transaction, world_.alice));
}

TEST_F(Refusal, BlobsFollowTheirRules) {
  Transaction transaction = blob();
  transaction.to.reset();
  EXPECT_EQ(refuse(transaction), Error{err::blob_create});
  transaction = blob();
  transaction.blob_hashes.clear();
  EXPECT_EQ(refuse(transaction), Error{err::blob_missing});
  transaction = blob();
  transaction.blob_hashes[0].bytes[0] = 2;
  EXPECT_EQ(refuse(transaction), Error{err::blob_bad_version});
  transaction = blob();
  transaction.blob_hashes.resize(10, transaction.blob_hashes[0]);
  EXPECT_EQ(refuse(transaction), Error{err::blob_too_many});
  transaction.blob_hashes.resize(7);
  world_.rules.fork = vm::Fork::osaka;
  EXPECT_EQ(refuse(transaction), Error{err::blob_too_many});
  transaction = blob();
  world_.block.blob_base_fee = U256{2};
  EXPECT_EQ(refuse(transaction), Error{err::blob_fee_too_low});
  world_.block.blob_base_fee = U256{1};
  EXPECT_TRUE(world_.apply(transaction, world_.alice));
  world_.block.max_blobs = 0;  // as on this chain
  transaction.nonce = 1;
  EXPECT_EQ(refuse(transaction), Error{err::blob_too_many});
}

TEST_F(Refusal, SetCodeNeedsARecipientAndAList) {
  Transaction transaction = plain();
  transaction.type = TransactionType::set_code;
  EXPECT_EQ(refuse(transaction), Error{err::set_code_empty});
  transaction.authorizations.resize(1);
  transaction.to.reset();
  EXPECT_EQ(refuse(transaction), Error{err::set_code_create});
}

TEST_F(Refusal, PermissionsNameWhoMayTransactAndDeploy) {
  world_.rules.permissions.transact.only.emplace();
  EXPECT_EQ(refuse(plain()), Error{err::sender_not_permitted});
  world_.rules.permissions.transact.only->insert(world_.alice);
  world_.rules.permissions.deploy.only.emplace();
  EXPECT_EQ(refuse(world_.transaction_to({}, "00")), Error{err::deployment_not_permitted});
  EXPECT_TRUE(world_.apply(plain(), world_.alice));
}

TEST(Transition, ACreateInsideACallNeedsTheOriginsPermissionToDeploy) {
  TestWorld world;
  // sstore(0, create(0, 0, 0)), and sstore(1, 1) to show that it went on
  const Address factory = world.add_contract(9, "600060006000f060005560016001550000");
  world.rules.permissions.deploy.only.emplace();
  const Transaction transaction = world.transaction_to(factory);
  ASSERT_TRUE(world.apply(transaction, world.alice)->success());
  EXPECT_TRUE(world.state.storage(factory, Hash{}).is_zero());
  EXPECT_EQ(world.state.storage(factory, to_hash(U256{1})), U256{1});
  EXPECT_EQ(world.state.account(factory)->nonce, 1u);
  world.rules.permissions.deploy.only->insert(world.bob);
  ASSERT_TRUE(world.apply(transaction, world.bob)->success());
  EXPECT_EQ(world.state.storage(factory, Hash{}), to_u256(create_address(factory, 1)));
}

TEST(Transition, TheTipGoesToTheCoinbaseAndTheBaseFeeIsBurnt) {
  TestWorld world;
  Transaction transaction = world.transaction_to(world.bob);
  transaction.value = U256{11};
  const auto out = world.apply(transaction, world.alice);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->gas_used, 21000u);
  EXPECT_EQ(out->effective_gas_price, U256{10});
  EXPECT_EQ(world.balance_of(world.alice), U256{kEther - 11 - 210000});
  EXPECT_EQ(world.balance_of(world.bob), U256{kEther + 11});
  EXPECT_EQ(world.balance_of(world.block.coinbase), U256{1 + 63000});
  EXPECT_EQ(world.state.account(world.alice)->nonce, 1u);
}

TEST(Transition, BlobFeesAreBurntAsWell) {
  TestWorld world;
  Transaction transaction = world.transaction_to(world.bob);
  transaction.type = TransactionType::blob;
  transaction.max_fee_per_blob_gas = U256{50};
  transaction.blob_hashes.resize(2);
  for (Hash& hash : transaction.blob_hashes) hash.bytes[0] = 1;
  world.block.blob_base_fee = U256{5};
  ASSERT_TRUE(world.apply(transaction, world.alice));
  EXPECT_EQ(world.balance_of(world.alice), U256{kEther - 210000 - 2 * 131072 * 5});
}

TEST(Transition, AFailedTransactionPaysAndChangesNothingElse) {
  TestWorld world;
  const Address contract = world.add_contract(9, "6001600055fe");
  Transaction transaction = world.transaction_to(contract);
  transaction.value = U256{5};
  const auto out = world.apply(transaction, world.alice);
  ASSERT_TRUE(out);
  EXPECT_FALSE(out->success());
  EXPECT_EQ(out->gas_used, transaction.gas_limit);
  EXPECT_TRUE(world.state.storage(contract, Hash{}).is_zero());
  EXPECT_TRUE(world.balance_of(contract).is_zero());
  EXPECT_EQ(world.state.account(world.alice)->nonce, 1u);
}

TEST(Transition, ClearingAStorageSlotIsRefundedUpToAFifth) {
  TestWorld world;
  const Address contract = world.add_contract(9, "6000600055");
  world.state.set_storage(contract, Hash{}, U256{1});
  const auto out = world.apply(world.transaction_to(contract), world.alice);
  ASSERT_TRUE(out);
  // 21000 + 3 + 3 + 5000, less 4800
  EXPECT_EQ(out->gas_refunded, 4800u);
  EXPECT_EQ(out->gas_used, 21206u);
}

TEST(Transition, TheFloorOfCallDataIsPaidAfterRefunds) {
  TestWorld world;
  Transaction transaction = world.transaction_to(world.bob);
  transaction.data = Bytes(100, 1);
  EXPECT_EQ(world.apply(transaction, world.alice)->gas_used, 21000u + 100 * 40);
  world.rules.fork = vm::Fork::cancun;
  transaction.nonce = 1;
  EXPECT_EQ(world.apply(transaction, world.alice)->gas_used, 21000u + 100 * 16);
}

TEST(Transition, ACreatedContractHasItsCodeAndNonceOne) {
  TestWorld world;
  // Returns one byte, 0x5b, as the code.
  const auto out = world.apply(world.transaction_to({}, "605b60005360016000f3"), world.alice);
  ASSERT_TRUE(out);
  ASSERT_TRUE(out->success());
  EXPECT_EQ(out->contract_address, create_address(world.alice, 0));
  const auto account = world.state.account(*out->contract_address);
  ASSERT_TRUE(account);
  EXPECT_EQ(account->nonce, 1u);
  EXPECT_EQ(world.state.code(account->code_hash), hex("5b"));
}

TEST(Transition, CodeThatStartsWithEfIsNotDeployed) {
  TestWorld world;
  const auto out = world.apply(world.transaction_to({}, "60ef60005360016000f3"), world.alice);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->status, vm::Status::contract_validation_failure);
  EXPECT_FALSE(world.state.account(*out->contract_address));
}

TEST(Transition, AnAccountMadeAndDestroyedInOneTransactionIsGone) {
  TestWorld world;
  Transaction transaction = world.transaction_to({}, "33ff");  // selfdestruct(caller)
  transaction.value = U256{9};
  const auto out = world.apply(transaction, world.alice);
  ASSERT_TRUE(out->success());
  EXPECT_FALSE(world.state.account(*out->contract_address));
  EXPECT_EQ(world.balance_of(world.alice), U256{kEther - out->gas_used * 10});
}

TEST(Transition, AnOlderContractOnlySendsItsBalanceFromCancunOn) {
  for (const auto fork : {vm::Fork::shanghai, vm::Fork::cancun}) {
    TestWorld world;
    world.rules.fork = fork;
    const Address contract = world.add_contract(9, "33ff");
    ASSERT_TRUE(world.apply(world.transaction_to(contract), world.alice)->success());
    EXPECT_EQ(world.state.account(contract).has_value(), fork == vm::Fork::cancun);
  }
}

class SetCode : public ::testing::Test {
 protected:
  SetCode() : secret_(32, 0x42) {
    const auto signer = crypto::make_signer(crypto::Scheme::secp256k1, secret_);
    authority_ = crypto::address_of(crypto::Scheme::secp256k1, (*signer)->public_key());
  }

  types::Authorization authorize(const Address& delegate, std::uint64_t nonce,
                                 std::uint64_t chain_id = 1) {
    types::Authorization out;
    out.chain_id = U256{chain_id};
    out.address = delegate;
    out.nonce = nonce;
    codec::RlpWriter preimage;
    preimage.open_list();
    preimage.number(chain_id);
    preimage.string(delegate);
    preimage.number(nonce);
    preimage.close_list();
    Bytes message{5};
    append(message, preimage.take());
    const auto signature = crypto::ecdsa_sign(hash::keccak256(message), secret_);
    out.y_parity = U256{signature->y_parity};
    out.r = signature->r;
    out.s = signature->s;
    return out;
  }
  Result<TransactionOutcome> send(std::vector<types::Authorization> list) {
    Transaction transaction = world_.transaction_to(authority_);
    transaction.type = TransactionType::set_code;
    transaction.authorizations = std::move(list);
    transaction.nonce = nonce_++;
    return world_.apply(transaction, world_.alice);
  }

  Bytes secret_;
  Address authority_;
  TestWorld world_;
  std::uint64_t nonce_{0};
};

TEST_F(SetCode, TheAuthorityRunsItsDelegatesCode) {
  const Address delegate = world_.add_contract(9, "6001600055");
  const auto out = send({authorize(delegate, 0)});
  ASSERT_TRUE(out && out->success());
  const auto account = world_.state.account(authority_);
  ASSERT_TRUE(account);
  EXPECT_EQ(account->nonce, 1u);
  Bytes designator = hex("ef0100");
  append(designator, delegate);
  EXPECT_EQ(world_.state.code(account->code_hash), designator);
  EXPECT_EQ(world_.state.storage(authority_, Hash{}), U256{1});
  EXPECT_TRUE(world_.state.storage(delegate, Hash{}).is_zero());
  // The zero address takes it back.
  ASSERT_TRUE(send({authorize(Address{}, 1)}));
  EXPECT_EQ(world_.state.account(authority_)->code_hash, hash::kKeccakEmpty);
  EXPECT_EQ(world_.state.account(authority_)->nonce, 2u);
}

TEST_F(SetCode, AKnownAuthorityIsRefundedTheNewAccount) {
  const auto unknown = send({authorize(address_number(9), 0)});
  const auto known = send({authorize(address_number(9), 1)});
  ASSERT_TRUE(unknown && known);
  EXPECT_EQ(unknown->gas_refunded, 0u);
  EXPECT_EQ(known->gas_refunded, (21000u + 25000) / 5);  // 12500, capped at a fifth
}

TEST_F(SetCode, AnAuthorizationThatDoesNotFitIsSkipped) {
  const auto changes = [&](types::Authorization authorization) {
    const auto out = send({authorization});
    EXPECT_TRUE(out && out->success());
    return world_.state.account(authority_).has_value();
  };
  EXPECT_FALSE(changes(authorize(address_number(9), 1)));      // nonce
  EXPECT_FALSE(changes(authorize(address_number(9), 0, 2)));   // chain
  EXPECT_FALSE(changes(authorize(address_number(9), ~0ull)));  // nonce at its end
  auto forged = authorize(address_number(9), 0);
  forged.y_parity = U256{2};
  EXPECT_FALSE(changes(forged));
  EXPECT_TRUE(changes(authorize(address_number(9), 0, 0)));  // any chain
}

TEST_F(SetCode, AnAccountWithCodeOfItsOwnCannotDelegate) {
  world_.state.set_account(authority_, {});
  world_.state.set_code(authority_, hex("00"));
  ASSERT_TRUE(send({authorize(address_number(9), 0)}));
  EXPECT_EQ(world_.state.code(world_.state.account(authority_)->code_hash), hex("00"));
}

TEST(BlobBaseFee, FollowsTheExponential) {
  EXPECT_EQ(blob_base_fee(0, 3338477), U256{1});
  EXPECT_EQ(blob_base_fee(2314057, 3338477), U256{1});
  EXPECT_EQ(blob_base_fee(2314058, 3338477), U256{2});  // EIP-4844's own example
  EXPECT_EQ(blob_base_fee(10 * 1024 * 1024, 3338477), U256{23});
}

TEST(Errors, SpeakAsEthereumsToolsExpect) {
  EXPECT_EQ(text_of(err::nonce_too_low), "nonce too low");
  EXPECT_EQ(text_of(err::insufficient_funds), "insufficient funds for gas * price + value");
}

}  // namespace
}  // namespace wusong::exec

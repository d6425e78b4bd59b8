// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/call.hpp"

#include <gtest/gtest.h>

#include "wusong/exec/errors.hpp"
#include "wusong/exec/internal/test_world.hpp"

namespace wusong::exec {
namespace {

using internal::address_number;
using internal::hex;
using internal::TestWorld;

class Call : public ::testing::Test {
 protected:
  Result<TransactionOutcome> run(const CallOptions& options = {}) {
    return call(world_.state, world_.block, world_.rules, request_, options);
  }
  Result<GasEstimate> estimate(const CallOptions& options = {}) {
    return estimate_gas(world_.state, world_.block, world_.rules, request_, options);
  }
  /// A contract that returns what `push` leaves on the stack.
  Address returns(std::string_view push) {
    return world_.add_contract(9, std::string{push} + "60005260206000f3");
  }
  U256 word() {
    const auto out = run();
    return out && out->output.size() == 32 ? load_be(out->output.data()) : U256{~0ull};
  }
  TestWorld world_;
  CallRequest request_;
};

TEST_F(Call, NeedsNoFundsNoNonceAndNoPermission) {
  world_.rules.permissions.transact.only.emplace();
  request_.from = address_number(0x55);
  request_.nonce = 99;
  request_.to = returns("33");  // caller
  EXPECT_EQ(word(), to_u256(address_number(0x55)));
  world_.state.set_code(address_number(0x55), hex("00"));  // nor an account without code
  EXPECT_EQ(word(), to_u256(address_number(0x55)));
}

TEST_F(Call, NeedsFundsForValueAndForAPriceThatIsNamed) {
  request_.from = address_number(0x55);
  request_.to = world_.bob;
  request_.value = U256{1};
  EXPECT_EQ(run().error(), Error{err::insufficient_funds});
  request_.value = U256{};
  request_.gas_price = U256{7};
  EXPECT_EQ(run().error(), Error{err::insufficient_funds});
  request_.gas_price = U256{6};
  EXPECT_EQ(run().error(), Error{err::fee_below_base_fee});
}

TEST_F(Call, ShowsABaseFeeOfZeroUnlessAPriceIsNamed) {
  request_.to = returns("48");  // basefee
  EXPECT_TRUE(word().is_zero());
  request_.from = world_.alice;
  request_.max_fee = U256{50};
  EXPECT_EQ(word(), U256{7});
}

TEST_F(Call, HasTheGasAskedForUpToTheCap) {
  request_.to = returns("5a");  // gas
  CallOptions options;
  options.gas_cap = 100'000;
  EXPECT_EQ(load_be(run(options)->output.data()), U256{100'000 - 21000 - 2});
  request_.gas = 50'000;
  EXPECT_EQ(load_be(run(options)->output.data()), U256{50'000 - 21000 - 2});
  request_.gas = 200'000;
  EXPECT_EQ(load_be(run(options)->output.data()), U256{100'000 - 21000 - 2});
  request_.gas = 20'000;
  EXPECT_EQ(run(options).error(), Error{err::intrinsic_gas_too_low});
}

TEST_F(Call, SeesTheStateAsOverridden) {
  request_.to = address_number(0x66);
  CallOptions options;
  AccountOverride& change = options.state[address_number(0x66)];
  change.code = hex("600054470160005260206000f3");  // sload(0) + selfbalance
  change.balance = U256{5};
  change.state_diff.emplace();
  (*change.state_diff)[Hash{}] = U256{30};
  EXPECT_EQ(load_be(run(options)->output.data()), U256{35});
  change.state.emplace();
  EXPECT_EQ(run(options).error(), Error{err::override_conflict});
  change.state_diff.reset();
  EXPECT_EQ(load_be(run(options)->output.data()), U256{5});
}

TEST_F(Call, AReplacedStorageHidesTheOldAndADiffDoesNot) {
  const Address contract = returns("600154");
  world_.state.set_storage(contract, to_hash(U256{1}), U256{8});
  request_.to = contract;
  EXPECT_EQ(word(), U256{8});
  CallOptions options;
  options.state[contract].state_diff.emplace();
  EXPECT_EQ(load_be(run(options)->output.data()), U256{8});
  options.state[contract].state_diff.reset();
  options.state[contract].state.emplace();
  EXPECT_TRUE(load_be(run(options)->output.data()).is_zero());
}

TEST_F(Call, SeesTheBlockAsOverridden) {
  request_.to = returns("43420144014501");  // number + timestamp + prevrandao + gaslimit
  CallOptions options;
  options.block.number = 1;
  options.block.timestamp = 20;
  options.block.prev_randao = to_hash(U256{300});
  options.block.gas_limit = 4000;
  EXPECT_EQ(load_be(run(options)->output.data()), U256{4321});
}

TEST_F(Call, ChangesNothing) {
  const Hash before = world_.state.root();
  request_.from = world_.alice;
  request_.to = world_.add_contract(9, "6001600055");
  const Hash with_contract = world_.state.root();
  EXPECT_NE(before, with_contract);
  EXPECT_TRUE(run()->success());
  EXPECT_EQ(world_.state.root(), with_contract);
}

TEST_F(Call, ARevertIsAnOutcomeWithItsReason) {
  // mstore(0, selector << 224); mstore(4, 32); mstore(36, 2); mstore(68, "no" << 240)
  request_.to = world_.add_contract(9,
                                    "6308c379a060e01b6000526020600452600260245261"
                                    "6e6f60f01b60445260646000fd");
  const auto out = run();
  ASSERT_TRUE(out);
  EXPECT_EQ(out->status, vm::Status::revert);
  EXPECT_EQ(failure_text(*out), "execution reverted: no");
}

TEST(RevertReason, ReadsErrorsAndPanicsAndNothingElse) {
  EXPECT_EQ(revert_reason(hex("4e487b71" + std::string(62, '0') + "11")),
            "arithmetic underflow or overflow");
  EXPECT_EQ(revert_reason(hex("4e487b71" + std::string(62, '0') + "77")),
            "unknown panic code: 0x77");
  EXPECT_FALSE(revert_reason({}));
  EXPECT_FALSE(revert_reason(hex("4e487b71")));
  EXPECT_FALSE(revert_reason(hex("08c379a0")));
  // An offset and a size that point outside.
  EXPECT_FALSE(revert_reason(hex("08c379a0" + std::string(64, 'f') + std::string(64, '0'))));
  EXPECT_FALSE(
      revert_reason(hex("08c379a0" + std::string(62, '0') + "20" + std::string(62, '0') + "01")));
  EXPECT_FALSE(revert_reason(hex("deadbeef" + std::string(128, '0'))));
}

TEST_F(Call, APlainTransferIsEstimatedAt21000) {
  request_.from = world_.alice;
  request_.to = world_.bob;
  request_.value = U256{1};
  EXPECT_EQ(estimate()->gas, 21000u);
}

TEST_F(Call, AnEstimateSufficesAndMuchLessDoesNot) {
  // Needs more than it uses: a call that insists on 100,000 gas being there, then a store.
  request_.from = world_.alice;
  request_.to = world_.add_contract(9, "5a620186a010600d57600080fd5b6001600055");
  const auto out = estimate();
  ASSERT_TRUE(out && out->gas);
  request_.gas = *out->gas;
  EXPECT_TRUE(run()->success());
  request_.gas = *out->gas * 98 / 100;
  EXPECT_FALSE(run()->success());
}

TEST_F(Call, AnEstimateOfWhatAlwaysFailsSaysHowItFails) {
  request_.to = world_.add_contract(9, "60aa60005260206000fd");
  const auto out = estimate();
  ASSERT_TRUE(out);
  EXPECT_FALSE(out->gas);
  EXPECT_EQ(out->outcome.status, vm::Status::revert);
  EXPECT_EQ(out->outcome.output.size(), 32u);
}

TEST_F(Call, AnEstimateIsBoundedByWhatTheSenderCanPay) {
  world_.add_account(address_number(0x55), U256{30'000 * 10});
  request_.from = address_number(0x55);
  request_.gas_price = U256{10};
  request_.to = world_.add_contract(9, "6001600055");
  EXPECT_EQ(estimate().error(), Error{err::gas_required_exceeds_allowance});
  request_.value = U256{300'001};
  EXPECT_EQ(estimate().error(), Error{err::insufficient_funds});
}

TEST_F(Call, AnAccessListNamesSlotsAndOtherAccounts) {
  // sload(5); extcodesize(0x..bb); balance of the sha256 precompile
  request_.from = world_.alice;
  request_.to =
      world_.add_contract(9, "600554507300000000000000000000000000000000000000bb3b50600231500000");
  const auto out = create_access_list(world_.state, world_.block, world_.rules, request_);
  ASSERT_TRUE(out);
  ASSERT_EQ(out->access_list.size(), 2u);
  Address other;
  other.bytes[19] = 0xbb;
  EXPECT_EQ(out->access_list[0].address, other);
  EXPECT_TRUE(out->access_list[0].storage_keys.empty());
  EXPECT_EQ(out->access_list[1].address, *request_.to);
  EXPECT_EQ(out->access_list[1].storage_keys, std::vector<Hash>{to_hash(U256{5})});
  EXPECT_EQ(out->status, vm::Status::success);
}

TEST(DiffView, ShowsTheStateAfterADiff) {
  TestWorld world;
  const Address contract = world.add_contract(9, "00");
  world.state.set_storage(contract, to_hash(U256{1}), U256{8});
  types::StateDiff diff;
  diff.accounts[world.alice].after = std::nullopt;
  types::AccountChange& change = diff.accounts[contract];
  change.after = world.state.account(contract);
  change.slots[to_hash(U256{2})] = U256{3};
  DiffView view{world.state, diff};
  EXPECT_FALSE(view.account(world.alice));
  EXPECT_TRUE(view.account(world.bob));
  EXPECT_EQ(view.storage(contract, to_hash(U256{1})), U256{8});
  EXPECT_EQ(view.storage(contract, to_hash(U256{2})), U256{3});
  change.storage_cleared = true;
  EXPECT_TRUE(view.storage(contract, to_hash(U256{1})).is_zero());
}

}  // namespace
}  // namespace wusong::exec

// SPDX-License-Identifier: Apache-2.0
// Property: whatever code runs, money is neither made nor lost but for the base fee and what dies
// with a contract, tracing changes nothing, and a failed transaction leaves only its fee.
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/exec/internal/test_world.hpp"

namespace {

using namespace wusong;
using exec::Journal;
using exec::TransactionOutcome;
using exec::internal::address_number;
using exec::internal::TestWorld;

class StepCounter final : public vm::Tracer {
 public:
  bool wants_steps() const noexcept override { return true; }
};

struct Outcome {
  TransactionOutcome transaction;
  types::StateDiff diff;
  bool burns{false};  // something was destroyed with money in it
};

Outcome run(TestWorld& world, const types::Transaction& transaction, vm::Tracer* tracer) {
  Journal journal{world.state};
  auto out = exec::apply_transaction(world.machine, journal, world.block, world.rules, transaction,
                                     world.alice, world.block.gas_limit, {.tracer = tracer});
  WUSONG_ASSERT(out.has_value());
  Outcome result;
  result.transaction = *std::move(out);
  for (const Journal::Entry& entry : journal.entries()) {
    result.burns = result.burns || journal.destroyed_now(entry);
  }
  journal.finish_transaction();
  result.diff = journal.diff();
  return result;
}

U256 total(const state::MemoryState& state) {
  U256 sum;
  for (const auto& [address, entry] : state.entries()) sum += entry.account.balance;
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  TestWorld world;
  world.rules.fork = static_cast<vm::Fork>(data[0] % vm::kForkCount);
  if (world.rules.fork < vm::Fork::london) world.block.base_fee = {};
  const BytesView rest{data + 2, size - 2};
  const std::size_t half = rest.size() / 2;
  const Address first = world.add_contract(9, "");
  const Address second = world.add_contract(10, "");
  world.state.set_code(first, rest.first(half));
  world.state.set_code(second, rest.subspan(half));
  types::Transaction transaction = world.transaction_to(first);
  transaction.type = types::TransactionType::access_list;
  transaction.max_priority_fee = transaction.max_fee;
  transaction.gas_limit = 200'000;
  transaction.value = U256{1000};
  if ((data[1] & 1) != 0) {
    transaction.to.reset();
    transaction.data = to_bytes(rest.first(half));
    transaction.gas_limit = 2'000'000;
  }
  const U256 before = total(world.state);
  const Outcome plain = run(world, transaction, nullptr);
  StepCounter counter;
  const Outcome traced = run(world, transaction, &counter);
  WUSONG_ASSERT(plain.transaction.gas_used == traced.transaction.gas_used);
  WUSONG_ASSERT(plain.transaction.output == traced.transaction.output);
  WUSONG_ASSERT(plain.transaction.logs == traced.transaction.logs);
  WUSONG_ASSERT(plain.diff.accounts.size() == traced.diff.accounts.size());

  state::MemoryState after = world.state;
  after.apply(plain.diff);
  state::MemoryState other = world.state;
  other.apply(traced.diff);
  WUSONG_ASSERT(after.root() == other.root());
  const U256 burnt = world.block.base_fee * U256{plain.transaction.gas_used};
  if (!plain.burns) WUSONG_ASSERT(total(after) + burnt == before);
  if (!plain.transaction.success()) {
    // The sender and the coinbase, and nobody else.
    WUSONG_ASSERT(plain.diff.accounts.size() == 2);
    WUSONG_ASSERT(plain.transaction.logs.empty());
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// A block of one kind of transaction, from an open state to its diff: what execution costs a core.
#include <benchmark/benchmark.h>

#include "wusong/exec/execute.hpp"
#include "wusong/exec/internal/test_world.hpp"
#include "wusong/hash/hash.hpp"

namespace wusong::exec {
namespace {

using internal::hex;

constexpr std::uint32_t kTransactions = 2000;

// transfer(address,uint256) of an ERC-20 token whose balances are a mapping in slot 0: checks the
// selector and the balance, moves it, logs Transfer, returns true.
constexpr std::string_view kToken =
    "5f3560e01c8063a9059cbb146012575f5ffd5b335f525f60205260405f208054602435818111607157809103825560"
    "04355f5260405f20805482019055805f52600435337fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628"
    "f55a4df523b3ef60205fa360015f5260205ff35b5f5ffd";

/// A state whose reads cost one look-up, so that the journal and the machine are what is measured.
class FlatState final : public types::StateView {
 public:
  std::optional<types::Account> account(const Address& address) override {
    const auto found = accounts.find(address);
    return found == accounts.end() ? std::nullopt : std::optional{found->second};
  }
  U256 storage(const Address& /*address*/, const Hash& slot) override {
    const auto found = slots.find(slot);
    return found == slots.end() ? U256{} : found->second;
  }
  Bytes code(const Hash& /*hash*/) override { return token; }
  std::optional<Error> error() const override { return std::nullopt; }

  HashMap<Address, types::Account> accounts;
  HashMap<Hash, U256> slots;  // of the only contract
  Bytes token;
};

Address holder(std::uint32_t number) {
  Address out;
  out.bytes[0] = 0xaa;
  for (std::size_t i = 0; i < 4; ++i) {
    out.bytes[16 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  }
  return out;
}

/// The slot of a holder's balance.
Hash balance_slot(const Address& address) {
  Bytes preimage(64);
  std::copy(address.bytes.begin(), address.bytes.end(), preimage.begin() + 12);
  return hash::keccak256(preimage);
}

struct Workload {
  FlatState state;
  types::Block block;
  std::vector<Address> senders;
  BlockContext context;
  ChainRules rules;

  explicit Workload(bool token) {
    Address contract;
    contract.bytes[0] = 0xbb;
    state.token = hex(kToken);
    types::Account account;
    account.nonce = 1;
    account.code_hash = hash::keccak256(state.token);
    state.accounts[contract] = account;
    context.gas_limit = ~0ull;
    context.coinbase.bytes[0] = 0xcc;
    for (std::uint32_t i = 0; i < kTransactions; ++i) {
      types::Account person;
      person.balance = U256{1'000'000'000'000'000'000};
      state.accounts[holder(i)] = person;
      state.slots[balance_slot(holder(i))] = U256{1000};
      const Address to = holder(kTransactions / 2 + i);  // half of them are new
      types::Transaction& transaction = block.transactions.emplace_back();
      transaction.type = types::TransactionType::dynamic_fee;
      transaction.gas_limit = 100'000;
      if (token) {
        transaction.to = contract;
        transaction.data = hex("a9059cbb");
        transaction.data.resize(16);
        append(transaction.data, to);
        append(transaction.data, to_hash(U256{7}));
      } else {
        transaction.to = to;
        transaction.value = U256{7};
      }
      senders.push_back(holder(i));
    }
  }
};

void run(benchmark::State& state, bool token) {
  Workload work{token};
  vm::Interpreter machine;
  for (auto _ : state) {
    auto out =
        execute_block(work.block, work.senders, work.state, work.context, work.rules, &machine);
    if (!out || !out->receipts.back().success) state.SkipWithError("a transfer failed");
    benchmark::DoNotOptimize(out);
  }
  state.SetItemsProcessed(state.iterations() * kTransactions);
}

void execute_tokens(benchmark::State& state) {
  run(state, true);
}
void execute_coins(benchmark::State& state) {
  run(state, false);
}
BENCHMARK(execute_tokens)->Name("exec/execute_block/workload:erc20,transactions:2000");
BENCHMARK(execute_coins)->Name("exec/execute_block/workload:coin,transactions:2000");

}  // namespace
}  // namespace wusong::exec

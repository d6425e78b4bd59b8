// SPDX-License-Identifier: Apache-2.0
// One commit per block, a few reads per transaction: what bounds execution.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "wusong/hash/hash.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/state/state_db.hpp"

namespace wusong::state {
namespace {

constexpr std::uint64_t kAccounts = 100'000;
constexpr std::uint64_t kSlots = 100'000;

std::uint64_t scramble(std::uint64_t n) {
  n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9ull;
  n = (n ^ (n >> 27)) * 0x94d049bb133111ebull;
  return n ^ (n >> 31);
}
Address address_of(std::uint64_t n) {
  Address out;
  const std::uint64_t word = scramble(n);
  std::memcpy(out.data(), &word, 8);
  return out;
}
Hash slot_of(std::uint64_t n) {
  return to_hash(U256{n});
}

/// 100,000 accounts, the first with 100,000 slots.
struct Fixture {
  io::MemorySegmentStore store;
  std::unique_ptr<StateDb> db;
  std::uint64_t height{0};
  std::uint64_t counter{0};

  explicit Fixture(std::uint64_t history = 100) {
    db = *StateDb::open(store, {.history = history});
    types::StateDiff diff;
    for (std::uint64_t i = 0; i < kAccounts; ++i)
      diff.accounts[address_of(i)].after = types::Account{.nonce = 1, .balance = U256{1'000'000}};
    for (std::uint64_t i = 0; i < kSlots; ++i)
      diff.accounts[address_of(0)].slots[slot_of(i)] = U256{i + 1};
    if (!db->commit(Height{0}, diff)) std::abort();
  }
  types::StateDiff accounts(std::uint64_t count) {
    types::StateDiff diff;
    for (std::uint64_t i = 0; i < count; ++i) {
      ++counter;
      diff.accounts[address_of(scramble(counter) % kAccounts)].after =
          types::Account{.nonce = counter, .balance = U256{counter}};
    }
    return diff;
  }
  types::StateDiff slots(std::uint64_t count) {
    types::StateDiff diff;
    auto& change = diff.accounts[address_of(0)];
    change.after = types::Account{.nonce = 1, .balance = U256{5}};
    for (std::uint64_t i = 0; i < count; ++i) {
      ++counter;
      change.slots[slot_of(scramble(counter) % kSlots)] = U256{counter};
    }
    return diff;
  }
  void commit(const types::StateDiff& diff) {
    if (!db->commit(Height{++height}, diff)) std::abort();
  }
};

void commit_accounts(benchmark::State& state) {
  Fixture fixture;
  const auto count = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const auto diff = fixture.accounts(count);
    state.ResumeTiming();
    fixture.commit(diff);
    bytes += fixture.db->stats().appended_bytes_last;
  }
  state.counters["bytes_per_commit"] =
      static_cast<double>(bytes) / static_cast<double>(state.iterations());
}
BENCHMARK(commit_accounts)
    ->Name("state/commit/accounts:100k/changed")
    ->Arg(1)
    ->Arg(100)
    ->Arg(2000)
    ->Unit(benchmark::kMicrosecond);

void commit_slots(benchmark::State& state) {
  Fixture fixture;
  for (auto _ : state) {
    state.PauseTiming();
    const auto diff = fixture.slots(static_cast<std::uint64_t>(state.range(0)));
    state.ResumeTiming();
    fixture.commit(diff);
  }
}
BENCHMARK(commit_slots)
    ->Name("state/commit/slots:100k/changed")
    ->Arg(2000)
    ->Unit(benchmark::kMicrosecond);

void read_account(benchmark::State& state) {
  Fixture fixture;
  fixture.commit({});
  const auto view = *fixture.db->view(Height{fixture.height});
  const auto spread = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t i = 0;
  for (auto _ : state) {
    auto account = view->account(address_of(i++ % spread));
    benchmark::DoNotOptimize(account);
  }
}
BENCHMARK(read_account)->Name("state/read_account/of:100k/touched")->Arg(100)->Arg(100'000);

void read_slot(benchmark::State& state) {
  Fixture fixture;
  fixture.commit({});
  const auto view = *fixture.db->view(Height{fixture.height});
  const auto spread = static_cast<std::uint64_t>(state.range(0));
  const Address address = address_of(0);
  std::uint64_t i = 0;
  for (auto _ : state) {
    auto value = view->storage(address, slot_of(i++ % spread));
    benchmark::DoNotOptimize(value);
  }
}
BENCHMARK(read_slot)->Name("state/read_slot/of:100k/touched")->Arg(100)->Arg(100'000);

void prove_account(benchmark::State& state) {
  Fixture fixture;
  std::uint64_t i = 0;
  for (auto _ : state) {
    auto proof = fixture.db->proof(Height{0}, address_of(i++ % kAccounts), {});
    benchmark::DoNotOptimize(proof);
  }
}
BENCHMARK(prove_account)->Name("state/prove_account/of:100k");

}  // namespace
}  // namespace wusong::state

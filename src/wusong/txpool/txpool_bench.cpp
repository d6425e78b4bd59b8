// SPDX-License-Identifier: Apache-2.0
// A node under load admits every transaction once and builds a block several times a second.
#include <benchmark/benchmark.h>

#include "wusong/txpool/internal/test_pool.hpp"

namespace wusong::txpool {
namespace {

using testing_pool::Accounts;
using testing_pool::kRules;
using testing_pool::make;

std::vector<Candidate> candidates(std::size_t count, std::uint32_t senders) {
  std::vector<Candidate> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(make(static_cast<std::uint32_t>(i % senders), i / senders));
  return out;
}

void add(benchmark::State& state) {
  const auto batch = candidates(100'000, static_cast<std::uint32_t>(state.range(0)));
  const Accounts accounts;
  for (auto _ : state) {
    state.PauseTiming();
    auto copy = batch;
    auto pool = std::make_unique<Pool>(Limits{}, kRules, accounts);
    state.ResumeTiming();
    auto result = pool->add(std::move(copy), {});
    if (pool->counts().pending != batch.size()) state.SkipWithError("not all were admitted");
    state.PauseTiming();
    result = {};
    pool.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * 100'000);
}
BENCHMARK(add)
    ->Name("txpool/add/count:100000/senders")
    ->Arg(100)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);

void build(benchmark::State& state) {
  const std::uint32_t senders = static_cast<std::uint32_t>(state.range(0));
  const Accounts accounts;
  Pool pool{Limits{}, kRules, accounts};
  pool.add(candidates(200'000, senders), {});
  std::vector<NonceUpdate> in_flight;
  for (std::uint32_t who = 0; who < std::min(senders, 10'000u); ++who)
    in_flight.push_back({testing_pool::address(who), 1});
  BuildRequest request{.gas = 1ull << 40, .bytes = 1 << 30, .count = 10'000};
  if (state.range(1) != 0) request.next_nonces = in_flight;
  for (auto _ : state) {
    auto block = pool.build(request);
    if (block.size() != request.count) state.SkipWithError("the block is not full");
    benchmark::DoNotOptimize(block);
  }
  state.SetItemsProcessed(state.iterations() * 10'000);
}
BENCHMARK(build)
    ->Name("txpool/build/count:10000/pooled:200000/senders/in_flight")
    ->Args({100, 0})
    ->Args({20'000, 0})
    ->Args({20'000, 1})
    ->Unit(benchmark::kMillisecond);

void on_block(benchmark::State& state) {
  const Accounts accounts;
  const auto batch = candidates(100'000, 10'000);
  for (auto _ : state) {
    state.PauseTiming();
    auto pool = std::make_unique<Pool>(Limits{}, kRules, accounts);
    pool->add(batch, {});
    const auto block = pool->build({.gas = 1ull << 40, .bytes = 1 << 30, .count = 10'000});
    std::vector<Hash> included;
    std::vector<NonceUpdate> nonces;
    for (const PooledPtr& pooled : block) {
      included.push_back(pooled->hash);
      nonces.push_back({pooled->sender, pooled->transaction.nonce + 1});
    }
    state.ResumeTiming();
    auto changes = pool->on_block({included, nonces, kRules.block_gas_limit, {}}, {});
    benchmark::DoNotOptimize(changes);
    state.PauseTiming();
    pool.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * 10'000);
}
BENCHMARK(on_block)
    ->Name("txpool/on_block/included:10000/pooled:100000")
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wusong::txpool

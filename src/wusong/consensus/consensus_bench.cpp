// SPDX-License-Identifier: Apache-2.0
// What a block costs in bytes on the wire, whole and in slices, and the processors of all.
#include <benchmark/benchmark.h>

#include <numeric>

#include "wusong/consensus/internal/test_network.hpp"

namespace wusong::consensus {
namespace {

using internal::TestNetwork;

constexpr std::size_t kPayloadBytes = 1'000'000;

/// One block from proposal to finality at everybody. Bytes are payloads' worth: 1 is 1,000,000.
void dispersal(benchmark::State& state, bool coded) {
  const auto validators = static_cast<std::size_t>(state.range(0));
  DispersalConfig config;
  config.whole_bytes_max = coded ? 0 : kPayloadBytes * validators;
  std::vector<std::uint64_t> sent;
  for (auto _ : state) {
    state.PauseTiming();
    TestNetwork network{validators, config, kPayloadBytes};
    network.keep_records = false;
    state.ResumeTiming();
    network.propose();
    WUSONG_ASSERT(network.all_final());
    sent = network.bytes_sent;
  }
  const double leader = static_cast<double>(sent[1]);
  const double all = static_cast<double>(std::accumulate(sent.begin(), sent.end(), 0ull));
  const auto others = static_cast<double>(validators - 1);
  state.counters["leader"] = leader / kPayloadBytes;
  state.counters["other"] = (all - leader) / others / kPayloadBytes;
  state.counters["received"] = all / static_cast<double>(validators) / kPayloadBytes;
}

BENCHMARK_CAPTURE(dispersal, whole, false)
    ->Name("consensus/block_whole")
    ->ArgName("n")
    ->Arg(4)
    ->Arg(10)
    ->Arg(31)
    ->Arg(100)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(dispersal, coded, true)
    ->Name("consensus/block_coded")
    ->ArgName("n")
    ->Arg(4)
    ->Arg(10)
    ->Arg(31)
    ->Arg(100)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wusong::consensus

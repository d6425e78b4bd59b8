// SPDX-License-Identifier: Apache-2.0
// Catching up by blocks, all of it on one core: ranges are served, encoded, decoded, proven by the
// certificates of four validators, taken apart, recovered, executed and stored.
#include <benchmark/benchmark.h>

#include "wusong/io/memory_segment_store.hpp"
#include "wusong/node/chain_import.hpp"
#include "wusong/node/ledger_blocks.hpp"
#include "wusong/storage/memory_store.hpp"
#include "wusong/testkit/signed_chain.hpp"

namespace wusong::node {
namespace {

constexpr std::uint64_t kSenders = 1'000;

void sync_blocks(benchmark::State& state) {
  const auto payments = static_cast<std::size_t>(state.range(0));
  storage::MemoryStore source_store;
  io::MemorySegmentStore source_segments;
  testkit::SignedChain source{kSenders, source_store, source_segments};
  source.grow(payments == 0 ? 5'000 : 20'000 / payments, payments);
  const LedgerBlocks blocks{*source.chain().ledger};
  std::uint64_t bytes = 0;
  std::uint64_t count = 0;
  for (auto _ : state) {
    storage::MemoryStore store;
    io::MemorySegmentStore segments;
    io::NoStageTimer timer;
    io::InlineExecutor executor;
    auto chain = *open_chain(source.genesis(), store, segments, timer, executor, {});
    ChainImport import{chain, executor};
    light::Follower epochs = source.epochs();
    while (import.head() < source.height()) {
      const Bytes wire = net::encode(net::SyncMessage{*sync::serve_range(
          blocks, {.id = 1, .from = import.head().next(), .count_max = net::kRangeBlocksMax})});
      auto message = *net::decode_sync(wire);
      auto& range = std::get<net::RangeResponse>(message);
      for (const Bytes& block : range.blocks) bytes += block.size();
      count += range.blocks.size();
      if (!sync::verify_range(range, epochs) || !import.take(std::move(range))) std::abort();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(count));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(sync_blocks)->Name("node/sync_blocks")->ArgName("payments")->Arg(0)->Arg(10)->Arg(100);

}  // namespace
}  // namespace wusong::node

// SPDX-License-Identifier: Apache-2.0
// What a node that joins does on one core: a state is served, encoded, decoded, checked and stored;
// headers are checked in ranges. WUSONG_SNAPSHOT_ACCOUNTS: how large the state is.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <deque>

#include "wusong/hash/hash.hpp"
#include "wusong/io/memory_segment_store.hpp"
#include "wusong/state/state_db.hpp"
#include "wusong/sync/snapshot.hpp"
#include "wusong/testkit/final_chain.hpp"

namespace wusong::sync {
namespace {

constexpr std::uint64_t kBatch = 100'000;
constexpr state::StateOptions kOptions{
    .history = 4, .segment_bytes = 64u << 20, .cached_accounts = 0, .cached_slots = 0};

std::uint64_t accounts_wanted() {
  const char* given = std::getenv("WUSONG_SNAPSHOT_ACCOUNTS");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 1'000'000;
}

/// Accounts with balances; one in fifty has forty slots.
struct Source {
  explicit Source(std::uint64_t accounts) {
    db = *state::StateDb::open(store, kOptions);
    for (std::uint64_t first = 0; first < accounts; first += kBatch) {
      types::StateDiff diff;
      for (std::uint64_t i = first; i < std::min(first + kBatch, accounts); ++i) {
        const Hash name = hash::keccak256(BytesView{reinterpret_cast<std::uint8_t*>(&i), 8});
        auto& change = diff.accounts[Address::from(name.view().first(20))];
        change.after = types::Account{.nonce = i, .balance = U256{i * 1'000'003}};
        for (std::uint64_t s = 0; i % 50 == 0 && s < 40; ++s)
          change.slots[to_hash(U256{s})] = U256{i + s + 1};
      }
      height = first == 0 ? Height{1} : height.next();
      root = *db->commit(height, diff);
    }
  }
  io::MemorySegmentStore store;
  std::unique_ptr<state::StateDb> db;
  Height height;
  Hash root;
};

/// One node fetches all of it from one peer, each message through its encoding.
SnapshotProgress fetch(const Source& source, std::uint64_t& wire_bytes) {
  io::MemorySegmentStore store;
  const auto db = *state::StateDb::open(store, kOptions);
  if (!db->commit(Height{0}, {})) std::abort();
  const auto import = *db->import_state();
  const auto tries = *source.db->tries(source.height);
  SnapshotFetcher fetcher{{}, *import, source.height, source.root, Instant{}};
  std::deque<Bytes> requests;
  auto actions = fetcher.step(PeerStatus{.peer = 1, .finalised = source.height}, Instant{});
  while (!actions.complete) {
    for (auto& each : actions.requests)
      requests.push_back(net::encode(net::SyncMessage{std::move(each.request)}));
    if (requests.empty() || actions.halt) std::abort();
    const auto request = *net::decode_sync(requests.front());
    requests.pop_front();
    const Bytes answer = net::encode(
        net::SyncMessage{*serve_snapshot(tries.get(), std::get<net::SnapshotRequest>(request))});
    wire_bytes += answer.size();
    auto response = *net::decode_sync(answer);
    actions = fetcher.step(
        SnapshotReceived{1, std::move(std::get<net::SnapshotResponse>(response))}, Instant{});
  }
  if (!import->finish(source.height, source.root)) std::abort();
  return fetcher.progress();
}

void snapshot(benchmark::State& state) {
  const Source source{accounts_wanted()};
  std::uint64_t wire_bytes = 0;
  std::uint64_t accounts = 0;
  for (auto _ : state) accounts += fetch(source, wire_bytes).accounts;
  state.SetItemsProcessed(static_cast<std::int64_t>(accounts));
  state.SetBytesProcessed(static_cast<std::int64_t>(wire_bytes));
}
BENCHMARK(snapshot)->Name("sync/snapshot/served:and_stored")->Unit(benchmark::kSecond);

void serve_part(benchmark::State& state) {
  const Source source{kBatch};
  const auto tries = *source.db->tries(source.height);
  net::SnapshotRequest request{.id = 1, .height = source.height, .root = source.root, .items = {}};
  net::SnapshotItem item;
  item.depth = 2;  // a 256th: about 40 KiB
  request.items = {item};
  std::uint64_t bytes = 0;
  for (auto _ : state)
    bytes += net::encode(net::SyncMessage{*serve_snapshot(tries.get(), request)}).size();
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(serve_part)->Name("sync/serve_part/leaves:400");

void verify_headers(benchmark::State& state) {
  const testkit::FinalChain chain{256, 256};
  const auto range =
      *serve_range(chain, {.id = 1, .from = Height{1}, .count_max = 256, .headers_only = true});
  light::Follower epochs = chain.epochs();
  for (auto _ : state) benchmark::DoNotOptimize(verify_range(range, epochs));
  state.SetItemsProcessed(state.iterations() * 256);
}
BENCHMARK(verify_headers)->Name("sync/verify_range/headers:256");

}  // namespace
}  // namespace wusong::sync

// SPDX-License-Identifier: Apache-2.0
// What storing a block and its execution costs on RocksDB.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "wusong/hash/hash.hpp"
#include "wusong/platform/rocks_store.hpp"
#include "wusong/storage/ledger.hpp"

namespace wusong::platform {
namespace {

struct Fixture {
  std::filesystem::path folder;
  std::unique_ptr<io::KvStore> store;
  std::unique_ptr<storage::Ledger> ledger;
  Fixture() {
    std::string name = (std::filesystem::temp_directory_path() / "wusong-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    store = *open_rocks_store(folder / "db");
    ledger = *storage::Ledger::open(*store, {});
  }
  ~Fixture() {
    ledger.reset();
    store.reset();
    std::filesystem::remove_all(folder);
  }
};

Hash hash_of(std::uint64_t n) {
  Bytes bytes(8);
  std::memcpy(bytes.data(), &n, 8);
  return hash::keccak256(bytes);
}

void put_execution(benchmark::State& state) {
  Fixture fixture;
  const auto count = static_cast<std::size_t>(state.range(0));
  storage::Execution execution;
  execution.receipts.resize(count);
  execution.skipped.resize(count);
  for (auto& receipt : execution.receipts) receipt.gas_used = 21'000;
  std::vector<Hash> hashes(count);
  std::uint64_t height = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (std::size_t i = 0; i < count; ++i) hashes[i] = hash_of(height * count + i);
    state.ResumeTiming();
    if (!fixture.ledger->put_execution(Height{height++}, hashes, execution)) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(put_execution)
    ->Name("storage/put_execution/store:rocksdb/transactions")
    ->Arg(2000)
    ->Iterations(500)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMicrosecond);

void append_block(benchmark::State& state) {
  Fixture fixture;
  const Bytes block(static_cast<std::size_t>(state.range(0)), 7);
  std::uint64_t height = 0;
  for (auto _ : state) {
    if (!fixture.ledger->append_block(Height{height}, hash_of(height), block, {})) std::abort();
    ++height;
  }
}
BENCHMARK(append_block)
    ->Name("storage/append_block/store:rocksdb/bytes")
    ->Arg(1000)
    ->Arg(300'000)
    ->Iterations(200)
    ->Unit(benchmark::kMicrosecond);

void locate(benchmark::State& state) {
  Fixture fixture;
  storage::Execution execution;
  execution.receipts.resize(1000);
  execution.skipped.resize(1000);
  for (std::uint64_t height = 0; height < 200; ++height) {
    std::vector<Hash> hashes(1000);
    for (std::size_t i = 0; i < 1000; ++i) hashes[i] = hash_of(height * 1000 + i);
    if (!fixture.ledger->put_execution(Height{height}, hashes, execution)) std::abort();
  }
  std::uint64_t n = 0;
  for (auto _ : state) {
    auto found = fixture.ledger->locate(hash_of(n++ * 7919 % 200'000));
    benchmark::DoNotOptimize(found);
  }
}
BENCHMARK(locate)->Name("storage/locate/store:rocksdb/of:200k");

}  // namespace
}  // namespace wusong::platform

// SPDX-License-Identifier: Apache-2.0
// What the server itself costs a transaction: the pool behind it only hashes.
#include <benchmark/benchmark.h>

#include "wusong/testkit/rpc_chain.hpp"

namespace wusong::rpc {
namespace {

void send_raw_batch(benchmark::State& state) {
  testkit::RpcChain chain;
  chain.node.only_hash = true;
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::string raw = codec::to_hex_data(chain.signed_transfer(7));
  std::string batch = "[";
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) batch += ",";
    batch += R"({"jsonrpc":"2.0","id":)" + std::to_string(i) +
             R"(,"method":"eth_sendRawTransaction","params":[")" + raw + "\"]}";
  }
  batch += "]";
  for (auto _ : state) {
    chain.node.submissions.clear();
    benchmark::DoNotOptimize(chain.server().handle_http(batch));
  }
  if (chain.node.submissions != std::vector{count}) state.SkipWithError("not one batch");
  state.SetItemsProcessed(static_cast<std::int64_t>(count) * state.iterations());
}
BENCHMARK(send_raw_batch)->Name("rpc/send_raw_batch")->Arg(1)->Arg(100)->Arg(500);

void get_block(benchmark::State& state) {
  testkit::RpcChain chain;
  const std::string asked =
      R"({"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x1",true]})";
  for (auto _ : state) benchmark::DoNotOptimize(chain.server().handle_http(asked));
}
BENCHMARK(get_block)->Name("rpc/get_block");

}  // namespace
}  // namespace wusong::rpc

// SPDX-License-Identifier: Apache-2.0
// Whatever a client sends, the answer is valid JSON or nothing, over HTTP and over a WebSocket.
#include <cstddef>
#include <cstdint>

#include "wusong/base/assert.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/testkit/rpc_chain.hpp"

namespace {

void check(std::string_view reply) {
  if (reply.empty()) return;
  const auto document = wusong::codec::JsonDocument::parse(reply);
  WUSONG_ASSERT(document);
  const auto root = document->root();
  WUSONG_ASSERT(root.is_array() || root.find("jsonrpc"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  wusong::rpc::Config config;
  config.call_gas_cap = 1'000'000;
  wusong::testkit::RpcChain chain{config};
  const std::string asked = chain.expand(std::string{text});
  check(chain.server().handle_http(asked));
  chain.server().on_text(1, asked);
  chain.add_log_block();
  chain.server().on_close(1);
  for (const auto& sent : chain.sent) check(sent.text);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "wusong/rpc/server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "wusong/codec/hex.hpp"
#include "wusong/codec/json.hpp"
#include "wusong/exec/account_keys.hpp"
#include "wusong/rpc/internal/methods.hpp"
#include "wusong/testkit/rpc_chain.hpp"
#include "wusong/txpool/errors.hpp"

namespace wusong::rpc {
namespace {

using Chain = testkit::RpcChain;

std::string request(std::string_view method, std::string_view params) {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string{method} + R"(","params":)" +
         std::string{params} + "}";
}

/// The member "result" or "error" of a response, as JSON.
std::string part(const std::string& response, std::string_view name) {
  const auto document = codec::JsonDocument::parse(response);
  EXPECT_TRUE(document) << response;
  if (!document) return {};
  const auto member = document->root().find(name);
  EXPECT_TRUE(member) << response;
  return member ? member->to_json() : std::string{};
}

std::int64_t code_of(const std::string& response) {
  const auto document = codec::JsonDocument::parse(part(response, "error"));
  return document ? *document->root().at("code")->i64() : 0;
}

std::string message_of(const std::string& response) {
  const auto document = codec::JsonDocument::parse(part(response, "error"));
  return document ? std::string{*document->root().string_at("message")} : std::string{};
}

// ---- golden: tests/frozen/rpc/methods.txt holds "> request" and "< response" lines.

struct Exchange {
  std::string request;
  std::string response;
};

constexpr const char* kGolden = "tests/frozen/rpc/methods.txt";

std::vector<Exchange> read_golden() {
  std::ifstream file{kGolden};
  std::vector<Exchange> out;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("> ")) out.push_back({line.substr(2), {}});
    if (line.starts_with("< ") && !out.empty()) out.back().response = line.substr(2);
  }
  return out;
}

TEST(Methods, AnswerAsFrozen) {
  Chain chain;
  auto exchanges = read_golden();
  ASSERT_FALSE(exchanges.empty()) << "no " << kGolden << ": run from the checkout's root";
  const bool rewrite = std::getenv("WUSONG_REWRITE_FROZEN") != nullptr;
  std::ofstream file;
  if (rewrite) file.open(kGolden);
  for (auto& [asked, expected] : exchanges) {
    const std::string got = chain.server().handle_http(chain.expand(asked));
    EXPECT_TRUE(codec::JsonDocument::parse(got)) << got;
    if (rewrite) {
      file << "> " << asked << "\n< " << got << "\n\n";
    } else {
      EXPECT_EQ(got, expected) << asked;
    }
  }
}

std::set<std::string> all_methods() {
  std::set<std::string> out;
  for (const auto family : {chain_methods(), state_methods(), call_methods(), filter_methods(),
                            pool_methods(), debug_methods(), node_methods(), epoch_methods()})
    for (const Method& method : family) out.emplace(method.name);
  return out;
}

TEST(Methods, AreEachFrozenOnce) {
  std::set<std::string> frozen;
  for (const auto& exchange : read_golden()) {
    const auto document = codec::JsonDocument::parse(exchange.request);
    ASSERT_TRUE(document) << exchange.request;
    if (const auto name = document->root().string_at("method")) frozen.emplace(*name);
  }
  for (const std::string& method : all_methods())
    EXPECT_TRUE(frozen.contains(method)) << method << " has no line in " << kGolden;
}

TEST(Methods, AreEachDocumented) {
  std::ifstream file{"docs/rpc.md"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  for (const std::string& method : all_methods())
    EXPECT_NE(text.find("`" + method + "`"), std::string::npos)
        << method << " is not in docs/rpc.md";
}

TEST(Methods, AnAccountsKeyIsTheFirstOneUntilTheContractHasAnother) {
  Chain chain;
  chain.node.account_with_code(exec::kKeysAddress, Bytes{0x00});
  const auto ask = [&] {
    return part(chain.server().handle_http(
                    request("wusong_accountKey", "[\"" + chain.alice_text() + "\"]")),
                "result");
  };
  EXPECT_NE(ask().find(R"("scheme":null,"keyHash":null,"sequence":"0x0")"), std::string::npos);
  const Hash slot = exec::account_key_slot(*codec::fixed_from_hex<Address>(chain.alice_text()));
  const Hash rest = to_hash(to_u256(slot) + U256{1});
  chain.node.contents.slots[{exec::kKeysAddress, slot}] = to_u256(Chain::word_of(0x11));
  chain.node.contents.slots[{exec::kKeysAddress, rest}] = U256{2 << 8 | 4};
  const std::string got = ask();
  EXPECT_NE(
      got.find(R"("scheme":"ml-dsa-44","keyHash":")" + Chain::word(0x11) +
               R"(","sequence":"0x2","contract":"0x0000000000000000000000000000000000005702")"),
      std::string::npos)
      << got;
  EXPECT_NE(got.find(R"("slots":[")" + codec::to_hex_data(slot) + "\",\"" +
                     codec::to_hex_data(rest) + "\"]"),
            std::string::npos)
      << got;
}

// ---- envelopes

TEST(Envelope, MalformedJsonIsAParseError) {
  Chain chain;
  for (const char* text : {"", "{", "nonsense", "{\"a\":}", "[1,2", "\"\\ud800\"", "\xff\xfe"}) {
    const std::string got = chain.server().handle_http(text);
    EXPECT_EQ(code_of(got), -32700) << got;
    EXPECT_EQ(part(got, "id"), "null");
  }
}

TEST(Envelope, DeepNestingIsAParseErrorNotACrash) {
  Chain chain;
  EXPECT_EQ(code_of(chain.server().handle_http(std::string(100'000, '['))), -32700);
}

TEST(Envelope, WhatIsNoRequestIsInvalid) {
  Chain chain;
  for (const char* text : {"1", "null", "\"x\"", "{}", R"({"jsonrpc":"2.0","id":1})",
                           R"({"jsonrpc":"1.0","id":1,"method":"eth_chainId"})",
                           R"({"jsonrpc":"2.0","id":1,"method":7})",
                           R"({"jsonrpc":"2.0","id":{"a":1},"method":"eth_chainId"})", "[]"}) {
    EXPECT_EQ(code_of(chain.server().handle_http(text)), -32600) << text;
  }
}

TEST(Envelope, TheIdComesBackAsItWas) {
  Chain chain;
  const auto ask = [&](std::string_view id) {
    return part(chain.server().handle_http(R"({"jsonrpc":"2.0","id":)" + std::string{id} +
                                           R"(,"method":"eth_chainId"})"),
                "id");
  };
  EXPECT_EQ(ask("7"), "7");
  EXPECT_EQ(ask("-3"), "-3");
  EXPECT_EQ(ask("\"a\\\"b\""), "\"a\\\"b\"");
  EXPECT_EQ(ask("null"), "null");
}

TEST(Envelope, NotificationsHaveNoAnswer) {
  Chain chain;
  const std::string note = R"({"jsonrpc":"2.0","method":"eth_chainId"})";
  EXPECT_EQ(chain.server().handle_http(note), "");
  EXPECT_EQ(chain.server().handle_http("[" + note + "," + note + "]"), "");
}

TEST(Envelope, AnUnknownMethodIsNamed) {
  Chain chain;
  const std::string got = chain.server().handle_http(request("eth_flyToTheMoon", "[]"));
  EXPECT_EQ(code_of(got), -32601);
  EXPECT_EQ(message_of(got), "the method eth_flyToTheMoon does not exist/is not available");
}

// ---- parameters

TEST(Params, RefusalsNameTheArgument) {
  Chain chain;
  const auto ask = [&](std::string_view method, std::string_view params) {
    const std::string got = chain.server().handle_http(request(method, params));
    EXPECT_EQ(code_of(got), -32602) << got;
    return message_of(got);
  };
  EXPECT_EQ(ask("eth_getBalance", "[]"), "missing value for required argument 0 (address)");
  EXPECT_EQ(ask("eth_getBalance", R"(["0x12","latest"])"),
            "invalid argument 0 (address): expected an address: 0x and 40 hex digits");
  EXPECT_EQ(ask("eth_getTransactionReceipt", R"(["0x1"])"),
            "invalid argument 0 (hash): expected a hash: 0x and 64 hex digits");
  EXPECT_EQ(ask("eth_getBlockByNumber", R"(["latest",1])"),
            "invalid argument 1 (fullTransactions): expected true or false");
  EXPECT_EQ(
      ask("eth_sendRawTransaction", R"(["f86c"])"),
      "invalid argument 0 (transaction): expected 0x-prefixed hex data with two digits a byte");
  EXPECT_EQ(ask("eth_call", R"([{"to":"0x12"}])"),
            "invalid argument 0 (transaction.to): expected an address: 0x and 40 hex digits");
  EXPECT_EQ(ask("eth_call", R"([{"chainId":"0x1"}])"),
            "chainId does not match node's (have=1, want=5918)");
  EXPECT_EQ(ask("eth_getBalance", R"({"address":"0x"})"), "params: expected an array of arguments");
  for (const char* block :
       {"\"0x01\"", "\"newest\"", "17", "{}", "\"0x\"", "\"0x1ffffffffffffffff\"",
        R"({"blockHash":"0x1"})", R"({"blockNumber":"0x1","blockHash":"0x1"})"})
    EXPECT_TRUE(ask("eth_getBlockByNumber", "[" + std::string{block} + ",false]")
                    .starts_with("invalid argument 0 (block"))
        << block;
}

TEST(Params, BlocksAreNamedByTagNumberHashAndObject) {
  Chain chain;
  const auto balance = [&](const std::string& block) {
    return part(chain.server().handle_http(
                    request("eth_getBalance", "[\"" + chain.alice_text() + "\"," + block + "]")),
                "result");
  };
  const std::string hash = codec::to_hex_data(chain.node.blocks[1]->hash);
  const std::string expected = balance("\"latest\"");
  EXPECT_NE(expected, "\"0x0\"");
  for (const std::string& block :
       {std::string{"\"safe\""}, std::string{"\"finalized\""}, std::string{"\"earliest\""},
        std::string{"\"pending\""}, std::string{"\"0x1\""}, "\"" + hash + "\"",
        R"({"blockHash":")" + hash + R"(","requireCanonical":true})",
        std::string{R"({"blockNumber":"0x2"})"}})
    EXPECT_EQ(balance(block), expected) << block;
}

TEST(Params, ABlockBeyondTheHeadHasNoState) {
  Chain chain;
  const std::string got = chain.server().handle_http(
      request("eth_getBalance", "[\"" + chain.alice_text() + "\",\"0x63\"]"));
  EXPECT_EQ(code_of(got), -32000);
  EXPECT_EQ(message_of(got), "header not found: block 99 is not executed yet, the latest is 2");
}

TEST(Params, PrunedStateNamesTheOldestKept) {
  Chain chain;
  chain.node.oldest_state_height = Height{2};
  for (const char* method : {"eth_getBalance", "eth_getTransactionCount", "eth_getCode"}) {
    const std::string got =
        chain.server().handle_http(request(method, "[\"" + chain.alice_text() + "\",\"0x1\"]"));
    EXPECT_NE(got.find("\"code\":4444"), std::string::npos) << got;
    EXPECT_NE(message_of(got).find("from block 2 on; ask an archive node"), std::string::npos)
        << got;
  }
}

// ---- batches

TEST(Batch, AnswersComeInOrder) {
  Chain chain;
  const std::string got = chain.server().handle_http(
      R"([{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},7,)"
      R"({"jsonrpc":"2.0","method":"eth_chainId"},{"jsonrpc":"2.0","id":"b","method":"net_version"}])");
  const auto document = codec::JsonDocument::parse(got);
  ASSERT_TRUE(document) << got;
  const auto items = document->root().items();
  ASSERT_EQ(items.size(), 3u) << got;
  EXPECT_EQ(items[0].at("result")->to_json(), "\"0x171e\"");
  EXPECT_EQ(*items[1].at("error")->at("code")->i64(), -32600);
  EXPECT_EQ(items[2].at("id")->to_json(), "\"b\"");
}

TEST(Batch, ConsecutiveRawTransactionsReachThePoolTogether) {
  Chain chain;
  std::string batch = "[";
  for (std::uint64_t i = 0; i < 5; ++i) {
    const std::string raw = i == 2 ? "0xzz" : codec::to_hex_data(chain.signed_transfer(i));
    if (i != 0) batch += ",";
    batch += R"({"jsonrpc":"2.0","id":)" + std::to_string(i) +
             R"(,"method":"eth_sendRawTransaction","params":[")" + raw + "\"]}";
    if (i == 3) batch += R"(,{"jsonrpc":"2.0","id":99,"method":"eth_chainId"})";
  }
  const std::string got = chain.server().handle_http(batch + "]");
  const auto document = codec::JsonDocument::parse(got);
  ASSERT_TRUE(document) << got;
  const auto items = document->root().items();
  ASSERT_EQ(items.size(), 6u);
  EXPECT_EQ(chain.node.submissions, (std::vector<std::size_t>{3, 1}));
  EXPECT_EQ(*items[2].at("error")->at("code")->i64(), -32602);
  EXPECT_EQ(*items[3].string_at("result"), codec::to_hex_data(chain.node.pool[2].hash));
  EXPECT_EQ(items[4].at("id")->to_json(), "99");
  EXPECT_EQ(*items[5].string_at("result"), codec::to_hex_data(chain.node.pool[3].hash));
}

TEST(Batch, ItsSizeIsLimited) {
  Config config;
  config.batch_items_max = 2;
  Chain chain{config};
  const std::string one = R"({"jsonrpc":"2.0","id":1,"method":"eth_chainId"})";
  EXPECT_TRUE(chain.server().handle_http("[" + one + "," + one + "]").starts_with("[{"));
  const std::string got = chain.server().handle_http("[" + one + "," + one + "," + one + "]");
  EXPECT_EQ(code_of(got), -32600);
  EXPECT_EQ(message_of(got), "batch too large: 3 requests, the limit is 2");
}

TEST(Batch, ItsResponseIsLimited) {
  Config config;
  config.response_bytes_max = 1'000;
  Chain chain{config};
  const std::string one = R"({"jsonrpc":"2.0","id":1,"method":"rpc_modules"})";
  std::string batch = "[" + one;
  for (int i = 0; i < 20; ++i) batch += "," + one;
  const auto document = codec::JsonDocument::parse(chain.server().handle_http(batch + "]"));
  ASSERT_TRUE(document);
  const auto items = document->root().items();
  ASSERT_EQ(items.size(), 21u);
  EXPECT_TRUE(items.front().find("result"));
  EXPECT_EQ(*items.back().at("error")->at("code")->i64(), -32003);
}

TEST(Response, ItsSizeIsLimited) {
  Config config;
  config.response_bytes_max = 100;
  Chain chain{config};
  EXPECT_EQ(
      code_of(chain.server().handle_http(request("eth_getBlockByNumber", R"(["latest",false])"))),
      -32003);
}

// ---- errors

TEST(Errors, ThePoolSpeaksEthereumsWords) {
  Chain chain;
  const std::string raw = "[\"" + codec::to_hex_data(chain.signed_transfer(0)) + "\"]";
  const auto ask = [&](Error error) {
    chain.node.refusal = error;
    const std::string got = chain.server().handle_http(request("eth_sendRawTransaction", raw));
    EXPECT_EQ(code_of(got), -32000) << got;
    return message_of(got);
  };
  EXPECT_EQ(ask(txpool::err::nonce_too_low), "nonce too low");
  EXPECT_EQ(ask(txpool::err::already_known), "already known");
  EXPECT_EQ(ask(txpool::err::insufficient_funds), "insufficient funds for gas * price + value");
  EXPECT_EQ(ask(txpool::err::replacement_underpriced), "replacement transaction underpriced");
  EXPECT_EQ(ask(txpool::err::block_gas_exceeded), "exceeds block gas limit");
  EXPECT_EQ(ask(txpool::err::full), "txpool is full");
  EXPECT_EQ(ask(exec::err::intrinsic_gas_too_low), "intrinsic gas too low");
  EXPECT_EQ(ask(node::err::not_permitted), "sender is not permitted to do this on this chain");
}

TEST(Errors, DataNamesTheRow) {
  Chain chain;
  chain.node.refusal = txpool::err::nonce_too_low;
  const std::string raw = "[\"" + codec::to_hex_data(chain.signed_transfer(0)) + "\"]";
  const std::string got = chain.server().handle_http(request("eth_sendRawTransaction", raw));
  EXPECT_NE(got.find(R"("data":{"error":"txpool.nonce_too_low","number":2301})"), std::string::npos)
      << got;
}

TEST(Errors, ARevertHasCodeThreeAndItsBytes) {
  Chain chain;
  const std::string got = chain.server().handle_http(
      request("eth_call", "[{\"to\":\"" + chain.reverter_text() + "\"},\"latest\"]"));
  EXPECT_EQ(code_of(got), 3) << got;
  EXPECT_EQ(message_of(got), "execution reverted: nope");
  EXPECT_TRUE(part(got, "error").find("\"data\":\"0x08c379a0") != std::string::npos) << got;
}

// ---- logs

TEST(Logs, AreFoundByAddressTopicAndRange) {
  Chain chain;
  const auto count = [&](const std::string& filter) {
    const auto document = codec::JsonDocument::parse(
        part(chain.server().handle_http(request("eth_getLogs", "[" + filter + "]")), "result"));
    return document ? document->root().size() : 999;
  };
  const std::string all = R"("fromBlock":"0x0","toBlock":"latest")";
  EXPECT_EQ(count("{" + all + "}"), 3u);
  EXPECT_EQ(count("{}"), 1u);  // the latest block only
  EXPECT_EQ(count("{" + all + R"(,"address":")" + chain.token_text() + "\"}"), 3u);
  EXPECT_EQ(count("{" + all + R"(,"address":["0x0000000000000000000000000000000000000001"]})"), 0u);
  EXPECT_EQ(count("{" + all + R"(,"topics":[")" + Chain::word(0x11) + "\"]}"), 2u);
  EXPECT_EQ(count("{" + all + R"(,"topics":[null,")" + Chain::word(0x22) + "\"]}"), 1u);
  EXPECT_EQ(count("{" + all + R"(,"topics":[[")" + Chain::word(0x11) + "\",\"" + Chain::word(0x33) +
                  "\"]]}"),
            3u);
  EXPECT_EQ(count("{" + all + R"(,"topics":[null,null,null]})"), 0u);
  EXPECT_EQ(count(R"({"blockHash":")" + codec::to_hex_data(chain.node.blocks[1]->hash) + "\"}"),
            2u);
  EXPECT_EQ(count(R"({"fromBlock":"0x2","toBlock":"0xffff"})"), 1u);
}

TEST(Logs, LimitsSayHowToNarrow) {
  Config config;
  config.log_range_max = 2;
  config.log_results_max = 1;
  Chain chain{config};
  const auto ask = [&](const std::string& filter) {
    const std::string got = chain.server().handle_http(request("eth_getLogs", "[" + filter + "]"));
    EXPECT_EQ(code_of(got), -32005) << got;
    return message_of(got);
  };
  EXPECT_EQ(ask(R"({"fromBlock":"0x0","toBlock":"0x2"})"),
            "block range of 3 is above the limit of 2: ask in pieces, first fromBlock 0 toBlock 1");
  EXPECT_EQ(ask(R"({"fromBlock":"0x1","toBlock":"0x2"})"),
            "query returned more than 1 results: narrow fromBlock and toBlock, or name address and "
            "topics; the limit was reached in block 1");
}

TEST(Logs, ABackwardRangeIsRefused) {
  Chain chain;
  const std::string got = chain.server().handle_http(
      request("eth_getLogs", R"([{"fromBlock":"0x2","toBlock":"0x1"}])"));
  EXPECT_EQ(code_of(got), -32602);
}

// ---- filters

TEST(Filters, ReportWhatIsNewOnce) {
  Chain chain;
  auto& server = chain.server();
  const auto ask = [&](std::string_view method, const std::string& params) {
    return part(server.handle_http(request(method, params)), "result");
  };
  const std::string logs = ask("eth_newFilter", "[{}]");
  const std::string blocks = ask("eth_newBlockFilter", "[]");
  const std::string pending = ask("eth_newPendingTransactionFilter", "[]");
  EXPECT_EQ(ask("eth_getFilterChanges", "[" + logs + "]"), "[]");
  EXPECT_EQ(ask("eth_getFilterChanges", "[" + blocks + "]"), "[]");
  chain.add_log_block();
  chain.add_log_block();
  chain.node.announce({chain.node.blocks[1]->transaction_hashes[0]});
  const auto size = [&](const std::string& id) {
    return codec::JsonDocument::parse(ask("eth_getFilterChanges", "[" + id + "]"))->root().size();
  };
  EXPECT_EQ(size(logs), 2u);
  EXPECT_EQ(size(logs), 0u);
  EXPECT_EQ(size(blocks), 2u);
  EXPECT_EQ(size(blocks), 0u);
  EXPECT_EQ(size(pending), 1u);
  EXPECT_EQ(size(pending), 0u);
  EXPECT_EQ(ask("eth_uninstallFilter", "[" + logs + "]"), "true");
  EXPECT_EQ(ask("eth_uninstallFilter", "[" + logs + "]"), "false");
  EXPECT_EQ(message_of(server.handle_http(request("eth_getFilterChanges", "[" + logs + "]"))),
            "filter not found");
}

TEST(Filters, ExpireWhenNobodyAsks) {
  Chain chain;
  auto& server = chain.server();
  const std::string id = part(server.handle_http(request("eth_newBlockFilter", "[]")), "result");
  const auto poll = [&] {
    return server.handle_http(request("eth_getFilterChanges", "[" + id + "]"));
  };
  chain.clock += std::chrono::minutes{4};
  EXPECT_EQ(part(poll(), "result"), "[]");
  chain.clock += std::chrono::minutes{4};
  EXPECT_EQ(part(poll(), "result"), "[]");
  chain.clock += std::chrono::minutes{6};
  EXPECT_EQ(message_of(poll()), "filter not found");
}

TEST(Filters, TheirNumberIsLimited) {
  Config config;
  config.filters_max = 2;
  Chain chain{config};
  auto& server = chain.server();
  const auto add = [&] { return server.handle_http(request("eth_newBlockFilter", "[]")); };
  EXPECT_NE(part(add(), "result"), part(add(), "result"));
  EXPECT_EQ(code_of(add()), -32005);
  chain.clock += std::chrono::minutes{6};
  EXPECT_NE(part(add(), "result"), "");
}

TEST(Filters, APendingFilterKeepsTheNewest) {
  Config config;
  config.filter_pending_max = 2;
  Chain chain{config};
  const std::string id =
      part(chain.server().handle_http(request("eth_newPendingTransactionFilter", "[]")), "result");
  Hash a;
  Hash b;
  Hash c;
  a.bytes[0] = 1;
  b.bytes[0] = 2;
  c.bytes[0] = 3;
  chain.node.announce({a, b});
  chain.node.announce({c});
  EXPECT_EQ(
      part(chain.server().handle_http(request("eth_getFilterChanges", "[" + id + "]")), "result"),
      "[\"" + codec::to_hex_data(b) + "\",\"" + codec::to_hex_data(c) + "\"]");
}

// ---- subscriptions

TEST(Subscriptions, NeedAWebSocket) {
  Chain chain;
  EXPECT_EQ(code_of(chain.server().handle_http(request("eth_subscribe", R"(["newHeads"])"))),
            -32601);
}

TEST(Subscriptions, SendHeadsLogsAndPendingTransactions) {
  Chain chain;
  auto& server = chain.server();
  server.on_text(5, request("eth_subscribe", R"(["newHeads"])"));
  server.on_text(5,
                 request("eth_subscribe", R"(["logs",{"topics":[")" + Chain::word(0x33) + "\"]}]"));
  server.on_text(6, request("eth_subscribe", R"(["newPendingTransactions"])"));
  server.on_text(6, request("eth_subscribe", R"(["newPendingTransactions",true])"));
  ASSERT_EQ(chain.sent.size(), 4u);
  const std::string heads = part(chain.sent[0].text, "result");
  const std::string logs = part(chain.sent[1].text, "result");
  EXPECT_EQ(chain.sent[3].session, 6u);
  chain.sent.clear();

  chain.add_log_block();
  ASSERT_EQ(chain.sent.size(), 2u);
  for (const auto& sent : chain.sent) {
    EXPECT_EQ(sent.session, 5u);
    const auto document = codec::JsonDocument::parse(sent.text);
    ASSERT_TRUE(document) << sent.text;
    EXPECT_EQ(*document->root().string_at("method"), "eth_subscription");
    const std::string id = document->root().at("params")->at("subscription")->to_json();
    const auto result = *document->root().at("params")->at("result");
    EXPECT_TRUE(id == heads ? result.find("stateRoot").has_value()
                            : id == logs && result.find("logIndex").has_value())
        << sent.text;
  }
  chain.sent.clear();

  const std::string raw = codec::to_hex_data(chain.signed_transfer(4));
  server.handle_http(request("eth_sendRawTransaction", "[\"" + raw + "\"]"));
  chain.node.announce({chain.node.pool[0].hash});
  ASSERT_EQ(chain.sent.size(), 2u);
  const std::size_t hashes =
      chain.sent[0].text.find(R"("result":"0x)") != std::string::npos ? 0 : 1;
  EXPECT_NE(chain.sent[hashes].text.find(R"("result":"0x)"), std::string::npos);
  EXPECT_NE(chain.sent[1 - hashes].text.find(R"("nonce":"0x4")"), std::string::npos);
}

TEST(Subscriptions, EndOnUnsubscribeAndOnClose) {
  Chain chain;
  auto& server = chain.server();
  server.on_text(1, request("eth_subscribe", R"(["newHeads"])"));
  server.on_text(2, request("eth_subscribe", R"(["newHeads"])"));
  const std::string first = part(chain.sent[0].text, "result");
  chain.sent.clear();
  server.on_text(2, request("eth_unsubscribe", "[" + first + "]"));
  EXPECT_EQ(message_of(chain.sent[0].text), "subscription not found");  // another session's
  server.on_text(1, request("eth_unsubscribe", "[" + first + "]"));
  EXPECT_EQ(part(chain.sent[1].text, "result"), "true");
  chain.sent.clear();
  chain.add_log_block();
  ASSERT_EQ(chain.sent.size(), 1u);
  EXPECT_EQ(chain.sent[0].session, 2u);
  server.on_close(2);
  chain.add_log_block();
  EXPECT_EQ(chain.sent.size(), 1u);
}

TEST(Subscriptions, TheirNumberIsLimitedPerSession) {
  Config config;
  config.session_subscriptions_max = 1;
  Chain chain{config};
  for (const SessionId session : {1, 1, 2})
    chain.server().on_text(session, request("eth_subscribe", R"(["newHeads"])"));
  EXPECT_NE(part(chain.sent[0].text, "result"), "");
  EXPECT_EQ(code_of(chain.sent[1].text), -32005);
  EXPECT_NE(part(chain.sent[2].text, "result"), "");
}

TEST(Subscriptions, SyncingIsToldWhenItChanges) {
  Chain chain;
  chain.server().on_text(1, request("eth_subscribe", R"(["syncing"])"));
  chain.sent.clear();
  chain.add_log_block();
  EXPECT_TRUE(chain.sent.empty());
  chain.node.health_now.syncing = true;
  chain.node.health_now.sync_target = Height{90};
  chain.add_log_block();
  chain.add_log_block();
  ASSERT_EQ(chain.sent.size(), 1u);
  EXPECT_NE(chain.sent[0].text.find(R"("syncing":true)"), std::string::npos);
}

TEST(Subscriptions, AnUnknownKindIsRefused) {
  Chain chain;
  chain.server().on_text(1, request("eth_subscribe", R"(["newMoon"])"));
  EXPECT_EQ(message_of(chain.sent[0].text),
            "invalid argument 0 (subscription): expected newHeads, logs, newPendingTransactions or "
            "syncing");
}

// ---- traces

TEST(Traces, AreRefusedRatherThanCutShort) {
  Config config;
  config.trace_steps_max = 3;
  Chain chain{config};
  const std::string call = "[{\"to\":\"" + chain.reverter_text() + "\"},\"latest\"";
  EXPECT_EQ(code_of(chain.server().handle_http(request("debug_traceCall", call + "]"))), -32005);
  EXPECT_NE(part(chain.server().handle_http(request("debug_traceCall", call + R"(,{"limit":2}])")),
                 "result"),
            "");
}

TEST(Traces, ShowStructLogsWithoutATracerAndThePrestateWithOne) {
  Chain chain;
  const auto ask = [&](const std::string& config) {
    return part(chain.server().handle_http(
                    chain.expand(request("debug_traceTransaction", "[\"$tx1.1\"" + config + "]"))),
                "result");
  };
  const auto logs = codec::JsonDocument::parse(ask(""));
  ASSERT_TRUE(logs);
  EXPECT_EQ(logs->root().at("failed")->to_json(), "false");
  EXPECT_EQ(logs->root().at("structLogs")->size(), 7u);
  const auto state = codec::JsonDocument::parse(ask(R"(,{"tracer":"prestateTracer"})"));
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->root().find(chain.token_text()));
  const auto diff = codec::JsonDocument::parse(
      ask(R"(,{"tracer":"prestateTracer","tracerConfig":{"diffMode":true}})"));
  ASSERT_TRUE(diff);
  EXPECT_TRUE(diff->root().find("pre") && diff->root().find("post"));
}

TEST(Traces, AndCallsThatTakeTooLongAreRefused) {
  Chain chain;
  const std::string call = "[{\"to\":\"" + chain.token_text() + "\"},\"latest\"]";
  const auto refused = [&](const char* method, const std::string& parameters) {
    const std::string got = chain.server().handle_http(chain.expand(request(method, parameters)));
    return code_of(got) == -32002 && message_of(got).starts_with("request timed out");
  };
  EXPECT_NE(part(chain.server().handle_http(request("eth_call", call)), "result"), "");
  chain.clock_step = Config{}.call_timeout;
  EXPECT_TRUE(refused("eth_call", call));
  EXPECT_TRUE(refused("eth_estimateGas", call));
  EXPECT_TRUE(refused("eth_createAccessList", call));
  EXPECT_TRUE(refused("debug_traceCall", call));
  EXPECT_TRUE(refused("debug_traceTransaction", "[\"$tx1.1\"]"));
  EXPECT_TRUE(refused("debug_traceBlockByNumber", "[\"0x1\"]"));
}

TEST(Traces, AnUnknownTracerIsNamedWithTheKnownOnes) {
  Chain chain;
  const std::string got =
      chain.server().handle_http(request("debug_traceCall", "[{\"to\":\"" + chain.reverter_text() +
                                                                R"("},"latest",{"tracer":"js"}])"));
  EXPECT_EQ(code_of(got), -32602);
  EXPECT_TRUE(message_of(got).starts_with("unknown tracer: expected callTracer")) << got;
}

// ---- GET

TEST(Get, HealthIs200Or503AndMetricsAreText) {
  Chain chain;
  EXPECT_EQ(chain.server().handle_get("/health").status, 200u);
  chain.node.health_now.healthy = false;
  chain.node.health_now.reason = "no quorum";
  const auto ill = chain.server().handle_get("/health");
  EXPECT_EQ(ill.status, 503u);
  EXPECT_NE(ill.body.find("no quorum"), std::string::npos);
  EXPECT_TRUE(codec::JsonDocument::parse(ill.body));
  EXPECT_EQ(chain.server().handle_get("/metrics").body, "wusong_height 2\n");
  EXPECT_EQ(chain.server().handle_get("/else").status, 404u);
}

}  // namespace
}  // namespace wusong::rpc

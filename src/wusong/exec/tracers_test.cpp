// SPDX-License-Identifier: Apache-2.0
#include "wusong/exec/tracers.hpp"

#include <gtest/gtest.h>

#include "wusong/codec/json.hpp"
#include "wusong/exec/addresses.hpp"
#include "wusong/exec/errors.hpp"
#include "wusong/exec/execute.hpp"
#include "wusong/exec/internal/test_world.hpp"

namespace wusong::exec {
namespace {

using internal::address_number;
using internal::hex;
using internal::TestWorld;

constexpr std::string_view kAlice = "0xaa00000000000000000000000000000000000001";
constexpr std::string_view kContract = "0xaa00000000000000000000000000000000000009";
constexpr std::string_view kInner = "0xaa0000000000000000000000000000000000000a";

class Tracers : public ::testing::Test {
 protected:
  std::string trace(TraceConfig config) {
    block_.transactions = {transaction_};
    const Address sender = world_.alice;
    const auto out = trace_transaction(block_, {&sender, 1}, world_.state, world_.block,
                                       world_.rules, 0, config);
    return out ? *out : std::string{out.error().name()};
  }
  std::string trace(std::string_view tracer) {
    TraceConfig config;
    config.tracer = tracer;
    return trace(config);
  }
  /// Code that calls address_number(0x0a) with `gas`, input of 4 zero bytes and no value.
  static std::string call_inner() {
    return "6000600060046000600073aa0000000000000000000000000000000000000a619c40f150";
  }
  TestWorld world_;
  types::Block block_;
  types::Transaction transaction_;
};

TEST_F(Tracers, StructLogsAreGeths) {
  transaction_ = world_.transaction_to(world_.add_contract(9, "600760015560015460005200"));
  transaction_.gas_limit = 50000;
  TraceConfig config;
  config.struct_log.enable_memory = true;
  const std::string one(63, '0');
  EXPECT_EQ(trace(config),
            R"({"gas":43218,"failed":false,"returnValue":"0x","structLogs":[)"
            R"({"pc":0,"op":"PUSH1","gas":29000,"gasCost":3,"depth":1,"stack":[]},)"
            R"({"pc":2,"op":"PUSH1","gas":28997,"gasCost":3,"depth":1,"stack":["0x7"]},)"
            R"({"pc":4,"op":"SSTORE","gas":28994,"gasCost":22100,"depth":1,"stack":["0x7","0x1"],)"
            R"("storage":{")" +
                one + R"(1":")" + one +
                R"(7"}},)"
                R"({"pc":5,"op":"PUSH1","gas":6894,"gasCost":3,"depth":1,"stack":[]},)"
                R"({"pc":7,"op":"SLOAD","gas":6891,"gasCost":100,"depth":1,"stack":["0x1"],)"
                R"("storage":{")" +
                one + R"(1":")" + one +
                R"(7"}},)"
                R"({"pc":8,"op":"PUSH1","gas":6791,"gasCost":3,"depth":1,"stack":["0x7"]},)"
                R"({"pc":10,"op":"MSTORE","gas":6788,"gasCost":6,"depth":1,"stack":["0x7","0x0"]},)"
                R"({"pc":11,"op":"STOP","gas":6782,"gasCost":0,"depth":1,"stack":[],)"
                R"("memory":[")" +
                one + R"(7"]}]})");
}

TEST_F(Tracers, AColdSlotCostsWhatIsChargedForIt) {
  transaction_ = world_.transaction_to(world_.add_contract(9, "600154600154"));
  transaction_.gas_limit = 50000;
  const std::string out = trace(TraceConfig{});
  EXPECT_NE(out.find(R"("op":"SLOAD","gas":28997,"gasCost":2100,)"), std::string::npos) << out;
  EXPECT_NE(out.find(R"("op":"SLOAD","gas":26894,"gasCost":100,)"), std::string::npos) << out;
}

TEST_F(Tracers, StructLogOptionsLeavePartsOut) {
  transaction_ = world_.transaction_to(world_.add_contract(9, "600160025500"));
  TraceConfig config;
  config.struct_log = {.disable_stack = true, .disable_storage = true, .limit = 2};
  EXPECT_EQ(trace(config), R"({"gas":43106,"failed":false,"returnValue":"0x","structLogs":[)"
                           R"({"pc":0,"op":"PUSH1","gas":979000,"gasCost":3,"depth":1},)"
                           R"({"pc":2,"op":"PUSH1","gas":978997,"gasCost":3,"depth":1}]})");
}

TEST_F(Tracers, AStructLogOfAFailureCarriesItsError) {
  transaction_ = world_.transaction_to(world_.add_contract(9, "50"));
  transaction_.gas_limit = 30000;
  const std::string out = trace("");
  EXPECT_NE(out.find(R"("failed":true,"returnValue":"0x")"), std::string::npos) << out;
  EXPECT_NE(out.find(R"("op":"POP","gas":9000,"gasCost":2,"depth":1,"error":"stack underflow)"),
            std::string::npos)
      << out;
}

TEST_F(Tracers, LinesCarryTheFullCostAndTheError) {
  std::vector<std::string> lines;
  const auto tracer =
      make_json_lines_tracer([&](std::string_view line) { lines.emplace_back(line); });
  transaction_ = world_.transaction_to(world_.add_contract(9, "6001600052fe"));
  Journal journal{world_.state};
  const auto out =
      apply_transaction(world_.machine, journal, world_.block, world_.rules, transaction_,
                        world_.alice, world_.block.gas_limit, {.tracer = tracer.get()});
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[2],
            R"({"pc":4,"op":82,"gas":"0xef032","gasCost":"0x6","memSize":0,"stack":["0x1","0x0"],)"
            R"("depth":1,"refund":"0x0","opName":"MSTORE"})");
  EXPECT_NE(lines[3].find(R"("error":"invalid opcode)"), std::string::npos) << lines[3];
  EXPECT_EQ(tracer->result(*out),
            R"({"output":"","gasUsed":"0xf4240","error":"invalid opcode: INVALID"})");
}

TEST_F(Tracers, CallTracerNestsFrames) {
  world_.add_contract(0x0a, "600160005260206000f3");
  transaction_ = world_.transaction_to(world_.add_contract(9, call_inner() + "00"));
  transaction_.value = U256{5};
  transaction_.gas_limit = 100000;
  EXPECT_EQ(trace("callTracer"),
            R"({"from":")" + std::string{kAlice} +
                R"(","gas":"0x186a0","gasUsed":"0x5c5c","to":")" + std::string{kContract} +
                R"(","input":"0x","calls":[{"from":")" + std::string{kContract} +
                R"(","gas":"0x9c40","gasUsed":"0x12","to":")" + std::string{kInner} +
                R"(","input":"0x00000000","output":"0x)" + std::string(63, '0') +
                R"(1","value":"0x0","type":"CALL"}],"value":"0x5","type":"CALL"})");
  TraceConfig config;
  config.tracer = "callTracer";
  config.call.only_top_call = true;
  EXPECT_EQ(trace(config).find("calls"), std::string::npos);
}

TEST_F(Tracers, CallTracerPlacesLogsAndDropsThoseOfFailedFrames) {
  world_.add_contract(0x0a, "60006000a0600080fd");  // log0, then revert
  transaction_ =
      world_.transaction_to(world_.add_contract(9, "60006000a0" + call_inner() + "60006000a000"));
  TraceConfig config;
  config.tracer = "callTracer";
  config.call.with_log = true;
  const auto document = codec::JsonDocument::parse(trace(config));
  ASSERT_TRUE(document);
  const auto logs = document->root().find("logs")->items();
  ASSERT_EQ(logs.size(), 2u);
  EXPECT_EQ(logs[0].string_at("position"), "0x0");
  EXPECT_EQ(logs[1].string_at("position"), "0x1");
  EXPECT_EQ(logs[0].string_at("address"), kContract);
  const auto inner = document->root().find("calls")->items().at(0);
  EXPECT_EQ(inner.string_at("error"), "execution reverted");
  EXPECT_FALSE(inner.find("logs"));
}

TEST_F(Tracers, CallTracerShowsAFailedCreateWithoutAnAddress) {
  transaction_ = world_.transaction_to({}, "600080fd");
  const auto document = codec::JsonDocument::parse(trace("callTracer"));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().string_at("type"), "CREATE");
  EXPECT_FALSE(document->root().find("to"));
  EXPECT_EQ(document->root().string_at("error"), "execution reverted");
  transaction_.data = hex("33ff");
  const auto gone = codec::JsonDocument::parse(trace("callTracer"));
  const auto call = gone->root().find("calls")->items().at(0);
  EXPECT_EQ(call.string_at("type"), "SELFDESTRUCT");
  EXPECT_EQ(call.string_at("to"), kAlice);
}

TEST_F(Tracers, PrestateShowsWhatWasReadAsItWas) {
  const Address contract = world_.add_contract(9, "6001545060016002550000");
  world_.state.set_storage(contract, to_hash(U256{1}), U256{8});
  transaction_ = world_.transaction_to(contract);
  const std::string zeros(63, '0');
  EXPECT_EQ(trace("prestateTracer"),
            R"({")" + std::string{kAlice} + R"(":{"balance":"0xde0b6b3a7640000"},")" +
                std::string{kContract} +
                R"(":{"balance":"0x0","code":"0x6001545060016002550000","nonce":1,"storage":{"0x)" +
                zeros + R"(1":"0x)" + zeros + R"(8","0x)" + zeros + R"(2":"0x)" + zeros +
                R"(0"}},"0xaa000000000000000000000000000000000000cb":{"balance":"0x1"}})");
}

TEST_F(Tracers, PrestateDiffShowsOnlyWhatChanged) {
  const Address contract = world_.add_contract(9, "60015450600160025500");
  world_.state.set_storage(contract, to_hash(U256{1}), U256{8});
  transaction_ = world_.transaction_to(contract);
  TraceConfig config;
  config.tracer = "prestateTracer";
  config.prestate.diff_mode = true;
  const auto document = codec::JsonDocument::parse(trace(config));
  ASSERT_TRUE(document);
  const auto post = *document->root().find("post");
  const auto pre = *document->root().find("pre");
  EXPECT_EQ(post.size(), 3u);
  EXPECT_EQ(post.find(kAlice)->find("nonce")->u64(), 1u);
  EXPECT_FALSE(post.find(kContract)->find("balance"));
  EXPECT_EQ(post.find(kContract)->find("storage")->size(), 1u);
  EXPECT_FALSE(pre.find(kContract)->find("storage"));  // slot 2 was empty, slot 1 is as it was
  EXPECT_EQ(pre.find(kContract)->string_at("balance"), "0x0");
}

TEST_F(Tracers, PrestateLeavesOutWhatTheTransactionCreated) {
  transaction_ = world_.transaction_to({}, "00");
  const auto document = codec::JsonDocument::parse(trace("prestateTracer"));
  const std::string created = codec::to_hex_data(create_address(world_.alice, 0));
  EXPECT_FALSE(document->root().find(created));
}

TEST_F(Tracers, SelectorsAreCounted) {
  world_.add_contract(0x0a, "00");
  transaction_ = world_.transaction_to(world_.add_contract(9, call_inner() + call_inner() + "00"),
                                       "0102030405");
  EXPECT_EQ(trace("4byteTracer"), R"({"0x00000000-0":2,"0x01020304-1":1})");
  EXPECT_EQ(trace("noopTracer"), "{}");
  EXPECT_EQ(trace("no such tracer"), "exec.unknown_tracer");
}

TEST_F(Tracers, ATransactionIsTracedOnWhatThoseBeforeItLeft) {
  // sstore(0, sload(0) + 1); return sload(0)
  const Address counter = world_.add_contract(9, "60005460010160005560005460005260206000f3");
  std::vector<Address> senders;
  for (std::uint64_t i = 0; i < 3; ++i) {
    auto transaction = world_.transaction_to(counter);
    transaction.nonce = i == 1 ? 77 : i / 2;  // the second is skipped
    block_.transactions.push_back(transaction);
    senders.push_back(world_.alice);
  }
  const auto last = trace_transaction(block_, senders, world_.state, world_.block, world_.rules, 2,
                                      {.tracer = "callTracer"});
  ASSERT_TRUE(last);
  EXPECT_NE(last->find(R"("output":"0x)" + std::string(63, '0') + "2"), std::string::npos) << *last;
  const auto all = trace_block(block_, senders, world_.state, world_.block, world_.rules,
                               {.tracer = "callTracer"});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[1].error(), Error{err::nonce_too_high});
  EXPECT_EQ(*(*all)[2], *last);
  EXPECT_EQ(
      trace_transaction(block_, senders, world_.state, world_.block, world_.rules, 3, {}).error(),
      Error{err::no_such_transaction});
}

TEST_F(Tracers, ACallIsTracedWithItsOverrides) {
  CallRequest request;
  request.to = address_number(0x66);
  CallOptions options;
  options.state[address_number(0x66)].code = hex("600160005260206000f3");
  const auto out = trace_call(world_.state, world_.block, world_.rules, request,
                              {.tracer = "callTracer"}, options);
  ASSERT_TRUE(out);
  EXPECT_NE(out->find(R"("output":"0x)"), std::string::npos);
}

TEST_F(Tracers, TracingDoesNotChangeTheOutcome) {
  world_.add_contract(0x0a, "60005460010160005500");
  transaction_ = world_.transaction_to(
      world_.add_contract(9, call_inner() + call_inner() + "60005460010160005500"));
  Journal journal{world_.state};
  const auto plain = apply_transaction(world_.machine, journal, world_.block, world_.rules,
                                       transaction_, world_.alice, world_.block.gas_limit);
  const auto document = codec::JsonDocument::parse(trace(""));
  EXPECT_EQ(document->root().find("gas")->u64(), plain->gas_used);
}

}  // namespace
}  // namespace wusong::exec

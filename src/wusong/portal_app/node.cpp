// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal_app/node.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/errors.hpp"
#include "wusong/hash/chain_hash.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/portal/act.hpp"

namespace wusong::portal_app {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kIdleMax = 32;
constexpr std::uint64_t kBlocksAtOnce = 250;
constexpr auto kPoll = 20ms;
constexpr auto kSettle = 20s;

std::uint64_t quantity(const codec::JsonValue& object, std::string_view name) {
  const auto text = object.string_at(name);
  return text ? codec::u64_from_hex_quantity(*text, false).value_or(0) : 0;
}

bool node_away(const Failure& failed) {
  return failed.row.empty() && failed.error != Error{err::rpc_failed};
}

std::string quoted(BytesView bytes) {
  return "\"" + codec::to_hex_data(bytes) + "\"";
}

}  // namespace

std::unique_ptr<apps::RpcClient> NodeChain::lease() {
  {
    const std::lock_guard guard{mutex_};
    if (!idle_.empty()) {
      auto client = std::move(idle_.back());
      idle_.pop_back();
      return client;
    }
  }
  auto opened = apps::RpcClient::open(url_, 10s);
  return opened ? std::make_unique<apps::RpcClient>(std::move(*opened)) : nullptr;
}

void NodeChain::give_back(std::unique_ptr<apps::RpcClient> client) {
  const std::lock_guard guard{mutex_};
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(client));
}

Outcome<apps::RpcReply> NodeChain::call(std::string_view method, std::string_view params) {
  auto client = lease();
  if (client == nullptr) return failure(err::bad_argument, fmt::format("{} is no URL", url_));
  auto reply = client->call(method, params);
  reachable_ = reply.has_value() || !node_away(reply.error());
  // A connection that failed is not used again.
  if (reply.has_value()) give_back(std::move(client));
  return reply;
}

Outcome<void> NodeChain::connect() {
  const auto id = call("eth_chainId", "[]");
  if (!id) return std::unexpected{id.error()};
  const auto price = call("eth_gasPrice", "[]");
  if (!price) return std::unexpected{price.error()};
  const auto about = call("wusong_chainInfo", "[]");
  if (!about) return std::unexpected{about.error()};
  const auto profile = hash::find_profile(about->result().string_at("profile").value_or(""));
  if (!profile) return failure(err::bad_argument, fmt::format("{} names no profile", url_));
  hash::set_chain_profile(*profile);
  chain_id_ = codec::u64_from_hex_quantity(id->result().string().value_or(""), false).value_or(0);
  gas_price_ =
      codec::u64_from_hex_quantity(price->result().string().value_or(""), false).value_or(0);
  return {};
}

std::string NodeChain::genesis() {
  const auto block = call("eth_getBlockByNumber", R"(["0x0",false])");
  if (!block) return {};
  return std::string{block->result().string_at("hash").value_or("")};
}

Outcome<void> NodeChain::settle(const Address& account) {
  const auto until = std::chrono::steady_clock::now() + kSettle;
  while (true) {
    const auto included = call("eth_getTransactionCount", "[" + quoted(account) + ",\"latest\"]");
    if (!included) return std::unexpected{included.error()};
    const auto sent = call("eth_getTransactionCount", "[" + quoted(account) + ",\"pending\"]");
    if (!sent) return std::unexpected{sent.error()};
    if (included->result().string().value_or("") == sent->result().string().value_or("")) return {};
    if (std::chrono::steady_clock::now() >= until) {
      return failure(err::not_included,
                     fmt::format("a transaction of {} waits; does the network make blocks?",
                                 codec::to_hex_data(account)));
    }
    std::this_thread::sleep_for(kPoll);
  }
}

Result<std::uint64_t> NodeChain::nonce(const Address& account) {
  if (chain_id_ == 0 && !connect()) return fail(gateway::err::chain_unreachable);
  const auto reply = call("eth_getTransactionCount", "[" + quoted(account) + ",\"pending\"]");
  if (!reply) return fail(gateway::err::chain_unreachable);
  const auto out = codec::u64_from_hex_quantity(reply->result().string().value_or(""), false);
  if (!out) return fail(gateway::err::chain_unreachable);
  return *out;
}

Result<gateway::SendOutcome> NodeChain::send(BytesView transaction) {
  using Kind = gateway::SendOutcome::Kind;
  const auto reply = call("eth_sendRawTransaction", "[" + quoted(transaction) + "]");
  if (reply) return gateway::SendOutcome{Kind::accepted, {}};
  const auto& failed = reply.error();
  if (node_away(failed)) return fail(gateway::err::chain_unreachable);
  const std::string all = failed.detail + " " + failed.row;
  const auto says = [&](std::string_view words) { return all.find(words) != std::string::npos; };
  if (says("known") || says("duplicate")) return gateway::SendOutcome{Kind::accepted, {}};
  if (says("nonce_too_low") || says("nonce too low") || says("stale")) {
    return gateway::SendOutcome{Kind::nonce_used, failed.detail};
  }
  // A full pool or a node that starts: later.
  if (says("full") || says("syncing") || says("busy") || says("nonce_gap") || says("too_far")) {
    return fail(gateway::err::chain_unreachable);
  }
  return gateway::SendOutcome{Kind::refused, failed.detail};
}

Result<Bytes> NodeChain::revert_of(const codec::JsonValue& receipt) {
  const auto hash = receipt.string_at("transactionHash");
  if (!hash) return Bytes{};
  const auto sent = call("eth_getTransactionByHash", fmt::format("[\"{}\"]", *hash));
  if (!sent) return Bytes{};
  const auto from = sent->result().string_at("from").value_or("");
  const auto to = sent->result().string_at("to").value_or("");
  const auto input = sent->result().string_at("input").value_or("");
  const auto block = receipt.string_at("blockNumber").value_or("latest");
  const std::string body = fmt::format(
      R"({{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{{"from":"{}","to":"{}","input":"{}"}},"{}"]}})",
      from, to, input, block);
  const auto text = rpc(body);
  if (!text) return Bytes{};
  const auto reply = codec::JsonDocument::parse(*text);
  if (!reply) return Bytes{};
  const auto error = reply->root().find("error");
  const auto data = error ? error->find("data") : std::nullopt;
  if (!data || !data->is_string()) return Bytes{};
  return codec::from_hex(data->string().value_or("")).value_or(Bytes{});
}

Result<std::optional<gateway::FinalTransaction>> NodeChain::find(const Hash& transaction) {
  const auto reply = call("eth_getTransactionReceipt", "[" + quoted(transaction) + "]");
  if (!reply) return fail(gateway::err::chain_unreachable);
  const auto receipt = reply->result();
  if (receipt.is_null()) return std::optional<gateway::FinalTransaction>{};
  gateway::FinalTransaction out;
  out.success = quantity(receipt, "status") == 1;
  out.block = quantity(receipt, "blockNumber");
  if (!out.success) {
    WUSONG_TRY(out.revert, revert_of(receipt));
  }
  return std::optional{std::move(out)};
}

Result<std::optional<gateway::FinalTransaction>> NodeChain::wait(const Hash& transaction,
                                                                 std::uint64_t milliseconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{milliseconds};
  std::optional<gateway::FinalTransaction> out;
  while (true) {
    WUSONG_TRY(out, find(transaction));
    if (out || std::chrono::steady_clock::now() >= until) break;
    std::this_thread::sleep_for(kPoll);
  }
  // What the caller reads next must show what the act did.
  if (out) {
    std::unique_lock lock{mutex_};
    came_.wait_until(lock, until, [&] { return applied_ >= out->block; });
  }
  return out;
}

Result<std::string> NodeChain::rpc(std::string_view body) {
  auto client = lease();
  if (client == nullptr) return fail(gateway::err::chain_unreachable);
  auto reply = client->post(body);
  if (!reply) {
    reachable_ = false;
    return fail(gateway::err::chain_unreachable);
  }
  give_back(std::move(client));
  return std::move(*reply);
}

void NodeChain::applied(std::uint64_t block, std::uint64_t time) {
  {
    const std::lock_guard guard{mutex_};
    applied_ = block;
    if (time != 0) time_ = time;
  }
  came_.notify_all();
}

Outcome<Head> read_head(NodeChain& chain) {
  const auto block = chain.call("eth_getBlockByNumber", R"(["finalized",false])");
  if (!block) return std::unexpected{block.error()};
  return Head{quantity(block->result(), "number"), quantity(block->result(), "timestamp")};
}

namespace {

Outcome<types::Log> read_log(const codec::JsonValue& from) {
  types::Log out;
  const auto address = codec::fixed_from_hex<Address>(from.string_at("address").value_or(""));
  auto data = codec::from_hex(from.string_at("data").value_or(""));
  if (!address || !data) return failure(err::rpc_failed, "the node sent a malformed log");
  out.address = *address;
  out.data = std::move(*data);
  const auto topics = from.find("topics");
  for (const auto& topic : topics ? topics->items() : std::vector<codec::JsonValue>{}) {
    const auto word = codec::fixed_from_hex<Hash>(topic.string().value_or(""));
    if (!word) return failure(err::rpc_failed, "the node sent a malformed log");
    out.topics.push_back(*word);
  }
  return out;
}

Outcome<std::uint64_t> time_of(NodeChain& chain, std::uint64_t block) {
  const auto reply = chain.call("eth_getBlockByNumber",
                                fmt::format("[\"{}\",false]", codec::to_hex_quantity(block)));
  if (!reply) return std::unexpected{reply.error()};
  return quantity(reply->result(), "timestamp");
}

}  // namespace

Outcome<std::vector<portal::BlockEvents>> read_events(NodeChain& chain,
                                                      const portal::Contracts& contracts,
                                                      std::uint64_t first, std::uint64_t last) {
  const auto logs = chain.call(
      "eth_getLogs", fmt::format(R"([{{"fromBlock":"{}","toBlock":"{}","address":[{},{},{}]}}])",
                                 codec::to_hex_quantity(first), codec::to_hex_quantity(last),
                                 quoted(contracts.directory), quoted(contracts.rule_book),
                                 quoted(contracts.workflows)));
  if (!logs) return std::unexpected{logs.error()};
  std::map<std::uint64_t, portal::BlockEvents> blocks;
  for (const auto& one : logs->result().items()) {
    const auto log = read_log(one);
    if (!log) return std::unexpected{log.error()};
    const auto event = portal::decode_event(*log, contracts);
    if (!event) return failure(event.error(), "an event the contracts never emit");
    if (!*event) continue;
    const auto number = quantity(one, "blockNumber");
    auto& block = blocks[number];
    block.number = number;
    if (block.time == 0) block.time = quantity(one, "blockTimestamp");
    block.events.push_back(
        {.log_index = static_cast<std::uint32_t>(quantity(one, "logIndex")),
         .transaction = codec::fixed_from_hex<Hash>(one.string_at("transactionHash").value_or(""))
                            .value_or(Hash{}),
         .event = **event});
  }
  std::vector<portal::BlockEvents> out;
  for (auto& [number, block] : blocks) {
    if (block.time == 0) {
      const auto time = time_of(chain, number);
      if (!time) return std::unexpected{time.error()};
      block.time = *time;
    }
    out.push_back(std::move(block));
  }
  return out;
}

Outcome<std::uint64_t> follow_once(NodeChain& chain, portal::Projection& projection,
                                   const portal::Contracts& contracts, std::uint64_t from_block,
                                   const FollowProgress& progress) {
  const auto head = read_head(chain);
  if (!head) return std::unexpected{head.error()};
  chain.saw_head(head->number);
  const auto cursor = projection.cursor();
  if (!cursor) return failure(cursor.error(), "the projection cannot be read");
  const auto begin = std::max(cursor->next_block, from_block);
  for (auto first = begin; first <= head->number; first += kBlocksAtOnce) {
    const auto last = std::min(first + kBlocksAtOnce - 1, head->number);
    const auto blocks = read_events(chain, contracts, first, last);
    if (!blocks) return std::unexpected{blocks.error()};
    if (const auto done = projection.apply(*blocks, last); !done) {
      return failure(done.error(), fmt::format("blocks {} to {} cannot be applied", first, last));
    }
    chain.applied(last, 0);
    if (progress) progress(last - begin + 1, head->number - begin + 1);
  }
  chain.applied(head->number, head->time);
  return head->number >= begin ? head->number - begin + 1 : 0;
}

}  // namespace wusong::portal_app

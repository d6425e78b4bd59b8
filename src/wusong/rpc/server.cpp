// SPDX-License-Identifier: Apache-2.0
#include "wusong/rpc/server.hpp"

#include <utility>

#include "wusong/rpc/internal/dispatch.hpp"
#include "wusong/rpc/internal/health.hpp"

namespace wusong::rpc {
namespace {

std::shared_ptr<const std::string> notification(std::string_view id, std::string_view result) {
  std::string text = R"({"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":")";
  text += id;
  text += R"(","result":)";
  text += result;
  text += "}}";
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

struct Server::State {
  State(node::Service& service, Config given_config, Ports given_ports)
      : config{std::move(given_config)}, ports{std::move(given_ports)}, node{service} {}

  void send(const Subscription& to, std::string_view result) const {
    ports.send(to.session, notification(to.id, result));
  }
  void on_block(const node::BlockPtr& block);
  void send_logs(const Subscription& to, const node::ExecutedBlock& block) const;
  void send_syncing(const Subscription& to) const;
  void on_pending(const std::vector<Hash>& hashes);

  Config config;
  Ports ports;
  node::Service& node;
  Registry registry{config, ports};
  Context context{node, config, ports, registry, {node.root_delay(), node.fork()}};
  Dispatcher dispatcher{context};
  bool was_syncing{false};          // only on the listener's thread
  std::shared_ptr<void> listening;  // last: dropped first
};

void Server::State::on_block(const node::BlockPtr& block) {
  registry.expire();
  const auto subscriptions =
      registry.interested({TopicKind::new_heads, TopicKind::logs, TopicKind::syncing});
  if (subscriptions.empty()) return;
  codec::JsonWriter head;
  write_head(head, *block, context.facts);
  const bool syncing = node.health().syncing;
  const bool changed = std::exchange(was_syncing, syncing) != syncing;
  for (const Subscription& to : subscriptions) {
    if (to.topic == TopicKind::new_heads) {
      send(to, head.text());
    } else if (to.topic == TopicKind::logs) {
      send_logs(to, *block);
    } else if (changed) {
      send_syncing(to);
    }
  }
}

void Server::State::send_logs(const Subscription& to, const node::ExecutedBlock& block) const {
  if (!to.criteria->may_match(block.logs_bloom)) return;
  std::size_t log_index = 0;
  for (std::size_t i = 0; i < block.receipts.size(); ++i) {
    for (const types::Log& log : block.receipts[i].logs) {
      const std::size_t index = log_index++;
      if (!to.criteria->matches(log)) continue;
      codec::JsonWriter out;
      write_log(out, block, i, log, index);
      send(to, out.text());
    }
  }
}

void Server::State::send_syncing(const Subscription& to) const {
  const node::Health health = node.health();
  codec::JsonWriter out;
  out.open_object().key("syncing").boolean(health.syncing);
  out.key("status").open_object().key("startingBlock").string("0x0");
  out.key("currentBlock").quantity(node.heads().executed.value);
  out.key("highestBlock").quantity(health.sync_target.value).close_object().close_object();
  send(to, out.text());
}

void Server::State::on_pending(const std::vector<Hash>& hashes) {
  registry.on_pending(hashes);
  const auto subscriptions =
      registry.interested({TopicKind::pending_hashes, TopicKind::pending_full});
  if (subscriptions.empty()) return;
  for (const Hash& hash : hashes) {
    codec::JsonWriter plain;
    plain.data(hash);
    codec::JsonWriter full;
    bool looked_up = false;
    for (const Subscription& to : subscriptions) {
      if (to.topic == TopicKind::pending_hashes) {
        send(to, plain.text());
        continue;
      }
      if (!std::exchange(looked_up, true)) {
        if (const auto pooled = node.pooled(hash)) write_transaction(full, *pooled);
      }
      // Already in a block: its time as a pending transaction has passed.
      if (!full.text().empty()) send(to, full.text());
    }
  }
}

Server::Server(node::Service& node, Config config, Ports ports)
    : state_{std::make_unique<State>(node, std::move(config), std::move(ports))} {
  State* const state = state_.get();
  state->listening = node.subscribe(
      {.on_block = [state](const node::BlockPtr& block) { state->on_block(block); },
       .on_pending = [state](const std::vector<Hash>& hashes) { state->on_pending(hashes); }});
}

Server::~Server() {
  state_->listening.reset();
}

std::string Server::handle_http(std::string_view body) {
  return state_->dispatcher.handle(body, std::nullopt);
}

GetReply Server::handle_get(std::string_view path) const {
  if (path == "/health") {
    codec::JsonWriter out;
    write_health(out, state_->node);
    const unsigned status = state_->node.health().healthy ? 200 : 503;
    return {status, "application/json", out.take()};
  }
  if (path == "/metrics")
    return {200, "text/plain; version=0.0.4; charset=utf-8", state_->node.metrics()};
  return {404, "application/json",
          R"({"error":"not found: POST JSON-RPC to /, or GET /health or /metrics"})"};
}

void Server::on_text(SessionId session, std::string_view text) {
  std::string reply = state_->dispatcher.handle(text, session);
  if (!reply.empty())
    state_->ports.send(session, std::make_shared<const std::string>(std::move(reply)));
  state_->registry.activate(session);
}

void Server::on_close(SessionId session) {
  state_->registry.close(session);
}

}  // namespace wusong::rpc

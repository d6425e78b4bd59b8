// SPDX-License-Identifier: Apache-2.0
// eth_: logs, filters and subscriptions.
#include <algorithm>
#include <array>

#include "wusong/rpc/errors.hpp"
#include "wusong/rpc/internal/logs.hpp"
#include "wusong/rpc/internal/methods.hpp"

namespace wusong::rpc {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr Place kFilterPlace{0, "filter"};

struct Range {
  Height first;
  Height last;
};

Answer<Range> range_of(const Context& context, const LogCriteria& criteria) {
  const Height executed = context.node.heads().executed;
  const auto resolve = [&](const BlockRef& ref) -> Answer<Height> {
    // A range may reach beyond the head: those blocks just have no logs yet.
    if (ref.kind == BlockRef::Kind::number) return ref.height;
    if (ref.kind == BlockRef::Kind::hash) return height_of(context, ref);
    return executed;
  };
  WUSONG_ANSWER(const Height first, resolve(criteria.from));
  WUSONG_ANSWER(const Height last, resolve(criteria.to));
  if (first > last) {
    return refuse(err::invalid_params, "invalid block range params: fromBlock " +
                                           std::to_string(first.value) + " is above toBlock " +
                                           std::to_string(last.value));
  }
  return Range{first, last};
}

Answer<void> write_query(const Context& context, const LogCriteria& criteria, JsonWriter& out) {
  if (criteria.block_hash) {
    const auto block = context.node.block(*criteria.block_hash);
    if (!block && block.error() == Error{node::err::unknown_block})
      return refuse(block.error(), "unknown block");
    if (!block) return std::unexpected{state_fault(context, block.error(), {})};
    if (auto kept = need_receipts(context, **block); !kept) return kept;
    std::size_t found = 0;
    out.open_array();
    auto done = write_matching(out, **block, criteria, context.config, found);
    out.close_array();
    return done;
  }
  // Without fromBlock a query means from the latest block on, as geth has it.
  WUSONG_ANSWER(const Range range, range_of(context, criteria));
  return write_logs(out, context.node, context.config, context.ports, criteria, range.first,
                    range.last);
}

Answer<void> get_logs(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const JsonValue value, call.params.at(kFilterPlace));
  WUSONG_ANSWER(const LogCriteria criteria,
                read_criteria(value, kFilterPlace, call.context.config));
  return write_query(call.context, criteria, out);
}

Answer<void> add_filter(const Call& call, JsonWriter& out, FilterKind kind, CriteriaPtr criteria) {
  const Height next = call.context.node.heads().executed.next();
  WUSONG_ANSWER(const std::string id,
                call.context.registry.add_filter(call.session, kind, std::move(criteria), next));
  out.string(id);
  return {};
}

Answer<void> new_filter(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const JsonValue value, call.params.at(kFilterPlace));
  WUSONG_ANSWER(LogCriteria criteria, read_criteria(value, kFilterPlace, call.context.config));
  return add_filter(call, out, FilterKind::logs,
                    std::make_shared<const LogCriteria>(std::move(criteria)));
}

Answer<void> new_block_filter(const Call& call, JsonWriter& out) {
  return add_filter(call, out, FilterKind::blocks, nullptr);
}

Answer<void> new_pending_filter(const Call& call, JsonWriter& out) {
  return add_filter(call, out, FilterKind::pending, nullptr);
}

Answer<void> write_changes(const Context& context, const FilterPoll& poll, Height head,
                           JsonWriter& out) {
  if (poll.kind == FilterKind::logs) {
    Height first = poll.from;
    Height last = head;
    const LogCriteria& criteria = *poll.criteria;
    if (criteria.from.kind == BlockRef::Kind::number) first = std::max(first, criteria.from.height);
    if (criteria.to.kind == BlockRef::Kind::number) last = std::min(last, criteria.to.height);
    return write_logs(out, context.node, context.config, context.ports, criteria, first, last);
  }
  out.open_array();
  if (poll.kind == FilterKind::blocks) {
    for (Height height = poll.from; height <= head; height = height.next())
      out.data(context.node.block_hash(height));
  }
  for (const Hash& hash : poll.pending) out.data(hash);
  out.close_array();
  return {};
}

Answer<void> get_filter_changes(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const std::string_view id, call.params.text({0, "filterId"}));
  const Height head = call.context.node.heads().executed;
  WUSONG_ANSWER(const FilterPoll poll, call.context.registry.poll(id, head.next()));
  auto done = write_changes(call.context, poll, head, out);
  if (!done) call.context.registry.restore(id, poll.from);
  return done;
}

Answer<void> get_filter_logs(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const std::string_view id, call.params.text({0, "filterId"}));
  WUSONG_ANSWER(const CriteriaPtr criteria, call.context.registry.criteria_of(id));
  return write_query(call.context, *criteria, out);
}

Answer<void> uninstall_filter(const Call& call, JsonWriter& out) {
  WUSONG_ANSWER(const std::string_view id, call.params.text({0, "filterId"}));
  out.boolean(call.context.registry.remove_filter(id));
  return {};
}

Answer<void> subscribe(const Call& call, JsonWriter& out) {
  if (!call.session) return refuse(err::needs_websocket);
  WUSONG_ANSWER(const std::string_view name, call.params.text({0, "subscription"}));
  TopicKind topic = TopicKind::new_heads;
  CriteriaPtr criteria;
  if (name == "logs") {
    topic = TopicKind::logs;
    LogCriteria read;
    if (const auto value = call.params.find(1)) {
      WUSONG_ANSWER(read, read_criteria(*value, {1, "filter"}, call.context.config));
    }
    criteria = std::make_shared<const LogCriteria>(std::move(read));
  } else if (name == "newPendingTransactions") {
    WUSONG_ANSWER(const bool full, call.params.boolean_or({1, "fullTransactions"}, false));
    topic = full ? TopicKind::pending_full : TopicKind::pending_hashes;
  } else if (name == "syncing") {
    topic = TopicKind::syncing;
  } else if (name != "newHeads") {
    return std::unexpected{
        bad_argument({0, "subscription"}, "newHeads, logs, newPendingTransactions or syncing")};
  }
  WUSONG_ANSWER(const std::string id,
                call.context.registry.subscribe(*call.session, topic, std::move(criteria)));
  out.string(id);
  return {};
}

Answer<void> unsubscribe(const Call& call, JsonWriter& out) {
  if (!call.session) return refuse(err::needs_websocket);
  WUSONG_ANSWER(const std::string_view id, call.params.text({0, "subscriptionId"}));
  if (!call.context.registry.unsubscribe(*call.session, id))
    return refuse(err::unknown_subscription);
  out.boolean(true);
  return {};
}

constexpr auto kMethods = std::to_array<Method>({
    {"eth_getLogs", get_logs},
    {"eth_newFilter", new_filter},
    {"eth_newBlockFilter", new_block_filter},
    {"eth_newPendingTransactionFilter", new_pending_filter},
    {"eth_getFilterChanges", get_filter_changes},
    {"eth_getFilterLogs", get_filter_logs},
    {"eth_uninstallFilter", uninstall_filter},
    {"eth_subscribe", subscribe},
    {"eth_unsubscribe", unsubscribe},
});

}  // namespace

std::span<const Method> filter_methods() noexcept {
  return kMethods;
}

}  // namespace wusong::rpc

// SPDX-License-Identifier: Apache-2.0
// Filters and subscriptions: who asked to be told what.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wusong/base/strong.hpp"
#include "wusong/rpc/config.hpp"
#include "wusong/rpc/internal/fault.hpp"
#include "wusong/rpc/internal/logs.hpp"

namespace wusong::rpc {

enum class FilterKind : std::uint8_t { logs, blocks, pending };
enum class TopicKind : std::uint8_t { new_heads, logs, pending_hashes, pending_full, syncing };

using CriteriaPtr = std::shared_ptr<const LogCriteria>;

/// What a poll of a filter has to answer.
struct FilterPoll {
  FilterKind kind{FilterKind::logs};
  CriteriaPtr criteria;
  Height from;  // first height the client has not seen
  std::vector<Hash> pending;
};

struct Subscription {
  std::string id;
  SessionId session{0};
  TopicKind topic{TopicKind::new_heads};
  CriteriaPtr criteria;  // logs only
  bool active{false};    // false until the reply that names it has left
};

/// @thread safe: every member takes the mutex for a moment.
class Registry {
 public:
  /// Both outlive it.
  Registry(const Config& config, const Ports& ports) : config_{config}, ports_{ports} {}

  /// @errors rpc.limit_exceeded
  Answer<std::string> add_filter(std::optional<SessionId> session, FilterKind kind,
                                 CriteriaPtr criteria, Height next);
  /// Hands over what is new and moves the filter on to `next`. @errors rpc.unknown_filter
  Answer<FilterPoll> poll(std::string_view id, Height next);
  /// Takes a poll back that could not be answered.
  void restore(std::string_view id, Height from);
  /// The criteria of a log filter. @errors rpc.unknown_filter
  Answer<CriteriaPtr> criteria_of(std::string_view id);
  bool remove_filter(std::string_view id);

  /// @errors rpc.limit_exceeded
  Answer<std::string> subscribe(SessionId session, TopicKind topic, CriteriaPtr criteria);
  bool unsubscribe(SessionId session, std::string_view id);
  /// The replies to the session so far have left: its new subscriptions may be served.
  void activate(SessionId session);
  void close(SessionId session);

  /// Keeps the hashes for pending filters, and drops filters nobody polls.
  void on_pending(const std::vector<Hash>& hashes);
  void expire();
  /// The active subscriptions to any of the topics.
  std::vector<Subscription> interested(std::initializer_list<TopicKind> topics) const;

  std::size_t filter_count() const;
  std::size_t subscription_count() const;

 private:
  struct Filter {
    FilterKind kind{FilterKind::logs};
    std::optional<SessionId> session;
    CriteriaPtr criteria;
    Height next;
    Instant used;
    std::vector<Hash> pending;
  };

  std::string fresh_id();
  void expire_locked();

  const Config& config_;
  const Ports& ports_;
  std::map<std::string, Filter, std::less<>> filters_;
  std::map<std::string, Subscription, std::less<>> subscriptions_;
  std::uint64_t issued_{0};
};

}  // namespace wusong::rpc

// SPDX-License-Identifier: Apache-2.0
#include "wusong/rpc/internal/registry.hpp"

#include <algorithm>

#include "wusong/codec/hex.hpp"
#include "wusong/hash/hash.hpp"
#include "wusong/rpc/errors.hpp"

namespace wusong::rpc {

std::string Registry::fresh_id() {
  std::array<std::uint8_t, 16> seed{};
  const std::uint64_t number = issued_++;
  std::memcpy(seed.data(), &config_.id_seed, 8);
  std::memcpy(seed.data() + 8, &number, 8);
  const Hash digest = hash::keccak256(seed);
  return codec::to_hex_quantity(digest.view().first(16));
}

void Registry::expire_locked() {
  const Instant now = ports_.now();
  std::erase_if(filters_, [&](const auto& entry) {
    return now - entry.second.used > config_.filter_idle_max;
  });
}

Answer<std::string> Registry::add_filter(std::optional<SessionId> session, FilterKind kind,
                                         CriteriaPtr criteria, Height next) {
  const io::MutexGuard guard{*ports_.mutex};
  expire_locked();
  const auto owned = std::ranges::count_if(
      filters_, [&](const auto& entry) { return entry.second.session == session; });
  const std::size_t limit = session ? config_.session_filters_max : config_.filters_max;
  if (static_cast<std::size_t>(owned) >= limit) {
    return refuse(err::limit_exceeded, "more than " + std::to_string(limit) +
                                           " filters: uninstall some, or let them expire");
  }
  std::string id = fresh_id();
  filters_.emplace(id, Filter{kind, session, std::move(criteria), next, ports_.now(), {}});
  return id;
}

Answer<FilterPoll> Registry::poll(std::string_view id, Height next) {
  const io::MutexGuard guard{*ports_.mutex};
  expire_locked();
  const auto found = filters_.find(id);
  if (found == filters_.end()) return refuse(err::unknown_filter);
  Filter& filter = found->second;
  filter.used = ports_.now();
  FilterPoll out{filter.kind, filter.criteria, filter.next, std::move(filter.pending)};
  filter.pending.clear();
  filter.next = std::max(filter.next, next);
  return out;
}

void Registry::restore(std::string_view id, Height from) {
  const io::MutexGuard guard{*ports_.mutex};
  if (const auto found = filters_.find(id); found != filters_.end())
    found->second.next = std::min(found->second.next, from);
}

Answer<CriteriaPtr> Registry::criteria_of(std::string_view id) {
  const io::MutexGuard guard{*ports_.mutex};
  expire_locked();
  const auto found = filters_.find(id);
  if (found == filters_.end() || found->second.kind != FilterKind::logs)
    return refuse(err::unknown_filter);
  found->second.used = ports_.now();
  return found->second.criteria;
}

bool Registry::remove_filter(std::string_view id) {
  const io::MutexGuard guard{*ports_.mutex};
  const auto found = filters_.find(id);
  if (found == filters_.end()) return false;
  filters_.erase(found);
  return true;
}

Answer<std::string> Registry::subscribe(SessionId session, TopicKind topic, CriteriaPtr criteria) {
  const io::MutexGuard guard{*ports_.mutex};
  const auto owned = std::ranges::count_if(
      subscriptions_, [&](const auto& entry) { return entry.second.session == session; });
  if (static_cast<std::size_t>(owned) >= config_.session_subscriptions_max ||
      subscriptions_.size() >= config_.subscriptions_max) {
    return refuse(err::limit_exceeded,
                  "more than " + std::to_string(config_.session_subscriptions_max) +
                      " subscriptions of one connection, or too many altogether");
  }
  std::string id = fresh_id();
  subscriptions_.emplace(id, Subscription{id, session, topic, std::move(criteria), false});
  return id;
}

bool Registry::unsubscribe(SessionId session, std::string_view id) {
  const io::MutexGuard guard{*ports_.mutex};
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end() || found->second.session != session) return false;
  subscriptions_.erase(found);
  return true;
}

void Registry::activate(SessionId session) {
  const io::MutexGuard guard{*ports_.mutex};
  for (auto& [id, subscription] : subscriptions_)
    if (subscription.session == session) subscription.active = true;
}

void Registry::close(SessionId session) {
  const io::MutexGuard guard{*ports_.mutex};
  std::erase_if(subscriptions_, [&](const auto& e) { return e.second.session == session; });
  std::erase_if(filters_, [&](const auto& e) { return e.second.session == session; });
}

void Registry::on_pending(const std::vector<Hash>& hashes) {
  const io::MutexGuard guard{*ports_.mutex};
  expire_locked();
  for (auto& [id, filter] : filters_) {
    if (filter.kind != FilterKind::pending) continue;
    filter.pending.insert(filter.pending.end(), hashes.begin(), hashes.end());
    if (filter.pending.size() <= config_.filter_pending_max) continue;
    const auto excess = filter.pending.size() - config_.filter_pending_max;
    filter.pending.erase(filter.pending.begin(),
                         filter.pending.begin() + static_cast<std::ptrdiff_t>(excess));
  }
}

void Registry::expire() {
  const io::MutexGuard guard{*ports_.mutex};
  expire_locked();
}

std::vector<Subscription> Registry::interested(std::initializer_list<TopicKind> topics) const {
  std::vector<Subscription> out;
  const io::MutexGuard guard{*ports_.mutex};
  for (const auto& [id, subscription] : subscriptions_) {
    if (subscription.active && std::ranges::find(topics, subscription.topic) != topics.end())
      out.push_back(subscription);
  }
  return out;
}

std::size_t Registry::filter_count() const {
  const io::MutexGuard guard{*ports_.mutex};
  return filters_.size();
}

std::size_t Registry::subscription_count() const {
  const io::MutexGuard guard{*ports_.mutex};
  return subscriptions_.size();
}

}  // namespace wusong::rpc

// SPDX-License-Identifier: Apache-2.0
// Prepared statements by their text, the longest unused going first.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace wusong::stores::internal {

/// `Statement` releases itself in its destructor.
/// @thread one at a time
template <typename Statement>
class StatementCache {
 public:
  explicit StatementCache(std::size_t statements_max) : max_{statements_max} {}

  Statement* find(std::string_view text) {
    const auto found = index_.find(text);
    if (found == index_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return &found->second->statement;
  }

  /// Takes out the one unused for longest, if another would be too many.
  std::optional<Statement> take_oldest_if_full() {
    if (order_.size() < max_ || order_.empty()) return std::nullopt;
    std::optional<Statement> out{std::move(order_.back().statement)};
    index_.erase(order_.back().text);
    order_.pop_back();
    return out;
  }

  Statement& add(std::string_view text, Statement statement) {
    take_oldest_if_full();
    order_.push_front({std::string{text}, std::move(statement)});
    index_[order_.front().text] = order_.begin();
    return order_.front().statement;
  }

  void clear() {
    index_.clear();
    order_.clear();
  }
  std::size_t size() const noexcept { return order_.size(); }

 private:
  struct Entry {
    std::string text;
    Statement statement;
  };
  std::size_t max_;
  std::list<Entry> order_;
  std::map<std::string_view, typename std::list<Entry>::iterator> index_;  // keys live in order_
};

}  // namespace wusong::stores::internal

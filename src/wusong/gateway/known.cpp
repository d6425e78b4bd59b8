// SPDX-License-Identifier: Apache-2.0
#include "wusong/gateway/known.hpp"

#include <algorithm>
#include <vector>

#include "wusong/codec/hex.hpp"
#include "wusong/gateway/tables.hpp"
#include "wusong/io/sql_list.hpp"

namespace wusong::gateway {
namespace {

/// Of `asked`, what `known` lacks, each once and as far as there is room.
template <typename Key, typename Value>
std::vector<Key> lacking(std::span<const Key> asked, const std::map<Key, Value>& known) {
  std::vector<Key> out;
  for (const Key& key : asked) {
    if (!key.is_zero() && !known.contains(key)) out.push_back(key);
  }
  std::ranges::sort(out);
  const auto twice = std::ranges::unique(out);
  out.erase(twice.begin(), twice.end());
  if (out.size() > Known::kMost - std::min(known.size(), Known::kMost)) out.clear();
  return out;
}

Result<std::map<Address, std::string>> names_at(io::SqlConnection& own,
                                                std::span<const Address> addresses) {
  std::vector<std::string> texts;
  for (const Address& address : addresses) texts.push_back(codec::to_hex(address));
  WUSONG_TRY(const auto rows, find_rows(own,
                                        "SELECT address, display FROM accounts WHERE " +
                                            io::in_list(own.dialect(), "address", "text"),
                                        sql(io::hex_list(own.dialect(), texts))));
  std::map<Address, std::string> out;
  for (const auto& row : rows.rows) {
    if (const auto address = codec::fixed_from_hex<Address>(text_of(row[0]))) {
      out.emplace(*address, text_of(row[1]));
    }
  }
  return out;
}

}  // namespace

Result<void> Known::load_items(std::span<const Hash> ids) {
  const auto wanted = remembers_ ? lacking(ids, items_) : std::vector<Hash>{};
  if (wanted.empty()) return {};
  WUSONG_TRY(auto rows, portal::ProjectionReader{*projection_}.items_of(wanted));
  for (const Hash& id : wanted) items_.try_emplace(id);
  for (auto& row : rows) items_[row.id] = std::move(row);
  return {};
}

Result<void> Known::load_actors(std::span<const Address> addresses) {
  const auto wanted = remembers_ ? lacking(addresses, actors_) : std::vector<Address>{};
  if (wanted.empty()) return {};
  WUSONG_TRY(const auto rows, portal::ProjectionReader{*projection_}.actors_at(wanted));
  for (const Address& address : wanted) actors_.try_emplace(address);
  for (const auto& row : rows) actors_[row.address] = row.actor;
  return {};
}

Result<void> Known::load_openings(std::span<const Hash> entries) {
  const auto wanted = remembers_ ? lacking(entries, openings_) : std::vector<Hash>{};
  if (wanted.empty()) return {};
  WUSONG_TRY(const auto rows, portal::openings(*projection_, wanted));
  for (const Hash& entry : wanted) openings_.try_emplace(entry, portal::OpeningType::unknown);
  for (const auto& [entry, opening] : rows) openings_[entry] = opening;
  return {};
}

Result<void> Known::load_names(std::span<const Address> addresses) {
  const auto wanted = remembers_ ? lacking(addresses, names_) : std::vector<Address>{};
  if (wanted.empty()) return {};
  WUSONG_TRY(auto names, names_at(*own_, wanted));
  for (const Address& address : wanted) names_.try_emplace(address);
  for (auto& [address, name] : names) names_[address] = std::move(name);
  return {};
}

Result<std::optional<portal::ItemRow>> Known::item(const Hash& id) {
  if (const auto found = items_.find(id); found != items_.end()) return found->second;
  WUSONG_TRY(auto row, portal::ProjectionReader{*projection_}.item(id));
  if (remembers_ && items_.size() < kMost) items_.emplace(id, row);
  return row;
}

Result<std::optional<portal::Actor>> Known::actor(const Address& address) {
  if (const auto found = actors_.find(address); found != actors_.end()) return found->second;
  WUSONG_TRY(auto actor, portal::ProjectionReader{*projection_}.actor(address));
  if (remembers_ && actors_.size() < kMost) actors_.emplace(address, actor);
  return actor;
}

Result<portal::OpeningType> Known::opening(const Hash& entry) {
  if (const auto found = openings_.find(entry); found != openings_.end()) return found->second;
  WUSONG_TRY(const auto rows, portal::openings(*projection_, {&entry, 1}));
  const auto opening = rows.empty() ? portal::OpeningType::unknown : rows.front().second;
  if (remembers_ && openings_.size() < kMost) openings_.emplace(entry, opening);
  return opening;
}

Result<std::string> Known::name(const Address& address) {
  if (const auto found = names_.find(address); found != names_.end()) return found->second;
  WUSONG_TRY(const auto names, names_at(*own_, {&address, 1}));
  std::string name = names.empty() ? std::string{} : names.begin()->second;
  if (remembers_ && names_.size() < kMost) names_.emplace(address, name);
  return name;
}

Result<void> Known::load_organisations() {
  if (organisations_) return {};
  WUSONG_TRY(auto all, portal::ProjectionReader{*projection_}.organisations());
  organisations_.emplace();
  for (auto& one : all) organisations_->emplace(one.id, std::move(one));
  return {};
}

Result<std::optional<portal::Organisation>> Known::organisation(std::uint32_t id) {
  if (!remembers_) return portal::ProjectionReader{*projection_}.organisation(id);
  WUSONG_CHECK(load_organisations());
  const auto found = organisations_->find(id);
  return found == organisations_->end() ? std::optional<portal::Organisation>{}
                                        : std::optional{found->second.organisation};
}

Result<portal::Text> Known::organisation_title(std::uint32_t id) {
  WUSONG_CHECK(load_organisations());
  const auto found = organisations_->find(id);
  return found == organisations_->end() ? portal::Text{} : found->second.title;
}

}  // namespace wusong::gateway

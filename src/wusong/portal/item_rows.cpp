// SPDX-License-Identifier: Apache-2.0
#include "wusong/portal/internal/item_rows.hpp"

#include <algorithm>

#include "wusong/portal/errors.hpp"
#include "wusong/portal/internal/dataset_rows.hpp"

namespace wusong::portal::internal {
namespace {

constexpr std::string_view kColumns =
    "id, workflow, state, pack, sequence, organisation, creator, party, deadline, choice, marks, "
    "subject, document, created, updated, title_zh, title_en";
constexpr std::size_t kAtOnce = 500;

Parameters written(const ItemRow& row) {
  const Item& item = row.item;
  return {hex(row.id),           number(item.workflow),     number(item.state),  number(item.pack),
          number(item.sequence), number(item.organisation), hex(item.creator),   hex(item.party),
          number(item.deadline), number(item.choice),       number(item.marks),  hex(item.subject),
          hex(item.document),    number(row.created),       number(row.updated), row.title.zh,
          row.title.en};
}

}  // namespace

std::string_view item_columns() noexcept {
  return kColumns;
}

Result<ItemRow> read_item(const Row& row) {
  RowReader in{row};
  ItemRow out;
  out.id = in.fixed<ItemId>();
  Item& item = out.item;
  item.workflow = in.number_as<std::uint8_t>();
  item.state = in.number_as<std::uint8_t>();
  item.pack = in.number_as<std::uint16_t>();
  item.sequence = in.number_as<std::uint32_t>();
  item.organisation = in.number_as<std::uint32_t>();
  item.creator = in.fixed<Address>();
  item.party = in.fixed<Address>();
  item.deadline = in.number();
  item.choice = in.number_as<std::uint8_t>();
  item.marks = in.number_as<std::uint32_t>();
  item.subject = in.fixed<ItemId>();
  item.document = in.fixed<Hash>();
  out.created = in.number();
  out.updated = in.number();
  out.title.zh = in.text();
  out.title.en = in.text();
  out.content = item.document;
  if (!in.good()) return fail(err::projection_damaged);
  return out;
}

ItemRows::ItemRows(io::SqlConnection& sql)
    : sql_{&sql},
      rows_{sql, "items (" + std::string{kColumns} + ")", 17,
            "ON CONFLICT (id) DO UPDATE SET state = excluded.state, "
            "sequence = excluded.sequence, organisation = excluded.organisation, "
            "party = excluded.party, deadline = excluded.deadline, choice = excluded.choice, "
            "marks = excluded.marks, document = excluded.document, updated = excluded.updated, "
            "title_zh = excluded.title_zh, title_en = excluded.title_en"} {}

void ItemRows::clear() {
  rows_.clear();
  held_.clear();
}

Result<void> ItemRows::load(std::span<const ItemId> ids) {
  std::vector<std::string> wanted;
  for (const ItemId& id : ids)
    if (!id.is_zero() && held_.try_emplace(id).second) wanted.push_back(codec::to_hex(id));
  for (std::size_t first = 0; first < wanted.size(); first += kAtOnce) {
    const std::span<const std::string> some{wanted.data() + first,
                                            std::min(kAtOnce, wanted.size() - first)};
    WUSONG_TRY(const auto rows,
               sql_->query("SELECT " + std::string{kColumns} + " FROM items WHERE " +
                               io::in_list(sql_->dialect(), "id", "text"),
                           Parameters{io::hex_list(sql_->dialect(), some)}));
    for (const auto& row : rows.rows) {
      WUSONG_TRY(auto item, read_item(row));
      Held& held = held_[item.id];
      held.exists = true;
      held.row = std::move(item);
    }
  }
  return {};
}

Result<const ItemRow*> ItemRows::find(const ItemId& id) {
  if (!held_.contains(id)) WUSONG_CHECK(load({&id, 1}));
  const auto at = held_.find(id);
  return at != held_.end() && at->second.exists ? &at->second.row : nullptr;
}

Result<const ItemRow*> ItemRows::apply(const Acted& event, std::uint64_t time, const Text& title) {
  // Of an item's first act everybody knows that there was none before.
  if (event.from != 0) WUSONG_CHECK(find(event.item));
  Held& held = held_[event.item];
  ItemRow& row = held.row;
  const std::uint64_t created = held.exists ? row.created : time;
  row.id = event.item;
  row.item = portal::apply(row.item, event);
  row.content = row.item.document;
  row.created = created;
  row.updated = time;
  if (event.content && !event.document.is_zero()) row.title = title;
  held.exists = true;
  held.changed = true;
  return &row;
}

Result<void> ItemRows::flush() {
  for (auto& [id, held] : held_) {
    if (!held.changed) continue;
    WUSONG_CHECK(rows_.add(written(held.row)));
    held.changed = false;
  }
  return rows_.flush();
}

}  // namespace wusong::portal::internal
